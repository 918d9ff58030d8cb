"""Committing a plan: what is written, what is passed over, what is refused; crashes and rivals."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Table, func, select, update
from sqlalchemy.exc import IntegrityError

from fulfillment.clock import ManualClock
from fulfillment.domain.errors import InsufficientStock, InvalidRequest, NotFound, StaleVersion
from fulfillment.domain.stock import Balance, EntryReason
from fulfillment.domain.transitions import OrderState
from fulfillment.services import commit_plan as commit_plan_module
from fulfillment.services.commit_plan import PlanCommitted, commit_plan
from fulfillment.services.load_day import load_day
from fulfillment.services.node_work import Allocation
from fulfillment.store.columns import RetailDay
from fulfillment.store.entries import audit, balances
from fulfillment.store.orders import write_allocated
from fulfillment.store.planning_reads import read_day
from fulfillment.store.rowset import insert_rows
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.orders import (
    fulfillment_order,
    fulfillment_order_line,
    hold,
    hold_line,
    order_line,
    orders,
    parcel,
    parcel_line,
)
from fulfillment.store.schema.planning import decision, plan, plan_capacity_price, plan_stock_price
from fulfillment.store.schema.stock import stock_entry
from fulfillment.store.transaction import read_snapshot, run_in_transaction
from tests.support.days import NOON, a_context, a_day, allocate, plan_first_come
from tests.support.ledgers import A, R, a_group, an_entry, post_all

PROJECT = Path(__file__).parents[2]
V1, V2 = ("L1", "V"), ("L2", "V")


def load(ledger: Engine, day: RetailDay) -> RetailDay:
    load_day(ledger, day, actor="import", clock=ManualClock(NOON))
    return day


def read(ledger: Engine) -> RetailDay:
    return read_snapshot(ledger, lambda connection: read_day(connection, NOON))


def commit(ledger: Engine, plan_id: str, allocations: list[Allocation]) -> PlanCommitted:
    return commit_plan(ledger, allocations, a_context(plan_id))


def all_rows(ledger: Engine, table: Table) -> list[dict[str, Any]]:
    with ledger.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(table))]


def states(ledger: Engine) -> dict[str, str]:
    return {row["order_id"]: row["state"] for row in all_rows(ledger, orders)}


def assert_sound(ledger: Engine) -> None:
    """The ledger replays, and what is committed in it is what orders were promised and nodes were told."""
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        committed = sum(balance.committed for balance in balances(connection).values())
        for column in (order_line.c.allocated, fulfillment_order_line.c.qty, parcel_line.c.qty):
            assert connection.execute(select(func.coalesce(func.sum(column), 0))).scalar_one() == committed
        per_order = select(fulfillment_order.c.order_id).distinct()
        waiting = select(orders.c.order_id).where(orders.c.state == "open")
        assert not set(connection.scalars(per_order)) & set(connection.scalars(waiting))


def test_an_order_becomes_work_for_its_nodes(ledger: Engine) -> None:
    load(ledger, a_day({V1: 2, V2: 9, ("L2", "W"): 1}, {"O1": [("V", 3), ("W", 1)]}))
    allocations = allocate("O1", "L1", (1, "V", 2)) + allocate("O1", "L2", (1, "V", 1), (2, "W", 1))
    committed = commit(ledger, "P1", allocations)
    assert committed == PlanCommitted(allocated=["O1"])
    assert states(ledger) == {"O1": "allocated"}
    with ledger.connect() as connection:
        assert balances(connection) == {
            V1: Balance(committed=2, version=2),
            V2: Balance(available=8, committed=1, version=2),
            ("L2", "W"): Balance(committed=1, version=2),
        }
    work = {row["node_id"]: row for row in all_rows(ledger, fulfillment_order)}
    assert set(work) == {"L1", "L2"}
    assert {row["state"] for row in work.values()} == {"open"}
    assert {row["release_at"] for row in work.values()} == {NOON + timedelta(minutes=10)}
    its_lines = all_rows(ledger, fulfillment_order_line)
    lines = {(row["fulfillment_order_id"], row["line_no"], row["qty"]) for row in its_lines}
    first, second = work["L1"]["fulfillment_order_id"], work["L2"]["fulfillment_order_id"]
    assert lines == {(first, 1, 2), (second, 1, 1), (second, 2, 1)}
    assert [(row["carrier"], row["service"], row["state"]) for row in all_rows(ledger, parcel)] == [
        ("usps", "ground", "planned")
    ] * 2
    (decided,) = all_rows(ledger, decision)
    assert (decided["plan_id"], decided["units_left"], decided["decided_at"]) == ("P1", 0, NOON)
    (event,) = all_rows(ledger, outbox)
    assert (event["type"], event["subject"]) == ("order.allocated", "O1")
    assert set(event["data"]["fulfillment_order_ids"]) == {first, second}
    assert_sound(ledger)


def test_a_plan_is_kept_with_its_prices(ledger: Engine) -> None:
    load(ledger, a_day({V1: 2}, {"O1": [("V", 1)]}))
    context = a_context("P1", stock_prices=[("L1", "V", 5)], capacity_prices=[("L1", "day", 7)])
    commit_plan(ledger, allocate("O1", "L1", (1, "V", 1)), context)
    (kept,) = all_rows(ledger, plan)
    assert (kept["state"], kept["total_cents"], kept["lower_bound_cents"]) == ("committed", 1_000, 900)
    assert kept["manifest"] == {"seed": 1}
    assert [row["price_micros"] for row in all_rows(ledger, plan_stock_price)] == [5]
    assert [row["price_micros"] for row in all_rows(ledger, plan_capacity_price)] == [7]


def test_committing_again_passes_over_every_order(ledger: Engine) -> None:
    load(ledger, a_day({V1: 9}, {"O1": [("V", 3)], "O2": [("V", 4)]}))
    allocations = allocate("O1", "L1", (1, "V", 3)) + allocate("O2", "L1", (1, "V", 1))
    assert commit(ledger, "P1", allocations) == PlanCommitted(allocated=["O1"], back_ordered=["O2"])
    before = all_rows(ledger, stock_entry)
    assert commit(ledger, "P1", allocations) == PlanCommitted(passed_over=["O1", "O2"])
    assert all_rows(ledger, stock_entry) == before
    assert_sound(ledger)


def test_what_a_plan_left_is_read_and_decided_by_the_next(ledger: Engine) -> None:
    load(ledger, a_day({V1: 9}, {"O1": [("V", 3), ("V", 2)], "O2": [("V", 1)]}, capacity=5))
    commit(ledger, "P1", allocate("O1", "L1", (1, "V", 1), (2, "V", 2)))
    rest = read(ledger)
    assert states(ledger) == {"O1": "back_ordered", "O2": "open"}
    lines = rest.order_lines
    assert list(zip(lines.order_id, lines.line_no, lines.qty, strict=True)) == [("O1", 1, 2), ("O2", 1, 1)]
    assert rest.stock.available == [6]
    assert rest.nodes.capacity_parcels == [4]
    commit(ledger, "P2", plan_first_come(rest))
    assert states(ledger) == {"O1": "allocated", "O2": "allocated"}
    assert read(ledger).orders.order_id == []
    assert read(ledger).nodes.capacity_parcels == [2]
    assert_sound(ledger)


def test_a_node_over_its_capacity_has_none_left(ledger: Engine) -> None:
    load(ledger, a_day({V1: 9}, {"O1": [("V", 1)], "O2": [("V", 1)]}, capacity=1))
    commit(ledger, "P1", allocate("O1", "L1", (1, "V", 1)) + allocate("O2", "L1", (1, "V", 1)))
    assert read(ledger).nodes.capacity_parcels == [0]


def test_an_order_that_somebody_else_was_faster_for_stays_open(ledger: Engine) -> None:
    day = load(ledger, a_day({V1: 3}, {"O1": [("V", 2)], "O2": [("V", 1)]}))
    allocations = plan_first_come(day)
    post_all(ledger, a_group(an_entry(V1, 2)))
    committed = commit(ledger, "P1", allocations)
    assert committed.allocated == ["O2"]
    refusal = committed.refused["O1"]
    assert isinstance(refusal, InsufficientStock)
    assert [(s.requested, s.available) for s in refusal.shortfalls] == [(2, 1)]
    assert states(ledger) == {"O1": "open", "O2": "allocated"}


def test_safety_stock_is_left_alone_whatever_the_plan_says(ledger: Engine) -> None:
    load(ledger, a_day({V1: 3}, {"O1": [("V", 3)]}, safety={V1: 1}))
    committed = commit(ledger, "P1", allocate("O1", "L1", (1, "V", 3)))
    assert isinstance(committed.refused["O1"], InsufficientStock)


@pytest.mark.parametrize(
    "line", [(1, "V", 4), (2, "V", 1), (1, "W", 1)], ids=["too many units", "no such line", "another SKU"]
)
def test_units_that_an_order_does_not_wait_for_are_refused(
    ledger: Engine, line: tuple[int, str, int]
) -> None:
    load(ledger, a_day({V1: 9, ("L1", "W"): 9}, {"O1": [("V", 3)]}))
    committed = commit(ledger, "P1", allocate("O1", "L1", line))
    assert isinstance(committed.refused["O1"], StaleVersion)
    assert states(ledger) == {"O1": "open"}


def test_an_order_that_is_not_there_is_refused(ledger: Engine) -> None:
    load(ledger, a_day({V1: 9}, {}))
    assert isinstance(commit(ledger, "P1", allocate("O9", "L1", (1, "V", 1))).refused["O9"], NotFound)


def test_an_order_on_hold_is_passed_over_and_not_read(ledger: Engine) -> None:
    load(ledger, a_day({V1: 9}, {"O1": [("V", 3)]}))
    with ledger.begin() as connection:
        connection.execute(update(orders).values(state="on_hold", review="fraud"))
    assert read(ledger).orders.order_id == read(ledger).order_lines.order_id == []
    assert commit(ledger, "P1", allocate("O1", "L1", (1, "V", 3))).passed_over == ["O1"]


def test_a_parcel_of_two_orders_is_refused_before_anything_is_written(ledger: Engine) -> None:
    load(ledger, a_day({V1: 9}, {"O1": [("V", 1)], "O2": [("V", 1)]}))
    twice = [Allocation(order_id, 1, "V", "L1", "same", "usps", "ground", 1) for order_id in ("O1", "O2")]
    with pytest.raises(InvalidRequest):
        commit(ledger, "P1", twice)
    assert all_rows(ledger, plan) == []


def hold_units(ledger: Engine, hold_id: str, qty: int, *, expires_in: timedelta) -> None:
    post_all(ledger, a_group(an_entry(V1, qty, EntryReason.HOLD, A, R)))
    head = (hold_id, "active", "web", NOON + expires_in, NOON, 1, None)
    with ledger.begin() as connection:
        insert_rows(connection, hold, {column: [value] for column, value in zip(hold.c, head, strict=True)})
        its_line = (hold_id, *V1, qty)
        insert_rows(
            connection, hold_line, {c: [value] for c, value in zip(hold_line.c, its_line, strict=True)}
        )


def test_what_an_expired_hold_reserves_is_planned_and_taken(ledger: Engine) -> None:
    load(ledger, a_day({V1: 5}, {"O1": [("V", 4)]}))
    hold_units(ledger, "H1", 3, expires_in=timedelta(0))
    hold_units(ledger, "H2", 1, expires_in=timedelta(minutes=1))
    day = read(ledger)
    assert day.stock.available == [4]
    assert commit(ledger, "P1", plan_first_come(day)).allocated == ["O1"]
    assert {row["hold_id"]: row["state"] for row in all_rows(ledger, hold)} == {
        "H1": "expired",
        "H2": "active",
    }
    with ledger.connect() as connection:
        assert balances(connection)[V1] == Balance(reserved=1, committed=4, version=5)
    assert_sound(ledger)


STOCK = {(f"L{n}", f"V{s}"): 3 for n in range(4) for s in range(5)}
ORDERS = {
    f"O{index:02}": [(f"V{index % 5}", index % 3 + 1), (f"V{(index * 3 + 1) % 5}", 1)] for index in range(30)
}


def test_rival_planners_neither_oversell_nor_double(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """All plan on the same snapshot and commit at once; each order goes to one of them or to none."""
    monkeypatch.setattr(commit_plan_module, "ORDERS_PER_TRANSACTION", 4)
    load(ledger, a_day(STOCK, ORDERS))
    allocations = plan_first_come(read(ledger))
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda n: commit(ledger, f"P{n}", allocations), range(4)))
    decided = [order_id for outcome in outcomes for order_id in outcome.allocated + outcome.back_ordered]
    assert len(decided) == len(set(decided)) == len({each.order_id for each in allocations})
    assert_sound(ledger)


CRASH_WHILE_COMMITTING = """
import os
from fulfillment.store.engine import open_engine
from tests.services.test_commit_plan import *
commit_plan_module.ORDERS_PER_TRANSACTION = 4
place, left = os.environ["CRASH_AT"], int(os.environ["CRASH_AFTER"])

def crash(*_):
    global left
    left -= 1
    if left == 0:
        os._exit(9)

ledger = open_engine(os.environ["LEDGER"])
if place == "inside":
    add_events = commit_plan_module.add_events
    commit_plan_module.add_events = lambda *given: (add_events(*given), crash())  # all written, not committed
commit_plan(ledger, plan_first_come(read(ledger)), a_context("P1"),
            on_progress=crash if place == "between" else lambda _: None)
"""


@pytest.mark.parametrize(("place", "after"), [("between", 1), ("between", 3), ("inside", 1), ("inside", 4)])
def test_a_planner_killed_at_any_moment_is_followed_by_another(
    ledger: Engine, place: str, after: int
) -> None:
    """Between two groups, and when all of a group is written and nothing is committed."""
    load(ledger, a_day(STOCK, ORDERS))
    whole = plan_first_come(read(ledger))
    environment = {
        **os.environ,
        "LEDGER": ledger.url.render_as_string(hide_password=False),
        "CRASH_AT": place,
        "CRASH_AFTER": str(after),
    }
    crashed = subprocess.run(
        [sys.executable, "-c", CRASH_WHILE_COMMITTING], env=environment, cwd=PROJECT, check=False
    )
    assert crashed.returncode == 9
    groups = after if place == "between" else after - 1
    assert sum(state != "open" for state in states(ledger).values()) == 4 * groups
    assert_sound(ledger)
    # The same plan again, and then a new one over what is left.
    committed = commit(ledger, "P1", whole)
    assert len(committed.passed_over) == 4 * groups
    assert committed.refused == {}
    assert_sound(ledger)
    commit(ledger, "P2", plan_first_come(read(ledger)))
    assert_sound(ledger)
    with ledger.connect() as connection:
        assert sum(balance.committed for balance in balances(connection).values()) == sum(
            each.qty for each in whole
        )


def test_the_harness_sees_a_planner_that_commits_without_judging(ledger: Engine) -> None:
    """The broken twin: it allocates lines without looking; the database has the last word."""
    load(ledger, a_day({V1: 9}, {"O1": [("V", 3)]}))

    def twice(connection: Any) -> None:
        for _ in range(2):
            write_allocated(connection, {"O1": OrderState.ALLOCATED}, {("O1", 1): 3})

    with pytest.raises(IntegrityError, match=r"allocated_within_qty|cancelled_is_not_allocated"):
        run_in_transaction(ledger, twice)
    run_in_transaction(
        ledger, lambda connection: write_allocated(connection, {"O1": OrderState.ALLOCATED}, {("O1", 1): 3})
    )
    with pytest.raises(AssertionError):
        assert_sound(ledger)
