"""Parcels of a day are counted under a lock, and never beyond what the node can send."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from fulfillment.domain.placing import Slot
from fulfillment.store.capacity import Use, give_back_capacity, read_capacity_use, take_capacity
from fulfillment.store.transaction import run_in_transaction
from tests.support.ledgers import stock_up
from tests.support.nodes import set_capacity

TODAY = date(2026, 11, 20)
TOMORROW = TODAY + timedelta(days=1)
L1: Slot = ("L1", TODAY)


@pytest.fixture
def nodes(ledger: Engine) -> Engine:
    """Two nodes; L1 may send five parcels a day, L2 any number."""
    stock_up(ledger, {("L1", "V"): 1, ("L2", "V"): 1})
    set_capacity(ledger, "L1", 3, version=1)
    set_capacity(ledger, "L1", 5, version=2)
    return ledger


def take(ledger: Engine, parcels: dict[Slot, int]) -> dict[Slot, Use]:
    return run_in_transaction(ledger, lambda connection: take_capacity(connection, parcels))


def test_use_adds_up_by_node_and_day_and_names_the_current_limit(nodes: Engine) -> None:
    take(nodes, {L1: 2})
    after = take(nodes, {L1: 1, ("L1", TOMORROW): 4, ("L2", TODAY): 9})
    assert after == {L1: Use(3, 5), ("L1", TOMORROW): Use(4, 5), ("L2", TODAY): Use(9, None)}
    assert [use.excess for use in after.values()] == [0, 0, 0]
    assert Use(7, 5).excess == 2
    with nodes.connect() as connection:
        assert read_capacity_use(connection, TOMORROW) == {("L1", TOMORROW): 4}


def test_what_is_given_back_can_be_taken_again(nodes: Engine) -> None:
    take(nodes, {L1: 5})

    def give_back(connection: Connection) -> dict[Slot, int]:
        return give_back_capacity(connection, {L1: 2})

    assert run_in_transaction(nodes, give_back) == {L1: 3}
    assert take(nodes, {L1: 2}) == {L1: Use(5, 5)}


def test_more_cannot_be_given_back_than_is_used(nodes: Engine) -> None:
    take(nodes, {L1: 1})
    with pytest.raises(IntegrityError, match="used_at_least_0"):
        run_in_transaction(nodes, lambda connection: give_back_capacity(connection, {L1: 2}))


def take_one_below_the_limit(ledger: Engine) -> bool:
    with ledger.connect() as connection:
        fits = not take_capacity(connection, {L1: 1})[L1].excess
        connection.commit() if fits else connection.rollback()
    return fits


def test_takers_at_once_stay_within_the_limit(nodes: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = sum(pool.map(lambda _: take_one_below_the_limit(nodes), range(16)))
    assert taken == 5
    with nodes.connect() as connection:
        assert read_capacity_use(connection, TODAY) == {L1: 5}


def test_a_taker_that_trusts_what_it_read_is_caught(nodes: Engine) -> None:
    """All read before any takes, so the harness above sees more than five."""
    take(nodes, {L1: 4})
    with nodes.connect() as connection:
        used = read_capacity_use(connection, TODAY)[L1]
    assert used == 4
    for _ in range(2):  # both have read 4
        take(nodes, {L1: 1})
    with nodes.connect() as connection:
        assert read_capacity_use(connection, TODAY)[L1] > 5
