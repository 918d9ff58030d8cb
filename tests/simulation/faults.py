"""Break one step of a use case, for real where the database can be made to fail for real.

On PostgreSQL the server itself raises the error, or ends the session; the driver then meets what it would
meet in service. SQLite has one writer and no server: it can only be busy.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

COMMIT = "COMMIT"
READ_ENDS = "COMMIT of a transaction that only read"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at a step; `strike` gets the driver's connection and raises.

    Attributes
    ----------
    after_commit : bool
        It strikes when a COMMIT has taken place and its answer is on the way; at COMMIT only.
    """

    name: str
    strike: Callable[[Any], None]
    after_commit: bool = False

    def __str__(self) -> str:
        return self.name


def server_error(sqlstate: str) -> Callable[[Any], None]:
    """Let the server refuse with a code, as it would by itself; the transaction is aborted there."""

    def strike(connection: Any) -> None:
        connection.execute(
            f"DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '{sqlstate}'; END $$".encode()
        )

    return strike


def end_session(connection: Any) -> None:
    connection.execute(b"SELECT pg_terminate_backend(pg_backend_pid())")
    raise AssertionError("the session outlived its end")


def say_busy(_: Any) -> None:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    raise error


FAULTS: dict[str, tuple[Fault, ...]] = {
    "postgresql": (
        Fault("serialization failure", server_error("40001")),
        Fault("deadlock", server_error("40P01")),
        Fault("lock time-out", server_error("55P03")),
        Fault("lost connection", end_session),
    ),
    "sqlite": (Fault("busy", say_busy),),
}
FAULTS_AT_COMMIT: dict[str, tuple[Fault, ...]] = {
    "postgresql": (*FAULTS["postgresql"], Fault("lost after COMMIT", end_session, after_commit=True)),
    "sqlite": FAULTS["sqlite"],
}


@dataclass
class Watch:
    """The steps that an engine took: each statement, and each COMMIT."""

    steps: list[str] = field(default_factory=list)

    @property
    def commits(self) -> int:
        """How many transactions ended well, those that only read included."""
        return self.steps.count(COMMIT) + self.steps.count(READ_ENDS)


@contextmanager
def watched(
    engine: Engine,
    *,
    fault: Fault | None = None,
    at: int | None = None,
    on_commit: Callable[[], None] = lambda: None,
) -> Iterator[Watch]:
    """Count the steps of an engine; break the one numbered `at`, from 0, and none after it."""
    watch = Watch()

    def is_struck(step: str) -> bool:
        watch.steps.append(step)
        return fault is not None and len(watch.steps) - 1 == at

    def do_execute(cursor: Any, statement: str, *_: object) -> None:
        if is_struck(statement) and fault is not None:
            fault.strike(cursor.connection)

    honest_commit = engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        driver = getattr(connection, "driver_connection", connection)
        struck = is_struck(READ_ENDS if getattr(driver, "read_only", False) else COMMIT)
        if struck and fault is not None and not fault.after_commit:
            fault.strike(driver)
        honest_commit(connection)
        on_commit()
        if struck and fault is not None:
            fault.strike(driver)

    names = ("do_execute", "do_executemany", "do_execute_no_params")
    for name in names:
        event.listen(engine, name, do_execute)
    engine.dialect.do_commit = do_commit  # type: ignore[method-assign]
    try:
        yield watch
    finally:
        del engine.dialect.do_commit
        for name in names:
            event.remove(engine, name, do_execute)
