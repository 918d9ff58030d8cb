"""Two real worker processes: killed, interrupted and left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from solver.processes import LocalProcesses
from solver.remote_shards import RemoteShards
from solver.shards import WorkersLost
from solver.solve import Result, solve
from tests.solver.plans import QUICK
from tests.solver.small_problems import random_problem
from tests.solver.workforces import KilledProcesses, is_running, wait_until_gone


def day():
    return random_problem(
        np.random.default_rng(0), n_orders=120, n_nodes=8, n_skus=12, lines_max=3, stock_max=12
    )


def essence(result: Result) -> list[object]:
    """Everything of a result that does not tell the time."""
    plan = [getattr(result.plan, f.name).tolist() for f in fields(result.plan)]
    prices = [result.prices.stock.tolist(), result.prices.capacity.tolist(), result.prices.lower_bound]
    steps = [(point.cost, point.lower_bound) for point in result.trace]
    return [plan, prices, steps, result.cost, result.status, result.stop_reason, result.passes]


@pytest.mark.parametrize("kill_at", [2, 13, 30])
def test_two_processes_of_which_one_is_killed_make_the_plan_of_one_thread(kill_at: int) -> None:
    """While the first shards travel and twice later: each time right after it was asked."""
    p = day()
    alone = solve(p, seed=3, params=QUICK)
    workforce = KilledProcesses(2, kill_at)
    with RemoteShards(p, workforce) as pool:
        killed = solve(p, seed=3, params=QUICK, pool=pool)
        assert pool.losses == 1
        # What the killed one had not answered was asked again.
        assert len(workforce.asks) > len({(ask.job, ask.shard) for ask in workforce.asks})
        assert len(workforce.pids) == 3
        assert sum(map(is_running, workforce.pids)) == 2
    assert essence(killed) == essence(alone)
    assert not any(map(is_running, workforce.pids))


def test_no_worker_is_better_than_none() -> None:
    with pytest.raises(ValueError, match="at least one worker"):
        LocalProcesses(0)


def test_a_machine_that_starts_no_process_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("concurrent.futures.ProcessPoolExecutor.submit", refuse)
    with pytest.raises(WorkersLost, match=r"worker 0 could not be started: .*temporarily unavailable"):
        RemoteShards(day(), LocalProcesses(2))


SOLVES_FOR_EVER = """
import numpy as np
from solver.remote_shards import RemoteShards
from solver.shards import least_costs
from solver.solve import solve
from tests.solver.plans import QUICK
from tests.solver.test_processes import day
from tests.solver.workforces import KilledProcesses

def go_on_pricing(progress):
    if progress.passes == 3:
        print(*workforce.pids, flush=True)
        while True:
            least_costs(pool, np.zeros(p.n_stock, np.int64), np.zeros(p.n_nodes, np.int64))

if __name__ == "__main__":
    p, workforce = day(), KilledProcesses(2, kill_at=0)
    with RemoteShards(p, workforce) as pool:
        result = solve(p, params=QUICK, pool=pool, on_progress=go_on_pricing)
    print(result.stop_reason, result.lower_bound > 0, flush=True)
"""


A_POOL_ALONE = """
import os, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

if __name__ == "__main__":
    pools = [ProcessPoolExecutor(1, mp_context=get_context("spawn")) for _ in range(2)]
    print(*[pool.submit(os.getpid).result() for pool in pools], flush=True)
    time.sleep(60)
"""


@pytest.fixture
def solving(tmp_path):
    with running(SOLVES_FOR_EVER, tmp_path) as (parent, workers):
        yield parent, workers


@contextmanager
def running(program: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Run a program in a process group of its own; gives it and the two workers whose pids it prints."""
    script = folder / "program.py"
    script.write_text(program)
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    ) as parent:
        try:
            workers = [int(pid) for pid in parent.stdout.readline().split()]
            assert len(workers) == 2
            assert all(map(is_running, workers))
            yield parent, workers
        finally:
            parent.kill()


def test_no_worker_outlives_a_killed_parent(solving) -> None:
    parent, workers = solving
    parent.kill()
    assert wait_until_gone([parent.pid, *workers], seconds=20) == []


def test_workers_of_a_pool_alone_outlive_a_killed_parent(tmp_path: Path) -> None:
    """The broken twin: without our care they wait for ever, and the test above would see it."""
    with running(A_POOL_ALONE, tmp_path) as (parent, workers):
        parent.kill()
        try:
            assert wait_until_gone([parent.pid, *workers], seconds=2) == workers
        finally:
            for pid in workers:
                os.kill(pid, signal.SIGKILL)


def test_ctrl_c_ends_the_solve_with_what_it_has_and_the_workers_with_it(solving) -> None:
    """A terminal sends the signal to the whole group; the workers stay silent and the parent answers."""
    parent, workers = solving
    os.killpg(parent.pid, signal.SIGINT)
    out, err = parent.communicate(timeout=60)
    assert (out.split(), err, parent.returncode) == (["interrupted", "True"], "", 0)
    assert wait_until_gone(workers, seconds=20) == []
