"""Orders that wait for stock get what comes, those placed first first."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError

from fulfillment.domain.errors import InsufficientStock, StaleVersion
from fulfillment.domain.placing import OnShort
from fulfillment.domain.stock import Balance, Border, EntryReason
from fulfillment.live.back_orders import RoundDone
from fulfillment.services.cancel_order import cancel_order
from fulfillment.services.fill_back_order import Filled, fill_back_order
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.orders import order_line
from fulfillment.store.transaction import run_in_transaction
from tests.live.waiting import AV, BV, World
from tests.support.ledgers import A, a_group, an_entry, post_all
from tests.support.placing import a_placement


@pytest.fixture
def world(ledger: Engine) -> World:
    world = World(ledger)
    assert world.place("O1", 5) == "back_ordered"
    assert world.place("O2", 3) == "back_ordered"
    return world


def test_stock_that_comes_goes_to_who_waits_longest_and_the_rest_waits_on(world: World) -> None:
    """Case D23: of five units that wait, what arrives is filled and the rest remains."""
    assert world.back_orders.fill_some() == RoundDone(looked_at=2)
    world.receive(BV, 2)
    assert world.back_orders.fill_some() == RoundDone(looked_at=2, filled=1)
    assert world.allocated() == {"O1": ("back_ordered", 4), "O2": ("back_ordered", 0)}
    world.receive(AV, 3)
    assert world.back_orders.fill_some() == RoundDone(looked_at=2, filled=2)
    assert world.allocated() == {"O1": ("allocated", 5), "O2": ("back_ordered", 2)}
    world.receive(AV, 9)
    world.back_orders.fill_some()
    assert world.allocated()["O2"] == ("allocated", 3)
    assert world.back_orders.fill_some() == RoundDone()
    with world.ledger.connect() as connection:
        told = select(outbox.c.subject, outbox.c.data).where(outbox.c.type == "order.allocated")
        assert [(who, data["units_left"]) for who, data in connection.execute(told)] == [("O1", 0), ("O2", 0)]


def test_rounds_go_on_behind_those_who_were_looked_at(world: World) -> None:
    seen = [world.back_orders.fill_some(1) for _ in range(3)]
    assert seen == [RoundDone(looked_at=1), RoundDone(looked_at=1), RoundDone()]
    world.receive(AV, 1)
    assert world.back_orders.fill_some(1) == RoundDone(looked_at=1, filled=1)
    assert world.allocated()["O1"] == ("back_ordered", 3)


def fill(world: World, qty: int) -> Filled:
    """Commit a decision of so many units from A for O1, whatever is there."""
    world.feed.decider.view.refresh({AV: Balance(available=qty, version=1_000)})
    request = a_placement("O1", ("V", qty), on_short=OnShort.BACKORDER).request
    (decision,) = world.feed.decider.decide([request], world.clock.now())
    assert decision.units_by_position() == {AV: qty}
    return fill_back_order(
        world.ledger,
        request,
        decision,
        policy_digest="policy",
        release_at=world.clock.now() + timedelta(minutes=10),
        clock=world.clock,
        ids=world.ids,
        actor="tester",
    )


def test_units_that_are_gone_meanwhile_change_nothing(world: World) -> None:
    world.receive(AV, 2)
    post_all(world.ledger, a_group(an_entry(AV, 1, EntryReason.WRITE_OFF, A, Border.LOSS)))
    before = world.allocated()
    with pytest.raises(InsufficientStock):
        fill(world, 2)
    assert world.allocated() == before


def test_nobody_gets_more_than_he_waits_for(world: World) -> None:
    world.receive(AV, 9)
    with pytest.raises(StaleVersion):
        fill(world, 4)
    fill(world, 3)
    with pytest.raises(StaleVersion):
        fill(world, 1)
    assert world.allocated()["O1"] == ("allocated", 5)


def test_an_order_that_takes_what_there_is_never_gets_what_it_was_told_it_would_not(ledger: Engine) -> None:
    """Two of five are promised, one of them is carried out: one is found elsewhere, and no more."""
    world = World(ledger)
    assert world.place("O1", 5, OnShort.PARTIAL) == "allocated"
    world.sell(AV, 1)
    assert world.allocated() == {"O1": ("back_ordered", 1)}
    world.receive(BV, 9)
    assert world.back_orders.fill_some() == RoundDone(looked_at=1, filled=1)
    assert world.allocated() == {"O1": ("allocated", 2)}
    assert world.back_orders.fill_some() == RoundDone()
    told = [(its_type, data.get("units_left")) for its_type, data in world.told()]
    assert told == [("order.allocated", 0), ("order.units_lost", None), ("order.allocated", 0)]
    assert world.told()[0][1]["units_cancelled"] == 3


def test_the_database_refuses_units_that_were_cancelled(ledger: Engine) -> None:
    world = World(ledger)
    world.place("O1", 5, OnShort.PARTIAL)
    with pytest.raises(IntegrityError, match="cancelled_is_not_allocated"), ledger.begin() as connection:
        connection.execute(update(order_line).values(allocated=3))


def test_the_rest_of_an_order_comes_after_a_node_has_begun_on_what_there_was(world: World) -> None:
    assert world.release() == 1
    assert world.allocated()["O1"] == ("in_progress", 2)
    world.receive(BV, 2)
    assert world.back_orders.fill_some() == RoundDone(looked_at=2, filled=1)
    assert world.allocated()["O1"] == ("in_progress", 4)
    world.receive(BV, 1)
    world.back_orders.fill_some()
    assert world.allocated() == {"O1": ("in_progress", 5), "O2": ("back_ordered", 0)}
    assert world.back_orders.fill_some() == RoundDone(looked_at=1)
    told = [(its_type, data.get("units_left")) for its_type, data in world.told() if data["order_id"] == "O1"]
    assert told == [("order.back_ordered", 3), ("order.rerouted", 1), ("order.rerouted", 0)]


def test_a_cancelled_order_waits_for_nothing(world: World) -> None:
    run_in_transaction(
        world.ledger,
        lambda connection: cancel_order(connection, "O1", now=world.clock.now(), ids=world.ids, actor="shop"),
    )
    assert world.back_orders.fill_some().looked_at == 1
