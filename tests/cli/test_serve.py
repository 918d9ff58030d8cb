"""`fulfillment serve` as a process of its own: starts, refuses to start, stops without losing an answer."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from api.schemas.nodes import EXAMPLE
from fulfillment.cli.exits import ExitCode
from fulfillment.cli.serve import workers_for
from fulfillment.clock import ManualClock, SystemClock
from fulfillment.store.clock_skew import SkewedClock, require_close_clocks
from fulfillment.store.engine import open_engine
from fulfillment.store.migrate import downgrade
from fulfillment.store.schema.network import node
from tests.cli.ledgers import connect, run
from tests.support.databases import KINDS, empty_database, ledger_database, open_ledger

START_SECONDS_MAX = 300  # the first start on a machine compiles
SERVE = [sys.executable, "-c", "from fulfillment.cli import main; main()", "serve"]


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with ledger_database(request.param, tmp_path) as url:
        yield url


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(database: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """Start the command and yield it with a client, once it answers."""
    key = run("keys", "create", "--scopes", "read,admin", "--db", database).stdout.strip()
    port = a_free_port()
    process = subprocess.Popen(
        [*SERVE, "--db", database, "--port", str(port), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:
            _wait_until_ready(process, client)
            yield process, client
    finally:
        process.kill()
        process.communicate(timeout=120)


def refusal(database: str) -> str:
    """Start the command where it must refuse, and return what it says."""
    ended = subprocess.run(
        [*SERVE, "--db", database, "--port", "0"],
        capture_output=True,
        text=True,
        timeout=START_SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == ExitCode.BAD_INPUT
    return ended.stderr


def _wait_until_ready(process: subprocess.Popen[str], client: httpx.Client) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"it did not start: {process.poll()}")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stop_under_load_loses_no_acknowledged_write(tmp_path: Path, workers: str) -> None:
    """Four clients write until they are cut off; what was answered is in the ledger, none got a 5xx."""
    acknowledged: list[str] = []
    statuses: set[int] = set()

    def write(url: httpx.URL, headers: httpx.Headers, number: int) -> None:
        with httpx.Client(base_url=url, headers=headers, timeout=60) as mine:
            for count in range(10_000):
                try:
                    answer = mine.put(f"/v1/nodes/n{number}-{count}", json=EXAMPLE)
                except httpx.TransportError:
                    return
                statuses.add(answer.status_code)
                if answer.status_code == 200:
                    acknowledged.append(f"n{number}-{count}")

    with ledger_database("sqlite", tmp_path) as database:
        with serving(database, "--workers", workers) as (process, client):
            writers = [
                threading.Thread(target=write, args=(client.base_url, client.headers, number), daemon=True)
                for number in range(4)
            ]
            for writer in writers:
                writer.start()
            while len(acknowledged) < 40:
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=180) == ExitCode.DONE
            for writer in writers:
                writer.join(60)
                assert not writer.is_alive()
        with connect(database) as connection:
            stored = set(connection.scalars(node.select().with_only_columns(node.c.node_id)))
    assert statuses == {200}
    assert set(acknowledged) <= stored


def test_it_says_where_it_listens_and_that_it_stopped(database: str) -> None:
    with serving(database) as (process, client):
        assert client.get("/v1/nodes").json()["items"] == []
        assert process.stdout is not None
        assert process.stdout.readline().startswith("starting")
        assert process.stdout.readline().startswith("serving on http://127.0.0.1:")  # every process by then
        process.send_signal(signal.SIGTERM)
        told, logged = process.communicate(timeout=180)
    assert process.returncode == ExitCode.DONE
    assert told == "stopped\n"
    assert '"route":"/v1/nodes"' in logged


@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_says_that_it_serves_once_it_does(workers: str, tmp_path: Path) -> None:
    """Whoever reads the line may ask at once, at the port that it names."""
    with ledger_database("sqlite", tmp_path) as url:
        process = subprocess.Popen(
            [*SERVE, "--db", url, "--port", "0", "--workers", workers],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("starting")
            serving_on = process.stdout.readline()
            assert serving_on.startswith("serving on http://127.0.0.1:")
            where = serving_on.split()[2].rstrip(",")
            assert [httpx.get(f"{where}/readyz").status_code for _ in range(8)] == [200] * 8
            process.terminate()
            assert process.wait(timeout=180) == ExitCode.DONE
        finally:
            process.kill()
            process.communicate(timeout=120)


def test_by_default_it_uses_every_core_on_postgresql_and_one_process_on_sqlite() -> None:
    """SQLite has one writer at a time, so more processes would wait for each other."""
    assert workers_for("sqlite") == 1
    assert workers_for("postgresql") == min(64, len(os.sched_getaffinity(0)))


@pytest.mark.parametrize("kind", KINDS)
def test_it_refuses_a_database_without_the_current_schema_and_names_the_command(
    kind: str, tmp_path: Path
) -> None:
    with empty_database(kind, tmp_path) as url:
        assert run("migrate", "--db", url).exit_code == ExitCode.DONE
        engine = open_engine(url)
        downgrade(engine, "0006")
        engine.dispose()
        refused = refusal(url)
    assert "at schema 0006" in refused
    assert "fulfillment migrate" in refused


def test_it_refuses_a_server_that_may_lose_orders_and_names_the_setting(tmp_path: Path) -> None:
    with empty_database("postgresql", tmp_path) as url:
        assert run("migrate", "--db", url).exit_code == ExitCode.DONE
        with connect(url) as connection:
            name = connection.engine.url.database
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")
            connection.commit()
        refused = refusal(url)
    assert "synchronous_commit = off" in refused


def test_a_clock_far_from_the_databases_is_refused(tmp_path: Path) -> None:
    now = SystemClock().now()
    with open_ledger("postgresql", tmp_path) as ledger:
        require_close_clocks(ledger, SystemClock())
        for skew in (timedelta(seconds=-30), timedelta(minutes=5)):
            with pytest.raises(SkewedClock, match="differ by"):
                require_close_clocks(ledger, ManualClock(now + skew))


def workers_of(process: subprocess.Popen[str]) -> set[int]:
    """Find the processes that serve: the resource tracker of multiprocessing has another command line."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            command = (status.parent / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == process.pid and b"spawn_main" in command:
            found.add(int(status.parent.name))
    return found


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_worker_that_dies_is_replaced_and_workers_end_with_their_supervisor(tmp_path: Path) -> None:
    """One worker is killed, then the supervisor; the port is free again in the end."""
    with ledger_database("sqlite", tmp_path) as url, serving(url, "--workers", "2") as (process, client):
        before = workers_of(process)
        assert len(before) == 2
        killed = before.pop()
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: len(workers_of(process) - {killed}) == 2)
        wait_for(lambda: answers(client))
        left = workers_of(process)
        process.kill()
        process.wait(30)
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))
        assert not answers(client)


def test_connections_are_spread_over_the_workers(tmp_path: Path) -> None:
    with ledger_database("sqlite", tmp_path) as url, serving(url, "--workers", "2") as (_, client):

        def who_answers() -> set[str]:
            with httpx.Client(base_url=client.base_url) as another:
                return {another.get("/healthz").headers["x-request-id"].rpartition("-")[0]}

        wait_for(lambda: len(set().union(*(who_answers() for _ in range(20)))) == 2)
        counts = Counter(name for _ in range(64) for name in who_answers())
    # By chance alone a worker gets fewer than 12 of 64 once in a million times.
    assert min(counts.values()) >= 12


def test_a_port_that_is_taken_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with ledger_database("sqlite", tmp_path) as url, serving(url, "--workers", "2") as (_, client):
        for workers in ("1", "2"):
            second = subprocess.run(
                [*SERVE, "--db", url, "--port", str(client.base_url.port), "--workers", workers],
                capture_output=True,
                text=True,
                timeout=START_SECONDS_MAX,
                check=False,
            )
            assert second.returncode == ExitCode.BAD_INPUT
            assert "nobody can listen on 127.0.0.1" in second.stderr
