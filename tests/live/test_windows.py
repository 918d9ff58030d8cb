"""Windows: orders that were decided one by one are planned again together before their release."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from fulfillment.clock import ManualClock
from fulfillment.domain.errors import Conflict, InsufficientStock, StaleVersion
from fulfillment.domain.network import Sku
from fulfillment.domain.placing import Position
from fulfillment.domain.stock import Balance, Border, EntryReason
from fulfillment.ids import TimeOrderedIds
from fulfillment.live.feed import Feed
from fulfillment.live.load import load_live
from fulfillment.live.windows import WindowDone, WindowLimits, improve_open_orders
from fulfillment.services.load_day import load_day
from fulfillment.services.put_reference import put_kit, put_skus
from fulfillment.services.release_due import release_due
from fulfillment.services.swap_work import Swap, swap_work
from fulfillment.store.capacity import read_capacity_use, take_capacity
from fulfillment.store.claims_audit import audit_claims
from fulfillment.store.entries import audit, balances
from fulfillment.store.live_reads import newest_plan
from fulfillment.store.open_work import OpenOrder, read_open_orders
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.orders import fulfillment_order, parcel
from fulfillment.store.transaction import run_in_transaction
from tests.support.days import NOON, a_day
from tests.support.ledgers import A, a_group, an_entry, post_all
from tests.support.placing import a_committer, a_placement

AV, AW, BV = ("A", "V"), ("A", "W"), ("B", "V")


class World:
    """A has one V and one W, B one V: whoever asks for V alone takes A's, which is nearer.

    Then V and W together need both nodes, though A could have sent both and B the V alone.
    """

    def __init__(
        self,
        ledger: Engine,
        capacity: int | None = None,
        at: datetime = NOON,
        stock: Mapping[Position, int] | None = None,
    ) -> None:
        self.ledger = ledger
        self.clock = ManualClock(at)
        self.ids = TimeOrderedIds(self.clock)
        day = a_day(stock or {AV: 1, AW: 1, BV: 1}, {}, capacity=capacity, price_micros=0)
        load_day(ledger, day, actor="import", clock=self.clock)
        self.feed = Feed(ledger, load_live(ledger, self.clock), self.clock)

    def make_kit(self, components: Mapping[str, int]) -> None:
        """Say what K is made of from now on."""
        self.clock.advance(timedelta(seconds=1))
        put_kit(self.ledger, "K", components, clock=self.clock)
        self.clock.advance(timedelta(seconds=1))
        self.feed.catch_up(look_around=True)

    def place(self, order_id: str, *lines: tuple[str, int], **more: Any) -> list[str]:
        """Place an order; name its nodes."""
        with a_committer(self.ledger, self.feed.decider, self.clock) as committer:
            body = committer.submit(a_placement(order_id, *lines, **more)).result(30).body
        return [work["node_id"] for work in body["fulfillment_orders"]]  # type: ignore[attr-defined]

    def improve(self, **limits: Any) -> WindowDone:
        return improve_open_orders(
            self.ledger, self.feed, clock=self.clock, ids=self.ids, limits=WindowLimits(**limits)
        )

    def nodes(self) -> dict[str, list[str]]:
        """Nodes with open work, by order; all that the ledger claims is proved on the way."""
        with self.ledger.connect() as connection:
            assert audit(connection).disagreements == ()
            assert audit_claims(connection) == []
            found: dict[str, list[str]] = {}
            f = fulfillment_order.c
            for order_id, node_id in connection.execute(
                select(f.order_id, f.node_id).where(f.state == "open").order_by(f.order_id, f.node_id)
            ):
                found.setdefault(order_id, []).append(node_id)
            return found

    def open_orders(self) -> list[OpenOrder]:
        """The orders that may still be improved."""
        with self.ledger.connect() as connection:
            return read_open_orders(connection, self.clock.now(), 10)

    def stock(self) -> Mapping[Position, Balance]:
        with self.ledger.connect() as connection:
            return balances(connection)


@pytest.fixture
def world(ledger: Engine) -> World:
    world = World(ledger)
    assert world.place("O1", ("V", 1)) == ["A"]
    assert world.place("O2", ("V", 1), ("W", 1)) == ["A", "B"]
    return world


def test_a_unit_goes_to_whom_it_saves_more_and_a_parcel_is_saved(world: World) -> None:
    done = world.improve()
    assert world.nodes() == {"O1": ["B"], "O2": ["A"]}
    assert (done.orders, done.swapped, done.refused) == (2, 2, 0)
    # Two parcels, one of them of 500 g, instead of three of 250 g.
    assert done.saved_micros == 3 * (900_000 + 6_200_000) - (2 * 900_000 + 6_200_000 + 6_400_000)
    assert all(balance.committed == 1 and balance.available == 0 for balance in world.stock().values())
    with world.ledger.connect() as connection:
        slot = world.feed.decider.network.moments(NOON).departs_on[0]
        assert read_capacity_use(connection, slot) == {("A", slot): 1, ("B", slot): 1}
        cancelled = select(func.count()).select_from(parcel).where(parcel.c.state == "cancelled")
        assert connection.execute(cancelled).scalar_one() == 3
        told = select(outbox.c.subject).where(outbox.c.type == "order.improved").order_by(outbox.c.subject)
        assert connection.execute(told).scalars().all() == ["O1", "O2"]
        assert newest_plan(connection) == done.plan_id


def test_a_second_window_finds_nothing_better_and_keeps_its_prices_once(world: World) -> None:
    world.improve()
    second = world.improve()
    assert (second.orders, second.swapped, second.refused) == (2, 0, 0)
    assert world.improve().plan_id == second.plan_id


def test_the_view_knows_of_the_swap(world: World) -> None:
    world.improve()
    before = world.feed.decider.view.atp(0, "web", NOON).units.tolist()
    world.feed.catch_up(look_around=True)
    assert world.feed.decider.view.atp(0, "web", NOON).units.tolist() == before


def test_released_work_stays_as_it_is(world: World) -> None:
    world.clock.advance(timedelta(minutes=9, seconds=30))
    assert world.improve() == WindowDone()
    world.clock.advance(timedelta(minutes=1))
    release_due(world.ledger, clock=world.clock, ids=world.ids)
    assert world.improve(before_release=timedelta(0)) == WindowDone()


def swap_to_b(world: World, order: OpenOrder) -> None:
    """Swap the work of O1 for a parcel from B."""
    (instead,) = world.feed.decider.decide([a_placement("O1", ("V", 1)).request], NOON)
    assert [planned.node_id for planned in instead.parcels] == ["B"]
    swap_work(
        world.ledger,
        [Swap(order, instead)],
        policy_digest="policy",
        clock=world.clock,
        ids=world.ids,
        actor="tester",
    )


@pytest.fixture
def seen(ledger: Engine) -> tuple[World, OpenOrder]:
    """One order, of A's V; B's V is free."""
    world = World(ledger)
    world.place("O1", ("V", 1))
    (order,) = world.open_orders()
    return world, order


def test_a_swap_moves_units_and_work(seen: tuple[World, OpenOrder]) -> None:
    world, order = seen
    swap_to_b(world, order)
    assert world.nodes() == {"O1": ["B"]}
    assert {at: balance.committed for at, balance in world.stock().items()} == {AV: 0, AW: 0, BV: 1}
    (after,) = world.open_orders()
    assert (after.release_at, after.lines) == (order.release_at, order.lines)


def test_work_that_is_released_meanwhile_is_not_swapped(seen: tuple[World, OpenOrder]) -> None:
    world, order = seen
    world.clock.advance(timedelta(minutes=10))
    release_due(world.ledger, clock=world.clock, ids=world.ids)
    before = world.stock()
    with pytest.raises(StaleVersion):
        swap_to_b(world, order)
    assert world.stock() == before


def test_work_that_is_due_but_not_marked_yet_is_not_swapped(seen: tuple[World, OpenOrder]) -> None:
    world, order = seen
    world.clock.advance(timedelta(minutes=10))
    with pytest.raises(StaleVersion):
        swap_to_b(world, order)


def test_a_swap_is_made_once(seen: tuple[World, OpenOrder]) -> None:
    world, order = seen
    swap_to_b(world, order)
    with pytest.raises(StaleVersion):
        swap_to_b(world, order)
    assert world.nodes() == {"O1": ["B"]}


def test_units_that_are_gone_meanwhile_leave_everything_as_it_is(seen: tuple[World, OpenOrder]) -> None:
    world, order = seen
    post_all(world.ledger, a_group(an_entry(BV, 1, EntryReason.WRITE_OFF, A, Border.LOSS)))
    before = world.stock()
    with pytest.raises(InsufficientStock):
        swap_to_b(world, order)
    assert (world.stock(), world.nodes()) == (before, {"O1": ["A"]})


def test_a_slot_that_is_full_meanwhile_leaves_everything_as_it_is(ledger: Engine) -> None:
    world = World(ledger, capacity=1)
    world.place("O1", ("V", 1))
    (order,) = world.open_orders()
    slot = world.feed.decider.network.moments(NOON).departs_on[0]
    run_in_transaction(ledger, lambda connection: take_capacity(connection, {("B", slot): 1}))
    before = world.stock()
    with pytest.raises(Conflict, match="send no more"):
        swap_to_b(world, order)
    assert (world.stock(), world.nodes()) == (before, {"O1": ["A"]})


def test_nodes_at_their_limit_can_still_exchange_orders(ledger: Engine) -> None:
    world = World(ledger, capacity=2)
    world.place("O1", ("V", 1))
    world.place("O2", ("V", 1), ("W", 1))
    slot = world.feed.decider.network.moments(NOON).departs_on[0]
    run_in_transaction(ledger, lambda connection: take_capacity(connection, {("B", slot): 1}))
    assert world.improve().swapped == 2
    assert world.nodes() == {"O1": ["B"], "O2": ["A"]}


def test_nobody_gets_an_order_later_than_he_was_told(ledger: Engine) -> None:
    """At 22:00 UTC the parcels of the day are gone; what leaves tomorrow is no better plan."""
    world = World(ledger, at=NOON.replace(hour=17, minute=58))
    world.place("O1", ("V", 1))
    world.place("O2", ("V", 1), ("W", 1))
    world.clock.advance(timedelta(minutes=3))  # with four hours of work it is too late for the cut-off
    done = world.improve()
    assert (done.orders, done.swapped) == (2, 0)
    assert world.nodes() == {"O1": ["A"], "O2": ["A", "B"]}


@pytest.fixture
def with_kits(ledger: Engine) -> World:
    """K is a V and a W, which both nodes have once; A alone has an X."""
    world = World(ledger, stock={AV: 1, AW: 1, ("A", "X"): 1, BV: 1, ("B", "W"): 1})
    kit = Sku(sku_id="K", gtin="", name="K", price_micros=0, weight_g=500)
    put_skus(ledger, [kit], clock=world.clock)
    world.make_kit({"V": 1, "W": 1})
    return world


def test_orders_with_kits_are_planned_again_with_the_others(with_kits: World) -> None:
    """Whoever takes A's V makes another's kit come from B, apart from its X."""
    assert with_kits.place("O1", ("V", 1)) == ["A"]
    assert with_kits.place("O2", ("K", 1), ("X", 1)) == ["A", "B"]
    assert with_kits.improve().swapped == 2
    assert with_kits.nodes() == {"O1": ["B"], "O2": ["A"]}
    committed = {at: balance.committed for at, balance in with_kits.stock().items()}
    assert committed == {AV: 1, AW: 1, ("A", "X"): 1, BV: 1, ("B", "W"): 0}


def test_a_kit_that_is_made_of_something_else_by_now_stays_what_it_was(with_kits: World) -> None:
    with_kits.place("O1", ("V", 1))
    with_kits.place("O2", ("K", 1), ("X", 1))
    with_kits.make_kit({"V": 1, "X": 1})
    done = with_kits.improve()
    assert (done.orders, done.swapped) == (1, 0)
    assert with_kits.nodes() == {"O1": ["A"], "O2": ["A", "B"]}


def test_a_kit_that_is_changed_meanwhile_is_swapped_as_it_was_bought(with_kits: World) -> None:
    with_kits.place("O1", ("K", 1))
    (order,) = with_kits.open_orders()
    (instead,) = with_kits.feed.decider.decide([a_placement("O1", ("K", 1)).request], with_kits.clock.now())
    assert [planned.node_id for planned in instead.parcels] == ["B"]
    with_kits.make_kit({"V": 1})
    swap_work(
        with_kits.ledger,
        [Swap(order, instead)],
        policy_digest="policy",
        clock=with_kits.clock,
        ids=with_kits.ids,
        actor="tester",
    )
    assert with_kits.nodes() == {"O1": ["B"]}
    assert with_kits.stock()["B", "W"].committed == 1
