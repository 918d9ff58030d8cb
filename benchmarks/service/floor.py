"""The floor: bare guarded updates with one entry each, through the driver, and nothing else.

`python -m benchmarks.service.floor SPEC.json`. One thread a client, one connection each. On PostgreSQL both
writes are one statement in a transaction of its own, so a unit costs one round trip and one commit: no
service that answers each request after its own commit can be faster. SQLite has one writer at a time.
"""

import json
import random
import resource
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg

from benchmarks.service.figures import percentiles

ROWS = 100_000
UNITS = 1_000_000_000

_TABLES = (
    "CREATE TABLE IF NOT EXISTS floor_stock (row_id INTEGER PRIMARY KEY,"
    " available BIGINT NOT NULL CHECK (available >= 0))",
    "CREATE TABLE IF NOT EXISTS floor_entry (position {serial} PRIMARY KEY, row_id INTEGER NOT NULL,"
    " qty INTEGER NOT NULL, available_after BIGINT NOT NULL)",
)
_TAKE_POSTGRESQL = (
    b"WITH taken AS (UPDATE floor_stock SET available = available - 1"
    b" WHERE row_id = %s AND available >= 1 RETURNING row_id, available)"
    b" INSERT INTO floor_entry (row_id, qty, available_after) SELECT row_id, 1, available FROM taken"
)


@dataclass(frozen=True, slots=True)
class FloorSpec:
    """A run: how many clients take single units of one row, or of any of `ROWS`."""

    url: str
    clients: int
    is_hot: bool
    seconds: float
    seed: int


Take = Callable[[int], None]


def prepare(url: str) -> None:
    """Make the tables, and a row with plenty of units for each id."""
    if url.startswith("sqlite"):
        with closing(_open_sqlite(url)) as connection:
            for table in _TABLES:
                connection.execute(table.format(serial="INTEGER"))
            connection.execute("BEGIN")
            rows = ((row, UNITS) for row in range(ROWS))
            connection.executemany("INSERT OR IGNORE INTO floor_stock VALUES (?, ?)", rows)
            connection.execute("COMMIT")
        return
    with psycopg.connect(url) as connection:
        for table in _TABLES:
            connection.execute(table.format(serial="BIGSERIAL").encode())
        connection.execute(
            f"INSERT INTO floor_stock SELECT n, {UNITS} FROM generate_series(0, {ROWS - 1}) n"
            " ON CONFLICT DO NOTHING".encode()
        )


@contextmanager
def taking(url: str) -> Iterator[Take]:
    """Open a connection and yield what takes one unit of a row and commits."""
    if url.startswith("sqlite"):
        with closing(_open_sqlite(url)) as connection:
            yield lambda row: _take_sqlite(connection, row)
        return
    with psycopg.connect(url, autocommit=True) as client:
        yield lambda row: _take_postgresql(client, row)


def _take_postgresql(connection: "psycopg.Connection[tuple[object, ...]]", row: int) -> None:
    if connection.execute(_TAKE_POSTGRESQL, (row,), prepare=True).rowcount != 1:
        raise RuntimeError(f"row {row} is sold out")


def _take_sqlite(connection: sqlite3.Connection, row: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (after,) = connection.execute(
        "UPDATE floor_stock SET available = available - 1 WHERE row_id = ? AND available >= 1"
        " RETURNING available",
        (row,),
    ).fetchone()
    connection.execute(
        "INSERT INTO floor_entry (row_id, qty, available_after) VALUES (?, 1, ?)", (row, after)
    )
    connection.execute("COMMIT")


def _open_sqlite(url: str) -> sqlite3.Connection:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def run_floor(spec: FloorSpec) -> dict[str, object]:
    """Let every client take units until the time is over."""
    latencies: list[list[float]] = [[] for _ in range(spec.clients)]
    failures: list[BaseException] = []
    start = threading.Barrier(spec.clients + 1)

    def work(number: int) -> None:
        draw = random.Random(spec.seed + number)
        try:
            with taking(spec.url) as take:
                start.wait()
                until = time.perf_counter() + spec.seconds
                while (began := time.perf_counter()) < until:
                    take(0 if spec.is_hot else draw.randrange(ROWS))
                    latencies[number].append(time.perf_counter() - began)
        except BaseException as failure:
            failures.append(failure)
            start.abort()
            raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(spec.clients)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failures:
        raise failures[0]
    taken = sum(map(len, latencies))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "clients": spec.clients,
        "is_hot": spec.is_hot,
        "done": taken,
        "seconds": seconds,
        "latency_ms": percentiles([each for own in latencies for each in own]),
        "client_cpu_seconds": used.ru_utime + used.ru_stime,
    }


def write_spec(spec: FloorSpec, path: Path) -> Path:
    """Write a spec for the process."""
    path.write_text(json.dumps(asdict(spec)))
    return path


def main(arguments: list[str]) -> int:
    """Run one spec."""
    json.dump(run_floor(FloorSpec(**json.loads(Path(arguments[0]).read_text()))), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
