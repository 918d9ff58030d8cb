"""Commit a plan: turn its allocations into entries and into work for nodes.

A plan is made on a snapshot, so each order is judged again here, under locks. Orders are committed in bounded
groups, each a transaction of its own: it locks its orders, then the stock rows of all of them in (node, SKU)
order, and writes entries, decisions, fulfillment orders, parcels and events together with the orders' new
states. A crash therefore leaves whole groups, and committing again passes over what is decided. An order
whose units somebody else took first stays as it was and is reported; the next plan decides it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import Conflict, FulfillmentError, NotFound, StaleVersion
from fulfillment.domain.stock import Entry, EntryReason, StockState
from fulfillment.domain.transitions import ORDERS, OrderState, Verb
from fulfillment.ids import IdSource
from fulfillment.services.expire_holds import post_after_expiry
from fulfillment.services.node_work import Allocation, by_order, node_work, units_by_line, units_by_position
from fulfillment.store.claims import settle_reroutes
from fulfillment.store.fulfillment_orders import add_work
from fulfillment.store.orders import LockedOrder, lock_orders, write_allocated
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.plans import Decision, PlanHead, add_decisions, add_plan, decided_by, finish_plan
from fulfillment.store.posting import EntryGroup
from fulfillment.store.transaction import run_in_transaction

ORDERS_PER_TRANSACTION = 500
WAITING = (OrderState.OPEN, OrderState.BACK_ORDERED)

OrderAllocations = Mapping[str, Sequence[Allocation]]


@dataclass(frozen=True, slots=True)
class PlanCommitted:
    """What became of each order of a plan.

    Attributes
    ----------
    allocated : list of str
        Orders that have all their units now.
    back_ordered : list of str
        Orders that have some, as the plan said; the rest waits for stock.
    passed_over : list of str
        Orders that were decided before, or wait for no decision any more.
    refused : dict
        The reason by order: `InsufficientStock` when somebody else was first, `StaleVersion` when the order
        asks for something else by now, `NotFound`. Such an order is as it was.
    """

    allocated: list[str] = field(default_factory=list)
    back_ordered: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    refused: dict[str, FulfillmentError] = field(default_factory=dict)

    def add(self, group: "PlanCommitted") -> None:
        """Add the outcome of another group of orders."""
        self.allocated.extend(group.allocated)
        self.back_ordered.extend(group.back_ordered)
        self.passed_over.extend(group.passed_over)
        self.refused.update(group.refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitContext:
    """What every group of one plan shares.

    Attributes
    ----------
    release_window : timedelta
        From the commit until nodes may begin; until then a decision may be improved.
    actor : str
        Who commits, for the entries.
    """

    head: PlanHead
    release_window: timedelta
    actor: str
    clock: Clock
    ids: IdSource


def commit_plan(
    engine: Engine,
    allocations: Iterable[Allocation],
    context: CommitContext,
    *,
    on_progress: Callable[[int], None] = lambda _: None,
) -> PlanCommitted:
    """Commit the allocations of a plan, `ORDERS_PER_TRANSACTION` orders at a time.

    Parameters
    ----------
    allocations : iterable of Allocation
        In any order. An order of the plan that has none stays open.
    on_progress : callable
        Takes how many orders more are done.

    Raises
    ------
    InvalidRequest
        When a parcel of the plan belongs to two orders or nodes; nothing is written.
    Busy
        When a group lost every attempt. The groups before it are committed, and committing again is safe.
    """
    of_order = by_order(allocations)
    run_in_transaction(engine, lambda connection: add_plan(connection, context.head, context.clock.now()))
    committed = PlanCommitted()
    order_ids = sorted(of_order)
    for start in range(0, len(order_ids), ORDERS_PER_TRANSACTION):
        group = {
            order_id: of_order[order_id] for order_id in order_ids[start : start + ORDERS_PER_TRANSACTION]
        }

        def story(connection: Connection, group: OrderAllocations = group) -> PlanCommitted:
            return _commit_group(connection, group, context)

        committed.add(run_in_transaction(engine, story))
        on_progress(len(group))
    run_in_transaction(engine, lambda connection: finish_plan(connection, context.head.plan_id))
    return committed


def _commit_group(connection: Connection, group: OrderAllocations, context: CommitContext) -> PlanCommitted:
    now = context.clock.now()
    outcome = PlanCommitted()
    orders = lock_orders(connection, group)
    decided = decided_by(connection, context.head.plan_id, group)
    wanted: dict[str, Sequence[Allocation]] = {}
    for order_id, allocations in group.items():
        order = orders.get(order_id)
        if order is None:
            outcome.refused[order_id] = NotFound(f"order {order_id} is not there", kind="order", id=order_id)
        elif order_id in decided or order.state not in WAITING:
            outcome.passed_over.append(order_id)
        elif (stale := _staleness(order, allocations)) is not None:
            outcome.refused[order_id] = stale
        else:
            wanted[order_id] = allocations
    taken = _take_units(connection, wanted, orders, context, now)
    outcome.refused.update(taken)
    _write_decisions(
        connection,
        {order_id: orders[order_id] for order_id in wanted if order_id not in taken},
        wanted,
        context,
        now,
        outcome,
    )
    return outcome


def _staleness(order: LockedOrder, allocations: Sequence[Allocation]) -> Conflict | None:
    """Tell why the order does not ask for these units, if it does not."""
    for (line_no, sku_id), qty in units_by_line(allocations).items():
        line = order.lines.get(line_no)
        if line is None or line.sku_id != sku_id or line.waiting < qty:
            return StaleVersion(
                f"order {order.order_id} does not wait for {qty} units of {sku_id} on line {line_no}",
                order_id=order.order_id,
                line_no=line_no,
                qty=qty,
            )
    return None


def _take_units(
    connection: Connection,
    wanted: OrderAllocations,
    orders: Mapping[str, LockedOrder],
    context: CommitContext,
    now: datetime,
) -> dict[str, FulfillmentError]:
    """Commit the units of each order, all of them or none; return who was refused and why.

    The plan counted on what expired holds reserve, so those are ended first, by entries of the same call.
    """
    groups = [
        EntryGroup(order_id, tuple(_entries(order_id, allocations, context, now)), orders[order_id].channel)
        for order_id, allocations in wanted.items()
    ]
    posted = post_after_expiry(connection, groups, actor=context.actor, now=now)
    return dict(posted.refused)


def _entries(
    order_id: str, allocations: Sequence[Allocation], context: CommitContext, now: datetime
) -> Iterable[Entry]:
    for (node_id, sku_id), qty in units_by_position(allocations).items():
        name = "/".join(quote(part, safe="") for part in (context.head.plan_id, order_id, node_id, sku_id))
        yield Entry(
            entry_id=f"plan/{name}",
            node_id=node_id,
            sku_id=sku_id,
            source=StockState.AVAILABLE,
            target=StockState.COMMITTED,
            qty=qty,
            reason=EntryReason.COMMIT,
            reference=order_id,
            actor=context.actor,
            occurred_at=now,
            recorded_at=now,
        )


def _write_decisions(
    connection: Connection,
    orders: Mapping[str, LockedOrder],
    wanted: OrderAllocations,
    context: CommitContext,
    now: datetime,
    outcome: PlanCommitted,
) -> None:
    if not orders:
        return
    release_at = now + context.release_window
    decisions, work, events = [], [], []
    states: dict[str, OrderState] = {}
    units: dict[tuple[str, int], int] = {}
    for order_id, order in orders.items():
        lines = units_by_line(wanted[order_id])
        left = order.waiting - sum(lines.values())
        states[order_id] = ORDERS.move(order.state, Verb.BACKORDER if left else Verb.ALLOCATE, order_id)
        (outcome.back_ordered if left else outcome.allocated).append(order_id)
        units.update({(order_id, line_no): qty for (line_no, _), qty in lines.items()})
        decision = Decision(context.ids.new_id(), order_id, left)
        decisions.append(decision)
        its_work = node_work(order, wanted[order_id], decision.decision_id, release_at, context.ids)
        work.extend(its_work)
        data = {
            "order_id": order_id,
            "decision_id": decision.decision_id,
            "plan_id": context.head.plan_id,
            "units_left": left,
            "fulfillment_order_ids": [each.fulfillment_order.fulfillment_order_id for each in its_work],
        }
        events.append(Event(context.ids.new_id(), f"order.{states[order_id]}", order_id, data))
    add_decisions(connection, decisions, context.head.plan_id, context.head.policy_digest, now)
    add_work(connection, work, now)
    write_allocated(connection, states, units)
    settle_reroutes(connection, list(states), now)
    add_events(connection, events, now)
