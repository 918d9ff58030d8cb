"""A use case runs once for a key, and its answer is told again, refusals included."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, Engine

from fulfillment.clock import ManualClock
from fulfillment.domain.errors import (
    Busy,
    Conflict,
    FulfillmentError,
    IdempotencyMismatch,
    InvariantViolation,
    NotFound,
)
from fulfillment.services.once import once
from fulfillment.store.entries import balances
from fulfillment.store.idempotency import Answer, RequestKey
from fulfillment.store.stock import post
from tests.support.ledgers import NOON, a_group, an_entry, stock_up

V = ("L1", "V")
KEY = RequestKey("shop", "K", "digest")


def problem(error: FulfillmentError) -> Mapping[str, object]:
    return {"status": 404 if isinstance(error, NotFound) else 409, "code": error.code}


def run(ledger: Engine, use_case: Callable[[Connection], Answer], key: RequestKey | None = KEY) -> Answer:
    return once(ledger, key, use_case, problem=problem, clock=ManualClock(NOON))


def take_one(connection: Connection) -> Answer:
    """Commit one unit; the entry's id is new each time, so only the key prevents a second one."""
    post(connection, [a_group(an_entry(V, 1))])
    return Answer(201, {"taken": 1})


def committed(ledger: Engine) -> int:
    with ledger.connect() as connection:
        return balances(connection)[V].committed


def test_repeated_it_has_one_effect_and_one_answer(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    assert run(ledger, take_one) == run(ledger, take_one) == Answer(201, {"taken": 1})
    assert committed(ledger) == 1


def test_without_a_key_every_request_stands_for_itself(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    run(ledger, take_one, None)
    run(ledger, take_one, None)
    assert committed(ledger) == 2


def test_from_eight_sides_at_once_it_has_one_effect_and_one_answer(ledger: Engine) -> None:
    stock_up(ledger, {V: 50})
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: run(ledger, take_one), range(8)))
    assert set(map(str, answers)) == {str(Answer(201, {"taken": 1}))}
    assert committed(ledger) == 1


@pytest.mark.parametrize(
    ("refusal", "status"), [(Conflict("sold out"), 409), (NotFound("no such hold"), 404)]
)
def test_a_refusal_undoes_what_was_written_and_is_told_again(
    ledger: Engine, refusal: FulfillmentError, status: int
) -> None:
    stock_up(ledger, {V: 5})

    def refuse(connection: Connection) -> Answer:
        take_one(connection)
        raise refusal

    first = run(ledger, refuse)
    assert first == Answer(status, {"status": status, "code": refusal.code})
    assert run(ledger, take_one) == first
    assert committed(ledger) == 0


@pytest.mark.parametrize("error", [InvariantViolation("impossible"), Busy("later"), ZeroDivisionError()])
def test_what_is_no_refusal_leaves_no_answer(ledger: Engine, error: Exception) -> None:
    stock_up(ledger, {V: 5})

    def fail(connection: Connection) -> Answer:
        take_one(connection)
        raise error

    with pytest.raises(type(error)):
        run(ledger, fail)
    assert committed(ledger) == 0
    run(ledger, take_one)
    assert committed(ledger) == 1


def test_another_request_under_the_key_is_refused(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    run(ledger, take_one)
    with pytest.raises(IdempotencyMismatch):
        run(ledger, take_one, RequestKey("shop", "K", "another"))
    assert committed(ledger) == 1
