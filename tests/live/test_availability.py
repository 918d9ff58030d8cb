"""Availability from the view and through the database: the same answer, floors, holds, kits and days."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, Engine

from fulfillment.clock import ManualClock
from fulfillment.domain.holds import HeldUnits
from fulfillment.ids import SeededIds
from fulfillment.live.availability import (
    Availability,
    AvailabilityQuery,
    Region,
    availability,
    availability_in_database,
)
from fulfillment.live.feed import Feed
from fulfillment.live.load import load_live
from fulfillment.services.load_day import load_day
from fulfillment.services.open_hold import OpenHold, open_hold
from fulfillment.store.rowset import insert_rows
from fulfillment.store.schema.catalogue import kit, kit_component
from fulfillment.store.schema.stock import supply
from fulfillment.store.transaction import run_in_transaction
from tests.support.days import NOON, a_day
from tests.support.ledgers import a_group, a_receipt, post_all, set_buffer

V1, V2, W1, W2 = ("L1", "V"), ("L2", "V"), ("L1", "W"), ("L2", "W")


class World:
    """Two nodes, two SKUs and a kit of two V and one W, followed by hand."""

    def __init__(self, ledger: Engine) -> None:
        self.ledger = ledger
        self.clock = ManualClock(NOON)
        day = a_day({V1: 5, V2: 7, W1: 1, W2: 9, ("L1", "K"): 0}, {}, incoming={V2: (4, date(2026, 11, 25))})
        load_day(ledger, day, actor="import", clock=self.clock)

        def add_kit(connection: Connection) -> None:
            rows = {kit.c.kit_sku_id: ["K"], kit.c.version: [1], kit.c.recorded_at: [NOON]}
            insert_rows(connection, kit, rows)
            of = kit_component.c
            parts = {of.kit_sku_id: ["K"] * 2, of.version: [1] * 2, of.sku_id: ["V", "W"], of.qty: [2, 1]}
            insert_rows(connection, kit_component, parts)

        run_in_transaction(ledger, add_kit)
        self.feed = Feed(ledger, load_live(ledger, self.clock), self.clock)

    def view(self, *sku_ids: str, **more: object) -> Availability:
        query = AvailabilityQuery(sku_ids=sku_ids, **more)  # type: ignore[arg-type]
        return availability(self.feed.decider, query, self.clock.now())

    def database(self, *sku_ids: str, **more: object) -> Availability:
        query = AvailabilityQuery(sku_ids=sku_ids, **more)  # type: ignore[arg-type]
        return availability_in_database(self.ledger, self.feed.decider, query, self.clock.now())


@pytest.fixture
def world(ledger: Engine) -> World:
    return World(ledger)


def told(answer: Availability) -> dict[tuple[str, str], int]:
    return {(at["node_id"], at["sku_id"]): at["atp"] for at in answer.positions}


def test_view_and_database_say_the_same_of_many_skus(world: World) -> None:
    set_buffer(world.ledger, V1, 1)
    set_buffer(world.ledger, ("", "V"), 2, channel="web")
    set_buffer(world.ledger, ("L2", ""), 3)
    world.feed.catch_up(look_around=True)
    for channel in ("", "web"):
        seen = world.view("V", "K", "W", "X", channel=channel)
        assert seen == world.database("V", "K", "W", "X", channel=channel)
    assert told(seen) == {V1: 2, V2: 2, W1: 1, W2: 6, ("L1", "K"): 1, ("L2", "K"): 1}
    assert seen.totals == {"V": 4, "K": 2, "W": 7}
    assert seen.unknown_sku_ids == ("X",)
    assert {at["version"] for at in seen.positions if at["sku_id"] == "K"} == {None}


def test_the_database_has_what_the_view_has_not_heard_of_yet(world: World) -> None:
    post_all(world.ledger, a_group(a_receipt(V1, 4)))
    assert told(world.view("V"))[V1] == 5
    fresh = world.database("V")
    assert told(fresh)[V1] == 9
    world.feed.catch_up()
    assert world.view("V") == fresh


def test_expired_holds_count_as_free_at_once_either_way(world: World) -> None:
    command = OpenHold(
        hold_id="cart",
        channel="web",
        units=(HeldUnits("L1", "V", 4),),
        expires_at=NOON + timedelta(seconds=20),
    )
    open_hold(world.ledger, command, clock=world.clock, ids=SeededIds(1, world.clock), actor="web")
    world.feed.catch_up(look_around=True)
    assert told(world.view("V"))[V1] == told(world.database("V"))[V1] == 1
    world.clock.advance(timedelta(seconds=20))
    assert told(world.view("V"))[V1] == told(world.database("V"))[V1] == 5


def test_what_is_due_by_the_day_counts_after_the_buffers(world: World) -> None:
    def promise_some(connection: Connection) -> None:
        changed = supply.update().values(promised=1)
        connection.execute(changed)

    run_in_transaction(world.ledger, promise_some)
    set_buffer(world.ledger, V2, 9)
    assert told(world.database("V", on=date(2026, 11, 24))) == {V1: 5, V2: 0}
    assert told(world.database("V", on=date(2026, 11, 25))) == {V1: 5, V2: 7 + 4 - 1 - 9}


def test_nodes_are_named_or_lie_in_a_region(world: World) -> None:
    assert told(world.view("V", node_ids=["L2", "L9"])) == {V2: 7}
    assert told(world.view("V", region=Region(40.1, -73.9, 1.0))) == {V1: 5}
    assert told(world.view("V", node_ids=["L2"], region=Region(40.1, -73.9, 1.0))) == {}
    assert world.view("V", node_ids=["L2"]).totals == {"V": 7}
