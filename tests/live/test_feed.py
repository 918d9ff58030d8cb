"""A view read from the ledger, kept in step with what others write."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from fulfillment.clock import ManualClock
from fulfillment.domain.holds import HeldUnits
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.placing import OrderRequest, WhyUnfilled
from fulfillment.ids import SeededIds
from fulfillment.live.feed import Feed
from fulfillment.live.load import load_live
from fulfillment.services.commit_plan import commit_plan
from fulfillment.services.load_day import load_day
from fulfillment.services.open_hold import OpenHold, open_hold
from fulfillment.store.capacity import take_capacity
from fulfillment.store.transaction import run_in_transaction
from tests.support.days import NOON, a_context, a_day
from tests.support.ledgers import a_group, a_receipt, an_entry, post_all, set_buffer

V1, V2 = ("L1", "V"), ("L2", "V")


def a_request(qty: int, channel: str = "web") -> OrderRequest:
    return OrderRequest(
        order_id="O1",
        channel=channel,
        method=Method.SHIPPING,
        lines=(Line(1, "V", qty),),
        placed_at=NOON,
        customer_id="C1",
        postal_code="10001",
    )


class World:
    """A ledger of two nodes and one SKU, followed by hand."""

    def __init__(self, ledger: Engine) -> None:
        self.ledger = ledger
        self.clock = ManualClock(NOON)
        load_day(ledger, a_day({V1: 5, V2: 7}, {}, capacity=3), actor="import", clock=self.clock)
        self.feed = Feed(ledger, load_live(ledger, self.clock), self.clock)

    def units(self, channel: str = "web") -> list[int]:
        network, view = self.feed.decider.world
        return view.atp(network.sku_index["V"], channel, self.clock.now()).units.tolist()

    def decided(self, qty: int) -> list[str]:
        """Where an order of so many units goes; what lacks, if it cannot be had."""
        (decision,) = self.feed.decider.decide([a_request(qty)], self.clock.now())
        return [p.node_id for p in decision.parcels] or [unfilled.reason for unfilled in decision.unfilled]


@pytest.fixture
def world(ledger: Engine) -> World:
    return World(ledger)


def test_a_view_is_read_with_all_that_the_ledger_has(world: World) -> None:
    assert world.units() == [5, 7]
    assert world.decided(6) == ["L2"]


def test_entries_of_others_reach_the_view(world: World) -> None:
    before = world.feed.decider.view.position
    post_all(world.ledger, a_group(a_receipt(V1, 4), an_entry(V2, 2)))
    assert world.units() == [5, 7]
    assert world.feed.catch_up() == 2
    assert world.units() == [9, 5]
    assert world.feed.decider.view.position != before
    assert world.feed.catch_up() == 0


def test_the_thread_follows_by_itself(world: World) -> None:
    with world.feed:
        post_all(world.ledger, a_group(a_receipt(V1, 4)))
        deadline = time.monotonic() + 20
        while world.units() != [9, 7] and time.monotonic() < deadline:
            time.sleep(0.01)
    assert world.units() == [9, 7]


def test_expired_holds_are_free_at_once_and_live_ones_are_not(world: World) -> None:
    command = OpenHold(
        hold_id="cart",
        channel="web",
        units=(HeldUnits("L1", "V", 4), HeldUnits("L2", "V", 7)),
        expires_at=NOON + timedelta(seconds=20),
    )
    open_hold(world.ledger, command, clock=world.clock, ids=SeededIds(1, world.clock), actor="web")
    world.feed.catch_up(look_around=True)
    assert world.units() == [1, 0]
    assert world.decided(2) == [WhyUnfilled.NO_STOCK]
    world.clock.advance(timedelta(seconds=20))
    assert world.units() == [5, 7]
    assert world.decided(6) == ["L2"]


def test_buffers_capacity_and_prices_reach_the_view(world: World) -> None:
    set_buffer(world.ledger, V1, 2)
    set_buffer(world.ledger, V2, 6, channel="web")
    world.feed.catch_up(look_around=True)
    assert (world.units(), world.units("phone")) == ([3, 1], [3, 7])
    assert world.decided(1) == ["L1"]
    commit_plan(world.ledger, [], a_context("P1", stock_prices=[("L1", "V", 9_000_000)]))
    world.feed.catch_up(look_around=True)
    assert world.decided(1) == ["L2"]
    slot = world.feed.decider.network.moments(NOON).departs_on[0]
    run_in_transaction(world.ledger, lambda connection: take_capacity(connection, {("L2", slot): 3}))
    world.feed.catch_up(look_around=True)
    assert world.decided(1) == ["L1"]


def test_new_reference_data_replace_the_network(world: World) -> None:
    load_day(world.ledger, a_day({("L3", "W"): 5, V1: 5}, {}), actor="import", clock=world.clock)
    network = world.feed.decider.network
    world.feed.catch_up(look_around=True)
    assert world.feed.decider.network is not network
    assert world.feed.decider.network.nodes.node_id == ["L1", "L2", "L3"]
    assert world.units() == [5, 7]
