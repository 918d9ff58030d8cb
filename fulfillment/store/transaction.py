"""One use case, one transaction; what lost a race is run again, whole.

Locks are taken in one order everywhere: idempotency keys, then orders by id, holds by id, stock by (node,
SKU), capacity by (node, day). A deadlock can still come from outside (a migration, a person with a prompt),
SQLite's writers wait for each other, and a connection can be lost; all end here, in a bounded number of fresh
attempts. One loss is different: when the connection goes at COMMIT, nobody here can tell whether it took
place. A fresh attempt would answer as if somebody else had done the work, so it is said instead, and who
knows the request's id looks it up.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, Transaction
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from fulfillment.domain.errors import Busy, InvalidRequest, NotFound, OutcomeUnknown
from fulfillment.store.engine import READS_ONLY

Result = TypeVar("Result")

ATTEMPTS_MAX = 8
BACKOFF_SECONDS = 0.01
BACKOFF_SECONDS_MAX = 0.5

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
LOCK_NOT_AVAILABLE = "55P03"
UNIQUE_VIOLATION = "23505"
FOREIGN_KEY_VIOLATION = "23503"
_PRIMARY_CODE = 0xFF  # of an SQLite error; the bits above it refine it


class LostRace(Exception):
    """Somebody else was first, or the database was away; only a fresh attempt can tell what is true now."""


def run_in_transaction(
    engine: Engine,
    use_case: Callable[[Connection], Result],
    *,
    attempts_max: int = ATTEMPTS_MAX,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Run a use case and commit it; on a lost race run all of it again.

    Parameters
    ----------
    use_case : callable
        Takes the connection of an open transaction. It may be called several times, so it must touch nothing
        but the database, call no network and run no solver.
    attempts_max : int
        Attempts in all.
    sleep : callable
        Takes seconds.

    Returns
    -------
    object
        What `use_case` returned, after the commit.

    Raises
    ------
    Busy
        When every attempt lost, or no connection became free; nothing was written.
    OutcomeUnknown
        When the connection was lost at COMMIT.
    """
    return _until_won(lambda: _write(engine, use_case), attempts_max, sleep)


def read_snapshot(engine: Engine, read: Callable[[Connection], Result]) -> Result:
    """Run several reads against one moment of the ledger; they block no writer and no writer blocks them.

    Parameters
    ----------
    read : callable
        Takes a connection; called again when the connection was lost.

    Raises
    ------
    Busy
        When every attempt failed, or no connection became free.
    """
    return _until_won(lambda: _read(engine, read), ATTEMPTS_MAX, time.sleep)


def _until_won(attempt: Callable[[], Result], attempts_max: int, sleep: Callable[[float], None]) -> Result:
    for number in range(1, attempts_max + 1):
        try:
            return attempt()
        except NoConnectionFree as error:
            raise Busy("every connection to the database is in use") from error
        except (DBAPIError, LostRace) as error:
            if not lost_a_race(error):
                raise
            if number == attempts_max:
                raise Busy(
                    f"the database refused {attempts_max} attempts in a row", attempts=attempts_max
                ) from error
        sleep(_pause_seconds(number))
    raise ValueError(f"attempts_max is {attempts_max}; give at least 1")


def _write(engine: Engine, use_case: Callable[[Connection], Result]) -> Result:
    with _connected(engine) as connection, connection.begin() as transaction:
        result = use_case(connection)
        try:
            _commit(connection, transaction)
        except DBAPIError as error:
            if error.connection_invalidated:
                raise OutcomeUnknown("the connection to the database was lost at COMMIT") from error
            raise
        return result


def _commit(connection: Connection, transaction: Transaction) -> None:
    """Commit; a connection that cannot is thrown away.

    SQLite may leave the transaction open, and SQLAlchemy rolls back nothing after a failed COMMIT, whatever
    failed it.
    """
    try:
        transaction.commit()
    except BaseException as error:
        if not (isinstance(error, DBAPIError) and error.connection_invalidated):
            connection.invalidate(error)
        raise


def _read(engine: Engine, read: Callable[[Connection], Result]) -> Result:
    options: dict[str, object] = {READS_ONLY: True}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _connected(engine).execution_options(**options) as connection, connection.begin() as transaction:
        result = read(connection)
        if engine.dialect.name == "postgresql":
            _commit(connection, transaction)  # after a ROLLBACK psycopg forgets what it has prepared
        else:
            transaction.rollback()  # nothing was written, and SQLite cannot refuse this
        return result


def _connected(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except OperationalError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise
        raise LostRace("the database could not be reached") from error


def lost_a_race(error: Exception) -> bool:
    """Tell whether a fresh attempt may succeed where this one failed."""
    if isinstance(error, LostRace):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.OperationalError):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return code is not None and code & _PRIMARY_CODE == sqlite3.SQLITE_BUSY
    if error.connection_invalidated:  # before COMMIT: the server forgets all of it
        return True
    return _sqlstate(error) in (SERIALIZATION_FAILURE, DEADLOCK_DETECTED, LOCK_NOT_AVAILABLE)


def as_refusal(error: Exception) -> Exception:
    """Tell it as the request's fault where the database refused what the request says; else return it."""
    if isinstance(error, DataError):
        return InvalidRequest(
            "the ledger cannot hold a value of this request",
            remedy="leave out characters that are no text, and numbers beyond measure",
        )
    if isinstance(error, IntegrityError) and (
        _sqlstate(error) == FOREIGN_KEY_VIOLATION
        or getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
    ):
        return NotFound("the request names a node, SKU or order that does not exist", kind="reference")
    return error


@contextmanager
def racing_for_keys() -> Iterator[None]:
    """Run inserts of rows that were missing a moment ago; when somebody else adds one first, try afresh.

    SQLite never gets here: its only writer looked and wrote in one transaction.
    """
    try:
        yield
    except IntegrityError as error:
        if _sqlstate(error) == UNIQUE_VIOLATION:
            raise LostRace("a row was added by another transaction at the same moment") from error
        raise


def _sqlstate(error: DBAPIError) -> str | None:
    """Return PostgreSQL's code of an error; None from SQLite, which has no such codes."""
    return getattr(error.orig, "sqlstate", None)


def _pause_seconds(attempt: int) -> float:
    """Return a random pause that grows: losers that pause equally long meet again."""
    return random.uniform(0, min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS * 2.0**attempt))
