"""Give an order that waits for stock the units that have come, or that it lost and are found elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import Conflict, NotFound, StaleVersion
from fulfillment.domain.placing import Decision, OrderRequest, Position, Slot
from fulfillment.domain.stock import Balance, Entry, EntryReason, StockState
from fulfillment.domain.transitions import ORDERS, OrderState, Verb
from fulfillment.ids import IdSource
from fulfillment.services.expire_holds import post_after_expiry
from fulfillment.services.placed_order import decided_of
from fulfillment.store.capacity import take_capacity
from fulfillment.store.claims import settle_reroutes
from fulfillment.store.orders import LockedOrder, lock_orders, write_allocated
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.placed_orders import Decided, add_decided, allocated_by_line
from fulfillment.store.posting import EntryGroup
from fulfillment.store.transaction import run_in_transaction

_WAITING = (OrderState.BACK_ORDERED, OrderState.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Filled:
    """The order's state, and stock and capacity as they are now."""

    state: OrderState
    balances: Mapping[Position, Balance]
    used: Mapping[Slot, int]


def fill_back_order(
    engine: Engine,
    request: OrderRequest,
    decision: Decision,
    *,
    policy_digest: str,
    release_at: datetime,
    clock: Clock,
    ids: IdSource,
    actor: str,
) -> Filled:
    """Commit what a decision has for an order, all of it or nothing.

    Parameters
    ----------
    request : OrderRequest
        The order with the units that it waits for as its lines.
    decision : Decision
        With some of them.

    Raises
    ------
    NotFound
        When there is no such order.
    StaleVersion
        When it waits for less by now, or for nothing.
    InsufficientStock
        When somebody else took the units first.
    Conflict
        When a node can send no more that day.
    """
    decided = decided_of(decision, policy_digest=policy_digest, release_at=release_at, ids=ids)

    def story(connection: Connection) -> Filled:
        return _fill(connection, request, decided, clock.now(), ids, actor)

    return run_in_transaction(engine, story)


def _fill(
    connection: Connection, request: OrderRequest, decided: Decided, now: datetime, ids: IdSource, actor: str
) -> Filled:
    order = lock_orders(connection, [request.order_id]).get(request.order_id)
    if order is None:
        raise NotFound(f"order {request.order_id} is not there", kind="order", id=request.order_id)
    units = allocated_by_line(decided)
    _require_waiting(order, units)
    group = EntryGroup(order.order_id, tuple(_entries(order, decided, now, actor)), order.channel)
    posted = post_after_expiry(connection, [group], actor=actor, now=now)
    if refusal := posted.refused.get(order.order_id):
        raise refusal
    left = order.waiting - sum(units.values())
    has_begun = order.state is OrderState.IN_PROGRESS
    verb = Verb.REROUTE if has_begun else Verb.BACKORDER if left else Verb.ALLOCATE
    state = ORDERS.move(order.state, verb, order.order_id)
    add_decided(connection, [(request, decided)], now)
    write_allocated(
        connection,
        {order.order_id: state},
        {(order.order_id, line_no): qty for line_no, qty in units.items()},
    )
    settle_reroutes(connection, [order.order_id], now)
    data: dict[str, object] = {
        "order_id": order.order_id,
        "channel": order.channel,
        "decision_id": decided.decision_id,
        "units_left": left,
        "fulfillment_order_ids": [work.fulfillment_order_id for work in decided.work],
    }
    happened = "rerouted" if has_begun else state.value
    add_events(connection, [Event(ids.new_id(), f"order.{happened}", order.order_id, data)], now)
    uses = take_capacity(connection, decided.decision.parcels_by_slot())
    if full := sorted(slot[0] for slot, use in uses.items() if use.excess):
        raise Conflict("the nodes can send no more that day", node_ids=full)
    return Filled(state, posted.balances, {slot: use.used for slot, use in uses.items()})


def _require_waiting(order: LockedOrder, units: Mapping[int, int]) -> None:
    for line_no, qty in units.items():
        line = order.lines.get(line_no)
        if order.state not in _WAITING or line is None or line.waiting < qty:
            raise StaleVersion(
                f"order {order.order_id} does not wait for {qty} units on line {line_no}",
                kind="order",
                id=order.order_id,
            )


def _entries(order: LockedOrder, decided: Decided, now: datetime, actor: str) -> list[Entry]:
    return [
        Entry(
            entry_id=f"fill/{decided.decision_id}/{number}",
            node_id=node_id,
            sku_id=sku_id,
            source=StockState.AVAILABLE,
            target=StockState.COMMITTED,
            qty=qty,
            reason=EntryReason.COMMIT,
            reference=order.order_id,
            actor=actor,
            occurred_at=now,
            recorded_at=now,
        )
        for number, ((node_id, sku_id), qty) in enumerate(
            sorted(decided.decision.units_by_position().items())
        )
    ]
