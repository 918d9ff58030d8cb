"""Work is released when its window is over, not before, and never twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Engine, select, update

from fulfillment.clock import ManualClock
from fulfillment.ids import TimeOrderedIds
from fulfillment.services.commit_plan import commit_plan
from fulfillment.services.load_day import load_day
from fulfillment.services.release_due import release_due
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.orders import fulfillment_order, orders
from tests.support.days import NOON, a_context, a_day, plan_first_come

WINDOW = timedelta(minutes=10)


def decided(ledger: Engine, *orders_of: str) -> None:
    """Load orders of one unit each and commit a plan for them at noon."""
    day = a_day({("L1", "V"): 50}, {order_id: [("V", 1)] for order_id in orders_of})
    load_day(ledger, day, actor="import", clock=ManualClock(NOON))
    commit_plan(ledger, plan_first_come(day), a_context("P1"))


def release_at(ledger: Engine, clock: ManualClock) -> int:
    return release_due(ledger, clock=clock, ids=TimeOrderedIds(clock))


def states(ledger: Engine) -> dict[str, tuple[str, str]]:
    """The state of each order and of its work."""
    f = fulfillment_order.c
    with ledger.connect() as connection:
        rows = connection.execute(
            select(orders.c.order_id, orders.c.state, f.state).join_from(
                orders, fulfillment_order, f.order_id == orders.c.order_id
            )
        )
        return {order_id: (state, its) for order_id, state, its in rows}


def released_events(ledger: Engine) -> list[tuple[str, str]]:
    o = outbox.c
    with ledger.connect() as connection:
        rows = connection.execute(
            select(o.subject, o.data).where(o.type == "fulfillment_order.released").order_by(o.position)
        )
        return [(subject, data["node_id"]) for subject, data in rows]


def test_work_is_released_when_its_window_is_over(ledger: Engine) -> None:
    decided(ledger, "O1", "O2")
    clock = ManualClock(NOON)
    clock.advance(WINDOW - timedelta(seconds=1))
    assert release_at(ledger, clock) == 0
    assert states(ledger) == dict.fromkeys(("O1", "O2"), ("allocated", "open"))
    clock.advance(timedelta(seconds=1))
    assert release_at(ledger, clock) == 2
    assert states(ledger) == dict.fromkeys(("O1", "O2"), ("in_progress", "released"))
    assert released_events(ledger) == [("O1", "L1"), ("O2", "L1")]
    assert release_at(ledger, clock) == 0


def test_an_order_on_hold_keeps_its_work_back(ledger: Engine) -> None:
    decided(ledger, "O1", "O2")
    with ledger.begin() as connection:
        suspended = update(orders).where(orders.c.order_id == "O1")
        connection.execute(suspended.values(state="on_hold", review="fraud"))
    clock = ManualClock(NOON + timedelta(hours=1))
    assert release_at(ledger, clock) == 1
    assert states(ledger) == {"O1": ("on_hold", "open"), "O2": ("in_progress", "released")}


def test_several_workers_release_each_once(ledger: Engine) -> None:
    decided(ledger, *(f"O{n}" for n in range(40)))
    clock = ManualClock(NOON + timedelta(hours=1))
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda _: release_at(ledger, clock), range(4)))
    assert sum(counts) == 40
    assert len(released_events(ledger)) == 40
