"""Open a ledger for a piece of work: reach its database, and see that it is ours and of this version.

A database that cannot be reached, is none, or fails while it is used is no defect of ours: it is said in one
sentence, with what to do about it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError, OperationalError

from fulfillment.domain.errors import Busy, InvalidRequest
from fulfillment.store.engine import open_engine
from fulfillment.store.migrate import make_current, refuse_other_tables, require_current
from fulfillment.store.outages import DATABASE_ERRORS, is_outage
from fulfillment.store.restored import reach_transactions, require_reached_transactions
from fulfillment.store.schema.stock import stock_entry
from fulfillment.store.transaction import lost_a_race, read_snapshot


@contextmanager
def open_ledger(database: str | Path, *, make: bool = False) -> Iterator[Engine]:
    """Open the ledger at `database` and close it afterwards.

    Parameters
    ----------
    make : bool
        Make the tables in an empty database, and take the steps that an older version's ledger lacks.

    Raises
    ------
    InvalidRequest
        When the database cannot be reached, or is not a ledger of this version; nothing was written.
    Busy
        When it fails later, in the ``with`` block; what was committed stays, and a repetition goes on there.
    """
    engine = open_engine(database, must_exist=not make)
    _refuse_a_strangers_file(engine)
    try:
        _make_ready(engine, make)
        try:
            yield engine
        except OperationalError as error:
            if not is_outage(error):
                raise
            raise Busy(f"the database failed: {_first_line(error)}; repeat the command") from error
    finally:
        engine.dispose()


def _refuse_a_strangers_file(engine: Engine) -> None:
    """Look into a SQLite file before the first real connection, which would write WAL mode into it."""
    if engine.dialect.name != "sqlite" or not (file := Path(engine.url.database or "")).is_file():
        return
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as look:
            tables = {
                str(name) for (name,) in look.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
    except sqlite3.Error:
        return  # locked or no database: the real connection waits, or says what is wrong
    refuse_other_tables(tables)


def _make_ready(engine: Engine, make: bool) -> None:
    try:
        if make:
            make_current(engine)
            reach_transactions(engine)
        require_current(engine)
        require_reached_transactions(engine)
    except DBAPIError as error:
        if lost_a_race(error):
            raise Busy("the database is locked by another writer") from error
        if isinstance(error, OperationalError) or isinstance(error.orig, sqlite3.DatabaseError):
            raise InvalidRequest(
                f"the database cannot be used: {_first_line(error)}",
                remedy="is the server up, and is --db a database or a file that you may write?",
                key="db",
            ) from error
        raise


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]


def why_unreachable(engine: Engine) -> str:
    """Ask the ledger something; return an empty text when it answers, else why it does not."""
    try:
        read_snapshot(engine, ledger_position)
    except (Busy, *DATABASE_ERRORS) as error:
        if not (isinstance(error, Busy) or is_outage(error)):
            raise
        return "the database does not answer"
    return ""


def ledger_position(connection: Connection) -> int:
    """Return the number of the last stock entry that the connection sees; 0 when there is none."""
    last = connection.execute(select(func.max(stock_entry.c.position))).scalar_one()
    return 0 if last is None else int(last)
