"""Refuse a database that may lose what it acknowledged.

A ledger's answer is a promise: once the commit returned, a crash must not undo it. kill -9 does not show a
missing fsync, so the settings are asserted on every new connection instead.
"""

import sqlite3

from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from fulfillment.domain.errors import InvalidRequest

DURABLE_SETTINGS = ("fsync", "full_page_writes", "synchronous_commit")
SQLITE_FULL = 2


class UnsafeDatabase(InvalidRequest):
    """The database is set up to lose acknowledged writes; ``data["key"]`` names the setting."""

    code = "unsafe_database"


def check_postgresql(connection: DBAPIConnection, _record: ConnectionPoolEntry | None = None) -> None:
    """Refuse a connection on which fsync, full_page_writes or synchronous_commit is off.

    Raises
    ------
    UnsafeDatabase
        Naming the first such setting.
    """
    cursor = connection.cursor()
    for setting in DURABLE_SETTINGS:
        cursor.execute(f"SHOW {setting}")
        row = cursor.fetchone()
        if row is None or row[0] == "off":
            raise UnsafeDatabase(
                f"PostgreSQL runs with {setting} = off and may lose acknowledged orders",
                remedy=f"set {setting} = on for this server, database and user",
                key=setting,
                value="off",
            )
    cursor.close()
    connection.rollback()


def check_sqlite(connection: sqlite3.Connection) -> None:
    """Refuse a SQLite connection that is not in WAL with synchronous=FULL and foreign keys on.

    Raises
    ------
    UnsafeDatabase
        Naming the pragma that did not take; WAL, for one, does not on most network file systems.
    """
    wanted = {"journal_mode": "wal", "synchronous": SQLITE_FULL, "foreign_keys": 1}
    for pragma, value in wanted.items():
        (found,) = connection.execute(f"PRAGMA {pragma}").fetchone()
        if found != value:
            raise UnsafeDatabase(
                f"SQLite runs with {pragma} = {found} where {value} is needed",
                remedy="keep the file on a local disk, with an SQLite that supports it",
                key=pragma,
                value=found,
            )
