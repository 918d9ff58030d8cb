"""Sales at the till: physical truth wins, and whoever lost a unit is named."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, Table, func, select, update

from fulfillment.clock import ManualClock
from fulfillment.domain.errors import Conflict, InvalidRequest, NotFound
from fulfillment.domain.holds import HeldUnits
from fulfillment.domain.stock import Balance
from fulfillment.ids import SeededIds
from fulfillment.services.commit_plan import commit_plan
from fulfillment.services.load_day import load_day
from fulfillment.services.node_work import Allocation
from fulfillment.services.open_hold import OpenHold, open_hold
from fulfillment.services.sell_at_till import Sold, SoldUnits, sell_at_till
from fulfillment.store.claims import committed_by_claims
from fulfillment.store.entries import audit, balances
from fulfillment.store.holds import read_holds
from fulfillment.store.planning_reads import read_day
from fulfillment.store.posting import Position
from fulfillment.store.rowset import insert_rows
from fulfillment.store.schema.catalogue import kit, kit_component
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.orders import (
    fulfillment_order,
    fulfillment_order_line,
    order_line,
    orders,
    parcel,
    parcel_line,
    reroute,
)
from fulfillment.store.transaction import read_snapshot
from tests.support.days import NOON, Lines, a_context, a_day, allocate
from tests.support.ledgers import a_group, an_entry, post_all, stock_up

V, W = ("L1", "V"), ("L1", "W")
CLOCK = ManualClock(NOON)
IDS = SeededIds(1, CLOCK)


def sell(ledger: Engine, *sales: SoldUnits, clock: ManualClock = CLOCK) -> Sold:
    return sell_at_till(ledger, sales, clock=clock, ids=IDS, actor="till 4")


def place_orders(ledger: Engine, stock: Mapping[Position, int], placed: Mapping[str, Lines]) -> None:
    """Orders with all their units at L1, one parcel each."""
    load_day(ledger, a_day(stock, placed), actor="import", clock=CLOCK)
    plan: list[Allocation] = []
    for order_id, lines in placed.items():
        numbered = [(n, sku_id, qty) for n, (sku_id, qty) in enumerate(lines, start=1)]
        plan += allocate(order_id, "L1", *numbered)
    committed = commit_plan(ledger, plan, a_context("P1"))
    assert not committed.refused


def hold(ledger: Engine, hold_id: str, qty: int, minutes: int = 15, clock: ManualClock = CLOCK) -> None:
    command = OpenHold(
        hold_id=hold_id,
        channel="web",
        units=(HeldUnits(*V, qty),),
        expires_at=NOON + timedelta(minutes=minutes),
        customer_id=f"customer of {hold_id}",
    )
    open_hold(ledger, command, clock=clock, ids=IDS, actor="web")


def rows(ledger: Engine, table: Table) -> list[dict[str, Any]]:
    with ledger.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(table))]


def told(ledger: Engine) -> list[tuple[str, str]]:
    """The events of losses and whom they are about."""
    events = sorted(rows(ledger, outbox), key=lambda row: row["position"])
    return [(row["type"], row["subject"]) for row in events if row["type"].endswith("units_lost")]


def balance_of(ledger: Engine, position: Position) -> tuple[int, int, int]:
    with ledger.connect() as connection:
        found = balances(connection)[position]
    return (found.available, found.reserved, found.committed)


def assert_sound(ledger: Engine) -> None:
    """The ledger replays; what is committed is what nodes were told and what orders believe to have."""
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        committed = {p: b.committed for p, b in balances(connection).items() if b.committed}
        assert committed_by_claims(connection) == committed
        sums = [
            connection.execute(select(func.coalesce(func.sum(column), 0))).scalar_one()
            for column in (order_line.c.allocated, fulfillment_order_line.c.qty, parcel_line.c.qty)
        ]
        assert len(set(sums)) == 1


def test_a_unit_on_the_shelf_is_sold_and_nobody_loses_it(ledger: Engine) -> None:
    stock_up(ledger, {V: 5})
    hold(ledger, "cart", 3)
    sold = sell(ledger, SoldUnits("R1", *V, 2))
    assert (sold.applied, sold.lost) == ([0], [])
    assert balance_of(ledger, V) == (0, 3, 0)


def test_selling_again_is_harmless_and_another_sale_of_that_id_is_refused(ledger: Engine) -> None:
    stock_up(ledger, {V: 1})
    sale = SoldUnits("R1", *V, 3)  # two of them were found first
    assert sell(ledger, sale, sale).duplicates == [1]
    again = sell(ledger, sale, SoldUnits("R1", *V, 2))
    assert again.duplicates == [0]
    assert isinstance(again.refused[1], Conflict)
    with ledger.connect() as connection:
        assert balances(connection)[V] == Balance(version=3)


def test_a_sale_that_the_books_know_nothing_of_is_booked(ledger: Engine) -> None:
    stock_up(ledger, {V: 1, ("L2", "W"): 1})
    sold = sell(ledger, SoldUnits("R1", *W, 2), SoldUnits("R2", "L9", "V", 1), SoldUnits("R3", "L1", "X", 1))
    assert sold.applied == [0]
    assert {index: type(error) for index, error in sold.refused.items()} == {1: NotFound, 2: NotFound}
    assert balance_of(ledger, W) == (0, 0, 0)
    assert_sound(ledger)


def test_holds_lose_before_orders_and_the_later_hold_first(ledger: Engine) -> None:
    place_orders(ledger, {V: 10}, {"O1": [("V", 4)]})
    hold(ledger, "early", 2)
    hold(ledger, "late", 3, clock=ManualClock(NOON + timedelta(minutes=1)))
    sold = sell(ledger, SoldUnits("R1", *V, 5, "receipt 1"))
    assert [(lost.hold_id, lost.qty, lost.reference) for lost in sold.lost] == [
        ("late", 3, "receipt 1"),
        ("early", 1, "receipt 1"),
    ]
    assert told(ledger) == [("hold.units_lost", "late"), ("hold.units_lost", "early")]
    with ledger.connect() as connection:
        found = read_holds(connection, ["early", "late"])
    assert (found["late"].state, found["early"].units) == ("released", (HeldUnits(*V, 1),))
    assert balance_of(ledger, V) == (0, 1, 4)
    assert_sound(ledger)


def test_an_expired_hold_loses_nothing(ledger: Engine) -> None:
    stock_up(ledger, {V: 3})
    hold(ledger, "gone", 3)
    sold = sell(ledger, SoldUnits("R1", *V, 2), clock=ManualClock(NOON + timedelta(minutes=15)))
    assert sold.lost == []
    assert balance_of(ledger, V) == (1, 0, 0)
    assert [row["type"] for row in rows(ledger, outbox)] == ["hold.opened", "hold.expired"]
    assert_sound(ledger)


def test_an_order_that_lost_units_waits_for_another_node(ledger: Engine) -> None:
    place_orders(ledger, {V: 3, W: 5, ("L2", "V"): 9}, {"O1": [("V", 3), ("W", 1)]})
    sold = sell(ledger, SoldUnits("R1", *V, 2, "receipt 1"))
    [lost] = sold.lost
    assert (lost.order_id, lost.line_no, lost.qty) == ("O1", 1, 2)
    assert told(ledger) == [("order.units_lost", "O1")]
    assert [row["state"] for row in rows(ledger, orders)] == ["back_ordered"]
    assert [row["allocated"] for row in rows(ledger, order_line)] == [1, 1]
    [waiting] = rows(ledger, reroute)
    names = ("order_id", "line_no", "qty", "node_id", "cause", "reference")
    assert [waiting[name] for name in names] == ["O1", 1, 2, "L1", "till", "receipt 1"]
    assert_sound(ledger)


def test_what_was_lost_is_planned_again_and_settled(ledger: Engine) -> None:
    place_orders(ledger, {V: 3, ("L2", "V"): 9}, {"O1": [("V", 3)]})
    sell(ledger, SoldUnits("R1", *V, 2))
    day = read_snapshot(ledger, lambda connection: read_day(connection, NOON))
    assert list(zip(day.order_lines.order_id, day.order_lines.qty, strict=True)) == [("O1", 2)]
    committed = commit_plan(ledger, allocate("O1", "L2", (1, "V", 2)), a_context("P2"))
    assert committed.allocated == ["O1"]
    assert [row["settled_at"] for row in rows(ledger, reroute)] == [NOON]
    assert_sound(ledger)


def test_work_that_has_nothing_left_is_cancelled(ledger: Engine) -> None:
    place_orders(ledger, {V: 3}, {"O1": [("V", 2)], "O2": [("V", 1)]})
    sell(ledger, SoldUnits("R1", *V, 3))
    for table in (fulfillment_order, parcel):
        assert [row["state"] for row in rows(ledger, table)] == ["cancelled"] * 2
    assert rows(ledger, fulfillment_order_line) == rows(ledger, parcel_line) == []
    assert {row["state"] for row in rows(ledger, orders)} == {"back_ordered"}
    assert balance_of(ledger, V) == (0, 0, 0)
    assert_sound(ledger)


def test_picked_units_are_lost_last(ledger: Engine) -> None:
    place_orders(ledger, {V: 4}, {"O1": [("V", 2)], "O2": [("V", 2)]})
    with ledger.begin() as connection:
        line = fulfillment_order_line.c
        connection.execute(update(fulfillment_order_line).where(line.order_id == "O2").values(picked=2))
    assert [lost.order_id for lost in sell(ledger, SoldUnits("R1", *V, 2)).lost] == ["O1"]
    assert [lost.order_id for lost in sell(ledger, SoldUnits("R2", *V, 1)).lost] == ["O2"]
    assert [row["picked"] for row in rows(ledger, fulfillment_order_line)] == [1]
    assert_sound(ledger)


def test_units_that_the_books_gave_to_nobody_are_told_too(ledger: Engine) -> None:
    """Committed without any work: the sale is booked all the same, and the drift is told."""
    stock_up(ledger, {V: 2})
    post_all(ledger, a_group(an_entry(V, 2)))
    sold = sell(ledger, SoldUnits("R1", *V, 1))
    assert [(lost.order_id, lost.hold_id, lost.qty) for lost in sold.lost] == [(None, None, 1)]
    assert told(ledger) == [("stock.unclaimed_units_lost", "L1/V")]


def make_kit(ledger: Engine) -> None:
    """K is two V and one W."""
    with ledger.begin() as connection:
        insert_rows(connection, kit, {kit.c.kit_sku_id: ["K"], kit.c.version: [1], kit.c.recorded_at: [NOON]})
        k = kit_component.c
        insert_rows(
            connection,
            kit_component,
            {k.kit_sku_id: ["K"] * 2, k.version: [1] * 2, k.sku_id: ["V", "W"], k.qty: [2, 1]},
        )


def test_a_kit_that_lost_one_unit_is_lost_whole_and_frees_the_others(ledger: Engine) -> None:
    place_orders(ledger, {V: 4, W: 2, ("L1", "K"): 2}, {"O1": [("K", 2)]})
    make_kit(ledger)  # what was committed of K is written as its components, as a placed order does it
    post_all(ledger, a_group(an_entry(V, 4), an_entry(W, 2)))
    sold = sell(ledger, SoldUnits("R1", *V, 1))
    assert [(lost.order_id, lost.sku_id, lost.qty) for lost in sold.lost] == [("O1", "K", 1)]
    assert balance_of(ledger, V) == (1, 0, 2)
    assert balance_of(ledger, W) == (1, 0, 1)
    assert [row["allocated"] for row in rows(ledger, order_line)] == [1]
    with ledger.connect() as connection:
        assert committed_by_claims(connection) == {V: 2, W: 1}


def test_a_kit_itself_cannot_be_carried_out(ledger: Engine) -> None:
    stock_up(ledger, {V: 4, W: 2, ("L1", "K"): 1})
    make_kit(ledger)
    refusal = sell(ledger, SoldUnits("R1", "L1", "K", 1)).refused[0]
    assert isinstance(refusal, InvalidRequest)
    assert refusal.data["components"] == {"V": 2, "W": 1}


@pytest.mark.parametrize("buyers", [8])
def test_tills_and_carts_at_once_leave_sound_books(ledger: Engine, buyers: int) -> None:
    """Every sale is booked, whoever else was at it; what is reserved is what holds hold."""
    place_orders(ledger, {V: 20, W: 20}, {f"O{n}": [("V", 1), ("W", 1)] for n in range(6)})

    def work(number: int) -> int:
        if number % 2:
            hold(ledger, f"cart {number}", 2)
            return 0
        sales = [SoldUnits(f"R{number}-{n}", "L1", sku_id, 3) for n, sku_id in enumerate(("V", "W"))]
        return len(sell(ledger, *(sales if number % 4 else reversed(sales))).applied)

    with ThreadPoolExecutor(buyers) as pool:
        futures = [pool.submit(work, number) for number in range(2 * buyers)]
        applied = sum(future.result() for future in futures if future.exception() is None)
    assert not [f.exception() for n, f in enumerate(futures) if n % 2 == 0 and f.exception()]
    assert applied == 2 * buyers
    with ledger.connect() as connection:
        found = balances(connection)
        holds = read_holds(connection, [f"cart {n}" for n in range(2 * buyers)])
    held = sum(u.qty for each in holds.values() if each.state == "active" for u in each.units)
    assert found[V].reserved == held
    assert_sound(ledger)
