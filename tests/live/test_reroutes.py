"""Orders that lost units after nodes had begun are routed to other nodes, once, or told that they wait."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from fulfillment.domain.network import Sku
from fulfillment.domain.placing import OnShort
from fulfillment.domain.stock import Border, EntryReason
from fulfillment.live.back_orders import RoundDone
from fulfillment.live.reroutes import RoutingDone
from fulfillment.services.cancel_order import cancel_order
from fulfillment.services.put_reference import put_kit, put_skus
from fulfillment.store.order_reads import read_order
from fulfillment.store.schema.orders import reroute
from fulfillment.store.transaction import run_in_transaction
from tests.live.waiting import AV, BV, World
from tests.support.days import NOON
from tests.support.ledgers import A, a_group, an_entry, post_all


@pytest.fixture
def world(ledger: Engine) -> World:
    """Two units of V are promised from A, which has begun, and one of them is carried out there."""
    world = World(ledger, {AV: 2, BV: 1})
    assert world.place("O1", 2, OnShort.REJECT) == "allocated"
    assert world.release() == 1
    world.sell(AV, 1)
    assert world.allocated() == {"O1": ("in_progress", 1)}
    return world


def unsettled(world: World) -> int:
    with world.ledger.connect() as connection:
        count = select(func.count()).select_from(reroute).where(reroute.c.settled_at.is_(None))
        return connection.execute(count).scalar_one()


def work(world: World, order_id: str = "O1") -> list[tuple[str, str, int]]:
    """Node, state and units of each fulfillment order, in the order in which they were given."""
    with world.ledger.connect() as connection:
        found: Any = read_order(connection, order_id)
    return [
        (each["node_id"], each["state"], sum(line["qty"] for line in each["lines"]))
        for each in found["fulfillment_orders"]
    ]


def told(world: World) -> list[tuple[str, object]]:
    return [(its_type, data.get("units_left")) for its_type, data in world.told()]


def test_what_was_lost_goes_to_another_node_beside_what_has_begun(world: World) -> None:
    assert unsettled(world) == 1
    assert world.reroutes.route_some() == RoutingDone(routed=1)
    assert world.allocated() == {"O1": ("in_progress", 2)}
    assert work(world) == [("A", "released", 1), ("B", "open", 1)]
    assert told(world) == [("order.allocated", 0), ("order.units_lost", None), ("order.rerouted", 0)]
    assert unsettled(world) == 0
    assert world.reroutes.route_some() == RoutingDone()
    assert world.release() == 1
    assert work(world) == [("A", "released", 1), ("B", "released", 1)]


def test_what_nobody_has_is_told_once_and_comes_when_stock_does(world: World) -> None:
    post_all(world.ledger, a_group(an_entry(BV, 1, EntryReason.WRITE_OFF, A, Border.LOSS)))
    assert world.reroutes.route_some() == RoutingDone(waiting=1)
    assert world.another_worker().route_some() == RoutingDone()
    assert told(world)[2:] == [("order.back_ordered", 1)]
    assert world.back_orders.fill_some() == RoundDone(looked_at=1)
    world.receive(BV, 5)
    assert world.back_orders.fill_some() == RoundDone(looked_at=1, filled=1)
    assert world.allocated() == {"O1": ("in_progress", 2)}
    assert told(world)[3:] == [("order.rerouted", 0)]


def test_an_order_gets_what_there_is_and_waits_for_the_rest(ledger: Engine) -> None:
    world = World(ledger, {AV: 3, BV: 1})
    world.place("O1", 3)
    world.release()
    world.sell(AV, 2)
    assert world.reroutes.route_some() == RoutingDone(routed=1)
    assert world.allocated() == {"O1": ("in_progress", 2)}
    assert told(world)[2:] == [("order.rerouted", 1)]
    assert world.reroutes.route_some() == RoutingDone()
    world.receive(AV, 1)
    world.back_orders.fill_some()
    assert world.allocated() == {"O1": ("in_progress", 3)}


def test_an_order_that_lost_before_its_release_is_decided_again(ledger: Engine) -> None:
    world = World(ledger, {AV: 2, BV: 1})
    world.place("O1", 2)
    world.sell(AV, 1)
    assert world.allocated() == {"O1": ("back_ordered", 1)}
    assert world.reroutes.route_some() == RoutingDone(routed=1)
    assert world.allocated() == {"O1": ("allocated", 2)}


def test_an_order_that_lost_everything_gets_it_elsewhere(ledger: Engine) -> None:
    world = World(ledger, {AV: 1, BV: 1})
    world.place("O1", 1)
    world.release()
    world.sell(AV, 1)
    assert work(world) == [("A", "cancelled", 0)]
    assert world.reroutes.route_some() == RoutingDone(routed=1)
    assert work(world) == [("A", "cancelled", 0), ("B", "open", 1)]
    assert world.allocated() == {"O1": ("in_progress", 1)}


def test_better_late_than_after_the_promise(ledger: Engine) -> None:
    """A parcel of today would have kept the promise, the next leaves tomorrow."""
    world = World(ledger, {AV: 1, BV: 1})
    assert world.place("O1", 1, OnShort.REJECT, promise_by=NOON + timedelta(days=2)) == "allocated"
    world.release()
    world.clock.advance(timedelta(hours=30))
    world.sell(AV, 1)
    assert world.back_orders.fill_some() == RoundDone(looked_at=1)
    assert world.reroutes.route_some() == RoutingDone(routed=1)


def test_those_who_lost_first_are_routed_first(ledger: Engine) -> None:
    world = World(ledger, {AV: 2, BV: 0})
    world.place("O1", 1)
    world.place("O2", 1)
    world.release()
    world.sell(AV, 1)  # the later claim loses first
    world.clock.advance(timedelta(seconds=1))
    world.sell(AV, 1)
    world.receive(BV, 1)
    assert world.reroutes.route_some(1) == RoutingDone(routed=1)
    assert world.allocated() == {"O1": ("in_progress", 0), "O2": ("in_progress", 1)}


def test_a_cancelled_order_is_not_routed(world: World) -> None:
    run_in_transaction(
        world.ledger,
        lambda connection: cancel_order(connection, "O1", now=world.clock.now(), ids=world.ids, actor="shop"),
    )
    assert world.reroutes.route_some() == RoutingDone()
    assert world.allocated() == {"O1": ("cancelled", 0)}


def test_a_kit_that_lost_a_unit_is_made_elsewhere(ledger: Engine) -> None:
    world = World(ledger, {AV: 2, BV: 2, ("A", "W"): 1, ("B", "W"): 1})
    put_skus(ledger, [Sku(sku_id="K", gtin="", name="K", price_micros=1, weight_g=250)], clock=world.clock)
    put_kit(ledger, "K", {"V": 2, "W": 1}, clock=world.clock)
    world.clock.advance(timedelta(seconds=1))
    world.feed.catch_up(look_around=True)
    assert world.place("O1", 1, sku_id="K") == "allocated"
    world.release()
    world.sell(AV, 1)
    assert world.another_worker().route_some() == RoutingDone(routed=1)
    assert world.allocated() == {"O1": ("in_progress", 1)}
    assert work(world)[-1] == ("B", "open", 1)


def test_workers_that_route_at_once_give_nothing_twice(ledger: Engine) -> None:
    """Six orders lost a unit each; four are elsewhere."""
    world = World(ledger, {AV: 6, BV: 4})
    for number in range(6):
        world.place(f"O{number}", 1)
    world.release()
    world.sell(AV, 6)
    workers = [world.another_worker() for _ in range(3)]
    with ThreadPoolExecutor(len(workers)) as pool:
        for _ in range(3):
            rounds = [pool.submit(each.route_some) for each in workers]
            assert all(each.result(60) for each in rounds)
    allocated = world.allocated()
    assert sorted(allocated.values()) == [("in_progress", 0)] * 2 + [("in_progress", 1)] * 4
    types = [its_type for its_type, _ in told(world)]
    assert (types.count("order.rerouted"), types.count("order.back_ordered")) == (4, 2)
    assert unsettled(world) == 0
