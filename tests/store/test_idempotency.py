"""A key is claimed once, and tells its first answer for ever after."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine

from fulfillment.domain.errors import IdempotencyMismatch, RequestInProgress
from fulfillment.store.idempotency import Answer, KeyName, RequestKey, claim, wait_for_twins, write_answers
from fulfillment.store.transaction import run_in_transaction
from tests.support.ledgers import NOON

K, L = RequestKey("shop", "K", "digest"), RequestKey("shop", "L", "digest")
DONE = Answer(201, {"order_id": "O1", "lines": [{"qty": 1}], "note": "ü\u2028"})


def claim_in(ledger: Engine, *keys: RequestKey) -> dict[KeyName, Answer | IdempotencyMismatch]:
    return run_in_transaction(ledger, lambda connection: claim(connection, keys, NOON))


def answer_in(ledger: Engine, *keys: RequestKey) -> None:
    def story(connection: Connection) -> None:
        assert claim(connection, keys, NOON) == {}
        write_answers(connection, {key.name: DONE for key in keys})

    run_in_transaction(ledger, story)


def test_a_new_key_is_claimed_and_its_answer_found_again(ledger: Engine) -> None:
    answer_in(ledger, K)
    assert claim_in(ledger, K) == {K.name: DONE}


def test_of_two_keys_only_the_used_one_is_told(ledger: Engine) -> None:
    answer_in(ledger, L)

    def story(connection: Connection) -> None:
        assert claim(connection, [L, K], NOON) == {L.name: DONE}
        write_answers(connection, {K.name: DONE})

    run_in_transaction(ledger, story)
    assert set(claim_in(ledger, K, L)) == {K.name, L.name}


def test_another_request_under_the_key_is_refused(ledger: Engine) -> None:
    answer_in(ledger, K)
    other = RequestKey("shop", "K", "another digest")
    refusal = claim_in(ledger, other)[K.name]
    assert isinstance(refusal, IdempotencyMismatch)
    assert refusal.data["value"] == "K"


def test_the_same_key_of_another_client_is_another_key(ledger: Engine) -> None:
    answer_in(ledger, K)
    answer_in(ledger, RequestKey("till", "K", "another digest"))


def test_a_rolled_back_claim_leaves_the_key_free(ledger: Engine) -> None:
    with ledger.connect() as connection:
        claim(connection, [K], NOON)
        connection.rollback()
    answer_in(ledger, K)


def test_a_twin_that_runs_is_waited_for_and_its_answer_told(ledger: Engine) -> None:
    claimed, told = threading.Event(), {}

    def twin() -> None:
        claimed.wait()
        told.update(claim_in(ledger, K))

    thread = threading.Thread(target=twin)
    thread.start()
    with ledger.begin() as connection:
        claim(connection, [K], NOON)
        claimed.set()
        thread.join(timeout=0.2)
        assert told == {}
        write_answers(connection, {K.name: DONE})
    thread.join()
    assert told == {K.name: DONE}


def test_a_twin_that_runs_too_long_is_told_of(postgresql_ledger: Engine) -> None:
    """On SQLite every writer waits for every other, and for as long as the busy timeout says."""
    with postgresql_ledger.begin() as first:
        claim(first, [K], NOON)
        with (
            pytest.raises(RequestInProgress),
            postgresql_ledger.begin() as second,
            wait_for_twins(second, 0.05),
        ):
            claim(second, [K], NOON + timedelta(seconds=1))


def test_after_the_wait_locks_are_waited_for_as_before(postgresql_ledger: Engine) -> None:
    with postgresql_ledger.begin() as connection:
        before = connection.exec_driver_sql("SHOW lock_timeout").scalar_one()
        with wait_for_twins(connection, 1):
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "1s"
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == before
