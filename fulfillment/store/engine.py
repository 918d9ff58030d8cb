"""Open the ledger's database: SQLite embedded by default, PostgreSQL for service.

SQLite cannot run two writers at once, and a transaction that begins as a reader cannot always become a
writer: when another one wrote in between, SQLite refuses at once (``SQLITE_BUSY_SNAPSHOT``), however long the
busy timeout is. So a transaction begins as a writer (``BEGIN IMMEDIATE``) and waits its turn, unless it says
that it only reads. SQLAlchemy's documented way to say this is to keep the driver from beginning transactions
and to emit BEGIN from the ``begin`` event.
"""

import sqlite3
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from fulfillment.domain.errors import InvalidRequest
from fulfillment.store.safety import check_postgresql, check_sqlite

SQLITE_BUSY_TIMEOUT_MS = 10_000
POOL_SIZE = 10
POOL_OVERFLOW_MAX = 10
POOL_TIMEOUT_SECONDS = 30.0
CONNECT_TIMEOUT_SECONDS = 10
LOCK_TIMEOUT_MS = 5_000
"""How long PostgreSQL lets a statement wait for a lock; the attempt is then lost like any other race."""

IDLE_IN_TRANSACTION_MS = 60_000
"""After so long PostgreSQL ends a transaction whose process hangs, and with it the locks it holds."""

PLANNING = "-c random_page_cost=1.1 -c jit=off"
"""For what is asked here, some rows by their keys out of many: by default PostgreSQL plans for spinning disks
and reads a whole table of buffers for a hundred of its rows."""

READS_ONLY = "fulfillment_reads_only"
"""Execution option of a connection whose transaction writes nothing."""


def open_engine(database: str | Path, *, must_exist: bool = False) -> Engine:
    """Open the ledger.

    Parameters
    ----------
    database : str or Path
        A path of a SQLite file, ``sqlite:///FILE`` or ``postgresql://…``.
    must_exist : bool
        Refuse a SQLite file that is not there; SQLite would make an empty one.

    Raises
    ------
    InvalidRequest
        When the URL cannot be read, names another database, or its driver is not installed; when the file
        must exist and does not.
    UnsafeDatabase
        From the first connection on, when the server may lose what it acknowledged.
    """
    url = parse_url(database)
    if url.get_backend_name() == "sqlite":
        if must_exist and not Path(url.database or "").is_file():
            raise InvalidRequest(
                f"there is no ledger at {url.database}",
                remedy="make one with `fulfillment migrate --db URL` or `fulfillment import DIR --db URL`",
                key="db",
                value=url.database,
            )
        return _open_sqlite(url)
    return _open_postgresql(url)


def parse_url(database: str | Path) -> URL:
    """Read a database's URL; anything without a scheme is the path of a SQLite file."""
    if isinstance(database, Path) or "://" not in database:
        return _sqlite_url(str(database))
    try:
        url = make_url(database)
    except (ArgumentError, ValueError) as error:
        raise InvalidRequest("the database URL cannot be read", remedy=_URL_REMEDY, key="db") from error
    if url.get_backend_name() == "sqlite":
        return _sqlite_url(url.database or "")
    if url.drivername not in ("postgresql", "postgresql+psycopg"):
        raise InvalidRequest(
            f"{url.drivername} is no database of ours", remedy=_URL_REMEDY, key="db", value=url.drivername
        )
    return url.set(drivername="postgresql+psycopg")


_URL_REMEDY = "give a file's path, sqlite:///FILE or postgresql://USER@HOST/DATABASE"


def _sqlite_url(path: str) -> URL:
    if path in ("", ":memory:") or path.startswith("file:"):
        raise InvalidRequest(
            "a ledger cannot live in memory", remedy="give the path of a file", key="db", value=path
        )
    if not Path(path).resolve().parent.is_dir():
        raise InvalidRequest(
            f"{Path(path).resolve().parent} is no folder", remedy="create it first", key="db", value=path
        )
    return URL.create("sqlite", database=path)


def _open_sqlite(url: URL) -> Engine:
    engine = create_engine(
        url, **_pool(), hide_parameters=True, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_MS / 1000}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError(f"expected a sqlite3 connection, got {type(connection)}")
    connection.isolation_level = None  # the driver begins nothing by itself
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    check_sqlite(connection)


def _begin_sqlite(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get(READS_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _open_postgresql(url: URL) -> Engine:
    if find_spec("psycopg") is None:
        raise InvalidRequest(
            "PostgreSQL needs the package psycopg, which is not installed",
            remedy="pip install 'fulfillment[postgres]'",
            key="db",
        )
    engine = create_engine(
        url,
        hide_parameters=True,  # an error's text reaches logs, and orders name customers
        isolation_level="READ COMMITTED",
        **_pool(),
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "options": f"-c timezone=UTC -c lock_timeout={LOCK_TIMEOUT_MS} "
            f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS} {PLANNING}",
        },
    )
    event.listen(engine, "connect", check_postgresql)
    return engine


def _pool() -> dict[str, Any]:
    return {
        "pool_size": POOL_SIZE,
        "max_overflow": POOL_OVERFLOW_MAX,
        "pool_timeout": POOL_TIMEOUT_SECONDS,
        # The connection used last is the warmest: its statements are prepared, its plans cached.
        "pool_use_lifo": True,
    }
