"""The ids that clients give their requests, and the answers that they got.

A key is claimed before anything else in the transaction of its effect, and answered at its end, so key,
effect and answer commit together or not at all: whoever finds an answer knows that the effect is there, and
whoever finds none knows that it is not. The claim is an insert. PostgreSQL lets it wait for a twin that
claimed the key and still runs; on SQLite the twin holds the only write lock and is waited for at BEGIN.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    and_,
    bindparam,
    delete,
    func,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from fulfillment.domain.errors import IdempotencyMismatch, RequestInProgress
from fulfillment.store.rowset import execute_over, rows_of
from fulfillment.store.schema.messaging import idempotency_key
from fulfillment.store.transaction import LostRace

KEPT_FOR = timedelta(hours=48)
"""At least; the promise to clients is 24 hours."""

LOCK_NOT_AVAILABLE = "55P03"

KeyName = tuple[str, str]
"""A client_id and the key that this client gave."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A client's id of a request, with a digest of what is requested."""

    client_id: str
    key: str
    digest: str

    @property
    def name(self) -> KeyName:
        """What the key is found by."""
        return self.client_id, self.key


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client is told: an HTTP status and a JSON document."""

    status: int
    body: Mapping[str, object]


@contextmanager
def wait_for_twins(connection: Connection, seconds: float) -> Iterator[None]:
    """Claim keys inside, and wait no longer than `seconds` for a twin that runs.

    Raises
    ------
    RequestInProgress
        When it still runs then. On SQLite it is `Busy`, from BEGIN: every writer waits for every other.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    before = connection.execute(select(func.current_setting("lock_timeout"))).scalar_one()
    _set_lock_timeout(connection, f"{int(seconds * 1000)}ms")
    try:
        yield
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise RequestInProgress(
                "a request with this idempotency key is still running", wait_seconds=seconds
            ) from error
        raise
    _set_lock_timeout(connection, before)


def _set_lock_timeout(connection: Connection, value: str) -> None:
    connection.execute(select(func.set_config("lock_timeout", value, True)))


def claim(
    connection: Connection, keys: Sequence[RequestKey], now: datetime
) -> dict[KeyName, Answer | IdempotencyMismatch]:
    """Claim keys, each name at most once, for what this transaction is about to do.

    Returns
    -------
    dict
        The answer of every key that was used before, or a refusal where it was used for another request. A
        key that is missing here is claimed; give it an answer with `write_answers`.
    """
    k = idempotency_key.c
    ordered = sorted(keys, key=lambda each: each.name)  # two callers wait for each other in one order
    claiming = _claiming_on_postgresql if connection.dialect.name == "postgresql" else _claiming_on_sqlite
    claimed = execute_over(
        connection,
        claiming,
        {
            k.client_id: [each.client_id for each in ordered],
            k.key: [each.key for each in ordered],
            k.request_digest: [each.digest for each in ordered],
        },
        recorded_at=now,
        expires_at=now + KEPT_FOR,
    ).all()
    names = {(client_id, key) for client_id, key in claimed}
    used = [each for each in ordered if each.name not in names]
    return _answered(connection, used) if used else {}


def _claiming_on_postgresql(given: FromClause) -> Executable:
    return _claiming(given, postgresql.insert(idempotency_key))


def _claiming_on_sqlite(given: FromClause) -> Executable:
    return _claiming(given, sqlite.insert(idempotency_key))


def _claiming(given: FromClause, into: postgresql.Insert | sqlite.Insert) -> Executable:
    k = idempotency_key.c
    same: dict[Column[Any], ColumnElement[Any]] = {
        k.state: literal("running"),
        k.recorded_at: bindparam("recorded_at", type_=k.recorded_at.type),
        k.expires_at: bindparam("expires_at", type_=k.expires_at.type),
    }
    # Ordered, or SQLite would read ON CONFLICT as the condition of a join.
    rows = select(*given.c, *same.values()).order_by(given.c.client_id, given.c.key)
    adding = into.from_select([column.name for column in [*given.c, *same]], rows)
    return adding.on_conflict_do_nothing().returning(idempotency_key.c.client_id, idempotency_key.c.key)


def _answered(
    connection: Connection, used: Sequence[RequestKey]
) -> dict[KeyName, Answer | IdempotencyMismatch]:
    k = idempotency_key.c
    given = rows_of(
        connection, {k.client_id: [each.client_id for each in used], k.key: [each.key for each in used]}
    )
    rows = connection.execute(
        select(k.client_id, k.key, k.request_digest, k.status, k.answer).join_from(
            given, idempotency_key, and_(k.client_id == given.c.client_id, k.key == given.c.key)
        )
    )
    found = {(row.client_id, row.key): row for row in rows}
    answers: dict[KeyName, Answer | IdempotencyMismatch] = {}
    for each in used:
        row = found.get(each.name)
        if row is None or row.status is None:
            # Its time was over and it was deleted between the two statements.
            raise LostRace("an idempotency key was deleted a moment ago")
        if row.request_digest == each.digest:
            answers[each.name] = Answer(row.status, row.answer)
        else:
            answers[each.name] = IdempotencyMismatch(
                f"the idempotency key {each.key} was used for another request",
                remedy="give every request a key of its own; repeat a request with the same body",
                key="Idempotency-Key",
                value=each.key,
            )
    return answers


def release_claims(connection: Connection, names: Sequence[KeyName]) -> None:
    """Let go of keys that this transaction claimed and will not answer."""
    if not names:
        return
    k = idempotency_key.c
    given = rows_of(
        connection, {k.client_id: [client_id for client_id, _ in names], k.key: [key for _, key in names]}
    )
    mine = select(given.c.client_id, given.c.key)
    connection.execute(delete(idempotency_key).where(tuple_(k.client_id, k.key).in_(mine)))


def write_answers(connection: Connection, answers: Mapping[KeyName, Answer]) -> None:
    """Write the answers of keys that this transaction claimed."""
    if not answers:
        return
    k = idempotency_key.c
    execute_over(
        connection,
        _answering,
        {
            k.client_id: [client_id for client_id, _ in answers],
            k.key: [key for _, key in answers],
            k.status: [answer.status for answer in answers.values()],
            k.answer: [dict(answer.body) for answer in answers.values()],
        },
    )


def _answering(given: FromClause) -> Executable:
    k = idempotency_key.c
    return (
        update(idempotency_key)
        .where(k.client_id == given.c.client_id, k.key == given.c.key)
        .values(state="done", status=given.c.status, answer=given.c.answer)
    )


def forget_keys(connection: Connection, limit: int, now: datetime) -> int:
    """Delete keys whose time is over, at most `limit`, and return how many; one that is in use stays."""
    k = idempotency_key.c
    old = (
        select(k.client_id, k.key)
        .where(k.expires_at <= now)
        .order_by(k.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [(row.client_id, row.key) for row in connection.execute(old)]
    release_claims(connection, found)
    return len(found)
