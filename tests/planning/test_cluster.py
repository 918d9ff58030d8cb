"""A dask cluster of two worker processes, one of them killed while it works."""

import os
import signal
import sys
from collections.abc import Iterator

import pytest
from distributed import Client, LocalCluster

from fulfillment.domain.errors import InvalidRequest
from fulfillment.planning import cluster as ours
from fulfillment.planning.cluster import connect_cluster
from solver.remote_shards import RemoteShards
from solver.solve import Status, solve
from solver.stop import Progress
from tests.solver.plans import QUICK
from tests.solver.test_processes import day, essence


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a cluster whose nannies start a worker anew when it dies."""
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as local:
        yield local.scheduler_address


def pids(address: str) -> list[int]:
    with Client(address, set_as_default=False) as client:
        return sorted(client.run(os.getpid).values())


def test_a_killed_worker_of_a_cluster_changes_nothing(scheduler: str) -> None:
    p = day()
    alone = solve(p, seed=3, params=QUICK)
    before = pids(scheduler)
    assert len(before) == 2

    def kill_one(progress: Progress) -> None:
        if progress.passes == 3:
            os.kill(before[0], signal.SIGKILL)

    with connect_cluster(scheduler) as cluster, RemoteShards(p, cluster) as pool:
        assert cluster.seats == 2
        killed = solve(p, seed=3, params=QUICK, pool=pool, on_progress=kill_one)
    assert essence(killed) == essence(alone)
    assert before[0] not in pids(scheduler)


def test_workers_that_differ_from_us_are_refused(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their numbers could differ from ours in the last bit, or altogether."""
    monkeypatch.setattr(ours, "__version__", "0.0.0")
    with (
        pytest.raises(InvalidRequest, match=r"the worker tcp.* differs.*same version"),
        connect_cluster(scheduler),
    ):
        pass


def test_an_address_where_nobody_answers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "CONNECT_SECONDS", 0.5)
    for address in ("tcp://127.0.0.1:9", "tcp:/127.0.0.1", "nonsense://x"):
        with pytest.raises(InvalidRequest, match="no dask scheduler answers at"), connect_cluster(address):
            pass


def test_a_cluster_without_workers_is_refused() -> None:
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        pytest.raises(InvalidRequest, match="has no worker; start one with `dask worker"),
        connect_cluster(empty.scheduler_address),
    ):
        pass


def test_a_scheduler_that_goes_ends_the_solve_with_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "CONNECT_SECONDS", 1.0)
    p = day()
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0") as local:

        def close(progress: Progress) -> None:
            if progress.passes == 3:
                local.close()

        with connect_cluster(local.scheduler_address) as cluster, RemoteShards(p, cluster) as pool:
            result = solve(p, params=QUICK, pool=pool, on_progress=close)
    assert result.status is Status.STOPPED
    assert result.stop_reason.startswith("workers lost: the cluster's scheduler does not answer")
    assert result.lower_bound > 0


def test_a_cluster_without_dask_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(InvalidRequest, match=r"pip install 'fulfillment\[cluster\]'"),
        connect_cluster("tcp://127.0.0.1:9"),
    ):
        pass
