"""Holds: opened, changed in place, released, converted, expired; cases D01 to D07 and D09 among them."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, select

from fulfillment.clock import ManualClock
from fulfillment.domain.errors import (
    Conflict,
    InsufficientStock,
    InvalidRequest,
    MoveRefused,
    NotFound,
    ReservationClosed,
    Shortfall,
    StaleVersion,
)
from fulfillment.domain.holds import HeldUnits, Hold
from fulfillment.domain.stock import Balance
from fulfillment.domain.transitions import HoldState
from fulfillment.ids import SeededIds
from fulfillment.services.change_hold import ChangeHold, change_hold
from fulfillment.services.convert_hold import convert_hold
from fulfillment.services.open_hold import OpenHold, open_hold
from fulfillment.services.release_hold import release_hold
from fulfillment.store.claims_audit import audit_claims
from fulfillment.store.entries import audit, balances
from fulfillment.store.holds import expired_units, holds_of_customer, lock_holds, read_holds, write_states
from fulfillment.store.posting import EntryGroup, Position
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.stock import post
from fulfillment.store.transaction import run_in_transaction
from tests.support.ledgers import NOON, a_group, an_entry, post_all, set_buffer, stock_up

V, V2, W = ("L1", "V"), ("L2", "V"), ("L1", "W")
QUARTER = timedelta(minutes=15)


class Shop:
    """A ledger, a clock and ids, and the services of holds by short names."""

    def __init__(self, ledger: Engine) -> None:
        self.ledger = ledger
        self.clock = ManualClock(NOON)
        self.ids = SeededIds(1, self.clock)

    def open(
        self, hold_id: str, units: dict[Position, int], channel: str = "web", customer_id: str | None = None
    ) -> Hold:
        command = OpenHold(
            hold_id=hold_id,
            channel=channel,
            units=held(units),
            expires_at=self.clock.now() + QUARTER,
            customer_id=customer_id,
        )
        return open_hold(self.ledger, command, clock=self.clock, ids=self.ids, actor="web")

    def change(self, hold_id: str, units: dict[Position, int] | None = None, **more: object) -> Hold:
        command = ChangeHold(hold_id=hold_id, units=None if units is None else held(units), **more)  # type: ignore[arg-type]
        return change_hold(self.ledger, command, clock=self.clock, ids=self.ids, actor="web")

    def release(self, hold_id: str) -> Hold:
        return release_hold(self.ledger, hold_id, clock=self.clock, ids=self.ids, actor="web")

    def stored(self, hold_id: str) -> Hold:
        with self.ledger.connect() as connection:
            return read_holds(connection, [hold_id])[hold_id]

    def balances(self) -> dict[Position, tuple[int, int, int]]:
        with self.ledger.connect() as connection:
            return {p: (b.available, b.reserved, b.committed) for p, b in balances(connection).items()}

    def events(self) -> list[str]:
        with self.ledger.connect() as connection:
            return list(connection.scalars(select(outbox.c.type).order_by(outbox.c.position)))


def held(units: dict[Position, int]) -> tuple[HeldUnits, ...]:
    return tuple(HeldUnits(*position, qty) for position, qty in units.items())


@pytest.fixture
def shop(ledger: Engine) -> Iterator[Shop]:
    stock_up(ledger, {V: 5, V2: 3, W: 2})
    yield Shop(ledger)
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()


def test_a_hold_reserves_all_units_and_says_so(shop: Shop) -> None:
    opened = shop.open("H", {V: 2, W: 1}, customer_id="C1")
    assert opened == shop.stored("H")
    assert shop.balances() == {V: (3, 2, 0), V2: (3, 0, 0), W: (1, 1, 0)}
    assert shop.events() == ["hold.opened"]


def test_what_another_cart_holds_cannot_be_held(shop: Shop) -> None:
    """Case D01."""
    shop.open("other", {V: 4})
    with pytest.raises(InsufficientStock) as refusal:
        shop.open("H", {V: 3, W: 1})
    assert refusal.value.shortfalls == (Shortfall(*V, 3, 1),)
    assert shop.balances() == {V: (1, 4, 0), V2: (3, 0, 0), W: (2, 0, 0)}
    assert shop.events() == ["hold.opened"]


def test_opening_a_cart_again_reserves_nothing_and_refreshes_its_expiry(shop: Shop) -> None:
    """Case D03."""
    first = shop.open("H", {V: 4})
    shop.clock.advance(timedelta(minutes=5))
    again = shop.open("H", {V: 4})
    assert again.expires_at == first.expires_at + timedelta(minutes=5)
    assert shop.stored("H") == again
    assert shop.balances()[V] == (1, 4, 0)
    with pytest.raises(Conflict, match="another content"):
        shop.open("H", {V: 3})
    assert shop.stored("H") == again


def test_a_cart_opened_again_never_ends_earlier(shop: Shop) -> None:
    first = shop.open("H", {V: 1})
    shop.change("H", expires_at=first.expires_at + timedelta(hours=1))
    assert shop.open("H", {V: 1}).expires_at == first.expires_at + timedelta(hours=1)


def test_a_hold_that_cannot_grow_stays_as_it_was(shop: Shop) -> None:
    """Case D07: raise from 2 to 4 with 1 free."""
    shop.open("other", {V: 2})
    before = shop.open("H", {V: 2})
    with pytest.raises(InsufficientStock) as refusal:
        shop.change("H", {V: 4})
    assert refusal.value.shortfalls == (Shortfall(*V, 2, 1),)
    assert shop.stored("H") == before
    assert shop.balances()[V] == (1, 4, 0)


def test_holding_where_no_row_is_finds_nothing_and_writes_nothing(shop: Shop) -> None:
    """Case D09."""
    with pytest.raises(NotFound) as refusal:
        shop.open("H", {("L2", "W"): 1, V: 1})
    assert refusal.value.data == {"kind": "stock", "id": "L2/W"}
    assert shop.balances() == {V: (5, 0, 0), V2: (3, 0, 0), W: (2, 0, 0)}


def test_a_hold_grows_shrinks_and_is_extended_in_place(shop: Shop) -> None:
    shop.open("H", {V: 2, W: 2})
    grown = shop.change("H", {V: 5, W: 1}, expires_at=NOON + timedelta(hours=2), customer_id="C1")
    assert shop.stored("H") == grown
    assert (grown.version, grown.customer_id) == (2, "C1")
    assert shop.balances() == {V: (0, 5, 0), V2: (3, 0, 0), W: (1, 1, 0)}


def test_a_hold_moves_to_another_node_whole_or_not_at_all(shop: Shop) -> None:
    shop.open("H", {V: 4})
    with pytest.raises(InsufficientStock):
        shop.change("H", {V2: 4})
    assert shop.balances() == {V: (1, 4, 0), V2: (3, 0, 0), W: (2, 0, 0)}
    shop.change("H", {V: 1, V2: 3})
    assert shop.balances() == {V: (4, 1, 0), V2: (0, 3, 0), W: (2, 0, 0)}


def test_a_hold_moves_to_a_channel_that_leaves_its_own_buffer_alone(shop: Shop) -> None:
    set_buffer(shop.ledger, V, 2, channel="marketplace")
    shop.open("H", {V: 4})
    with pytest.raises(InsufficientStock) as refusal:
        shop.change("H", channel="marketplace")
    assert refusal.value.shortfalls == (Shortfall(*V, 4, 3),)
    moved = shop.change("H", {V: 3}, channel="marketplace")
    assert shop.stored("H") == moved
    assert shop.balances()[V] == (2, 3, 0)


def test_a_change_decided_on_an_old_version_is_refused(shop: Shop) -> None:
    shop.open("H", {V: 1})
    shop.change("H", {V: 2}, expected_version=1)
    with pytest.raises(StaleVersion):
        shop.change("H", {V: 3}, expected_version=1)
    assert shop.balances()[V] == (3, 2, 0)


@pytest.mark.parametrize("verb", ["change", "release"])
def test_an_unknown_hold_is_not_found(shop: Shop, verb: str) -> None:
    with pytest.raises(NotFound):
        getattr(shop, verb)("nobody's")


def test_a_hold_cannot_be_opened_or_moved_into_the_past(shop: Shop) -> None:
    shop.open("H", {V: 1})
    with pytest.raises(InvalidRequest, match="release the hold"):
        shop.change("H", expires_at=NOON)


def test_released_units_are_free_and_releasing_again_is_harmless(shop: Shop) -> None:
    shop.open("H", {V: 5})
    released = shop.release("H")
    assert released.state is HoldState.RELEASED
    assert shop.release("H") == released
    assert shop.balances()[V] == (5, 0, 0)
    with pytest.raises(ReservationClosed):
        shop.change("H", {V: 1})
    with pytest.raises(ReservationClosed):
        shop.open("H", {V: 5})


def test_expiry_takes_effect_when_somebody_needs_the_units(shop: Shop) -> None:
    """No sweeper runs: the books still reserve the units until the next hold takes them by entries."""
    shop.open("gone", {V: 5, W: 1})
    shop.clock.advance(QUARTER)
    assert shop.balances()[V] == (0, 5, 0)
    with shop.ledger.connect() as connection:
        assert expired_units(connection, NOON) == {}
        assert expired_units(connection, shop.clock.now()) == {V: 5, W: 1}
    shop.open("H", {V: 4})
    assert shop.stored("gone").state is HoldState.EXPIRED
    assert shop.balances() == {V: (1, 4, 0), V2: (3, 0, 0), W: (2, 0, 0)}
    with pytest.raises(ReservationClosed):
        shop.change("gone", {V: 1})


def test_an_expired_hold_that_nobody_needs_is_closed_to_changes_and_may_be_released(shop: Shop) -> None:
    shop.open("gone", {V: 5})
    shop.clock.advance(QUARTER)
    with pytest.raises(ReservationClosed):
        shop.change("gone", expires_at=shop.clock.now() + QUARTER)
    shop.release("gone")
    assert shop.balances()[V] == (5, 0, 0)


def test_a_cart_is_found_by_its_customer_in_every_channel_while_it_lives(shop: Shop) -> None:
    def found() -> list[str]:
        with shop.ledger.connect() as connection:
            return [hold.hold_id for hold in holds_of_customer(connection, "C1", shop.clock.now())]

    shop.open("web cart", {V: 1}, customer_id="C1")
    shop.open("stranger's", {V: 1}, customer_id="C2")
    shop.clock.advance(timedelta(minutes=5))
    shop.open("store cart", {W: 1}, channel="store", customer_id="C1")
    shop.open("ended", {W: 1}, customer_id="C1")
    shop.release("ended")
    assert found() == ["store cart", "web cart"]
    shop.clock.advance(timedelta(minutes=10))
    assert found() == ["store cart"]


def test_a_hold_becomes_an_order_and_gives_back_what_that_does_not_need(shop: Shop) -> None:
    shop.open("H", {V: 3, W: 2})
    needed = {V: 2, V2: 1}

    def story(connection: Connection) -> None:
        hold = lock_holds(connection, ["H"])["H"]
        conversion = convert_hold(hold, needed, order_id="O1", actor="web", now=shop.clock.now())
        assert conversion.missing == {V2: 1}
        entries = (*conversion.entries, an_entry(V2, 1))
        assert not post(connection, [EntryGroup("O1", entries, sells_on="web")]).refused
        write_states(connection, [conversion.hold])

    run_in_transaction(shop.ledger, story)
    assert shop.balances() == {V: (3, 0, 2), V2: (2, 0, 1), W: (2, 0, 0)}
    assert shop.stored("H").state is HoldState.CONVERTED
    with pytest.raises(MoveRefused):
        shop.release("H")


def test_a_hold_whose_time_is_over_cannot_become_an_order(shop: Shop) -> None:
    hold = shop.open("H", {V: 3})
    with pytest.raises(ReservationClosed):
        convert_hold(hold, {V: 3}, order_id="O1", actor="web", now=NOON + QUARTER)


def test_an_order_needs_no_unit_twice_when_it_takes_over_a_hold_of_all(shop: Shop) -> None:
    """The hold has the last units: they become the order's although nothing is available."""
    shop.open("H", {V: 5})
    conversion = convert_hold(shop.stored("H"), {V: 5}, order_id="O1", actor="web", now=NOON)
    assert conversion.missing == {}
    assert not post_all(shop.ledger, a_group(*conversion.entries, sells_on="web")).refused
    run_in_transaction(shop.ledger, lambda connection: write_states(connection, [conversion.hold]))
    with shop.ledger.connect() as connection:
        assert balances(connection)[V] == Balance(committed=5, version=3)


def test_the_last_unit_is_held_once(shop: Shop) -> None:
    """Case E01: twenty carts want it at once."""

    def try_to_hold(number: int) -> bool:
        try:
            shop.open(f"cart {number}", {W: 2})
        except InsufficientStock:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(try_to_hold, range(20))) == 1
    assert shop.balances()[W] == (0, 2, 0)


def test_carts_that_swap_nodes_at_once_neither_deadlock_nor_lose_a_unit(shop: Shop) -> None:
    """Each moves between the nodes again and again; some moves find no room and leave the cart as it was."""
    carts = [f"cart {number}" for number in range(6)]
    for number, cart in enumerate(carts):
        shop.open(cart, {(V, V2)[number % 2]: 1})

    def swap(cart: str) -> int:
        moved = 0
        for turn in range(6):
            with suppress(InsufficientStock):
                shop.change(cart, {(V2, V)[turn % 2]: 1})
                moved += 1
        return moved

    with ThreadPoolExecutor(len(carts)) as pool:
        assert sum(pool.map(swap, carts)) >= len(carts)
    with shop.ledger.connect() as connection:
        held = Counter(position for cart in carts for position in shop.stored(cart).units_by_position())
        found = balances(connection)
        assert audit_claims(connection) == []
    assert (found[V].reserved, found[V2].reserved) == (held[V], held[V2])
    assert sum(held.values()) == len(carts)
