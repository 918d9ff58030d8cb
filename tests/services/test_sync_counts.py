"""Counts: compared with the books of their moment, booked as entries, never written over a balance."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from fulfillment.clock import ManualClock
from fulfillment.domain.counts import CountedSku
from fulfillment.domain.errors import InvalidRequest, NotFound
from fulfillment.domain.holds import HeldUnits
from fulfillment.domain.stock import Balance, Border, EntryReason
from fulfillment.ids import SeededIds
from fulfillment.services.open_hold import OpenHold, open_hold
from fulfillment.services.sync_counts import CountSheet, Synced, sync_counts
from fulfillment.store.entries import audit, balances, history
from fulfillment.store.holds import read_holds
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.orders import orders, reroute
from tests.services.test_sell_at_till import assert_sound, place_orders
from tests.support.ledgers import NOON, A, U, a_group, an_entry, post_all, stock_up

V, W = ("L1", "V"), ("L1", "W")
LATER = NOON + timedelta(hours=1)


def sync(
    ledger: Engine,
    lines: Sequence[CountedSku],
    *,
    count_id: str = "K1",
    node_id: str = "L1",
    counted_at: datetime = NOON,
    is_complete: bool = False,
) -> Synced:
    clock = ManualClock(LATER)
    sheet = CountSheet(
        count_id=count_id, node_id=node_id, counted_at=counted_at, lines=lines, is_complete=is_complete
    )
    return sync_counts(ledger, sheet, clock=clock, ids=SeededIds(1, clock), actor="counter")


def balance_of(ledger: Engine, position: tuple[str, str]) -> Balance:
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        return balances(connection)[position]


def test_a_count_that_agrees_writes_nothing(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    [line] = sync(ledger, [CountedSku("V", 5, 0)]).lines
    assert (line.books, line.counted, line.unexplained, line.version) == (5, 5, 0, 1)
    assert balance_of(ledger, V) == Balance(available=5, version=1)


def test_a_difference_becomes_entries(ledger: Engine) -> None:
    stock_up(ledger, {V: 5, W: 2})
    post_all(ledger, a_group(an_entry(W, 1, EntryReason.SET_ASIDE, A, U)))
    sync(ledger, [CountedSku("V", 7), CountedSku("W", 0, 3)])
    assert balance_of(ledger, V) == Balance(available=7, version=2)
    assert balance_of(ledger, W) == Balance(unavailable=3, version=4)
    with ledger.connect() as connection:
        entry = history(connection, V)[-1]
    assert (entry.reason, entry.source, entry.qty) == (EntryReason.COUNT, Border.LOSS, 2)
    assert (entry.reference, entry.occurred_at, entry.recorded_at) == ("K1", NOON, LATER)


def test_the_same_count_again_changes_nothing(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    for _ in range(2):
        sync(ledger, [CountedSku("V", 3)])
    sync(ledger, [CountedSku("V", 3)], count_id="K2")  # another sheet of the same moment agrees with it
    assert balance_of(ledger, V) == Balance(available=3, version=2)


def test_what_moved_since_the_counting_is_neither_lost_nor_counted_twice(ledger: Engine) -> None:
    """5 in the books, 4 counted at noon, 2 sold before the sheet arrives: 2 are left."""
    stock_up(ledger, {V: 5})
    sold_at = NOON + timedelta(minutes=5)
    post_all(ledger, a_group(an_entry(V, 2, EntryReason.SELL, A, Border.CUSTOMER, at=sold_at)))
    [line] = sync(ledger, [CountedSku("V", 4)]).lines
    assert (line.books, line.counted) == (5, 4)
    assert balance_of(ledger, V).available == 2


def test_a_count_below_what_a_cart_reserves_takes_the_carts_unit(ledger: Engine) -> None:
    """Case D15: on hand 1 -> 0 while 1 is reserved."""
    stock_up(ledger, {V: 1})
    clock = ManualClock(NOON)
    cart = OpenHold(
        hold_id="H", channel="web", units=(HeldUnits(*V, 1),), expires_at=NOON + timedelta(hours=2)
    )
    open_hold(ledger, cart, clock=clock, ids=SeededIds(2, clock), actor="web")
    synced = sync(ledger, [CountedSku("V", 0)])
    assert [(lost.hold_id, lost.qty) for lost in synced.lost] == [("H", 1)]
    assert balance_of(ledger, V) == Balance(version=3)
    with ledger.connect() as connection:
        assert read_holds(connection, ["H"])["H"].state == "released"
        assert connection.scalars(select(outbox.c.type).order_by(outbox.c.position)).all() == [
            "hold.opened",
            "hold.units_lost",
        ]


def test_a_count_below_what_orders_were_promised_sends_them_elsewhere(ledger: Engine) -> None:
    """Case D15: the order is marked, and nothing can ship that is not there."""
    place_orders(ledger, {V: 3, W: 1}, {"O1": [("V", 2)], "O2": [("V", 1)]})
    synced = sync(ledger, [CountedSku("V", 2)], counted_at=LATER)
    [lost] = synced.lost
    assert (lost.order_id in ("O1", "O2"), lost.qty) == (True, 1)
    with ledger.connect() as connection:
        assert connection.scalars(select(reroute.c.cause)).all() == ["count"]
        assert sorted(connection.scalars(select(orders.c.state))) == ["allocated", "back_ordered"]
    assert_sound(ledger)


def test_a_complete_count_finds_nothing_of_what_it_does_not_name(ledger: Engine) -> None:
    stock_up(ledger, {V: 5, W: 2, ("L2", "W"): 4})
    synced = sync(ledger, [CountedSku("V", 5)], is_complete=True)
    assert [line.sku_id for line in synced.lines] == ["V", "W"]
    assert balance_of(ledger, W).available == 0
    assert balance_of(ledger, ("L2", "W")).available == 4


def test_units_that_the_books_have_no_more_are_told_as_unexplained(ledger: Engine) -> None:
    """Counted 0, and then 5 went to a customer: the count or the sale is wrong, the books stay at 0."""
    stock_up(ledger, {V: 5})
    sold_at = NOON + timedelta(minutes=5)
    post_all(ledger, a_group(an_entry(V, 5, EntryReason.SELL, A, Border.CUSTOMER, at=sold_at)))
    [line] = sync(ledger, [CountedSku("V", 0)]).lines
    assert (line.books, line.unexplained) == (5, 5)
    assert balance_of(ledger, V).available == 0


def test_the_first_count_of_a_sku_makes_its_row(ledger: Engine) -> None:
    stock_up(ledger, {V: 5, ("L2", "W"): 1})
    synced = sync(ledger, [CountedSku("W", 4), CountedSku("unknown", 1)])
    assert synced.unknown_sku_ids == ["unknown"]
    assert balance_of(ledger, W) == Balance(available=4, version=1)


@pytest.mark.parametrize(
    ("sheet", "error"),
    [
        ({"lines": [CountedSku("V", 1), CountedSku("V", 2)]}, InvalidRequest),
        ({"lines": [], "counted_at": LATER + timedelta(seconds=1)}, InvalidRequest),
        ({"lines": [], "node_id": "nowhere"}, NotFound),
    ],
    ids=["twice", "future", "nowhere"],
)
def test_a_sheet_that_cannot_be_is_refused(
    ledger: Engine, sheet: dict[str, object], error: type[Exception]
) -> None:
    stock_up(ledger, {V: 5})
    with pytest.raises(error):
        sync(ledger, **sheet)  # type: ignore[arg-type]
