"""Change where and how an order reaches its customer, before any node has begun.

The old work is taken back and the order decided anew in one transaction, on locked rows: the units that it
keeps never become free in between, and when the new wish cannot be fulfilled the old one stands untouched.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from fulfillment.domain.errors import MoveRefused, NotFound
from fulfillment.domain.placing import Decision, OnShort, OrderRequest, Position
from fulfillment.domain.stock import Entry, EntryReason, StockState
from fulfillment.domain.transitions import (
    FULFILLMENT_ORDERS,
    ORDERS,
    FulfillmentOrderState,
    OrderState,
    Verb,
)
from fulfillment.services.order_refusals import refusal_of
from fulfillment.services.place_orders import CapacityTaken, PlacingTerms
from fulfillment.services.placed_order import decided_of, event_of
from fulfillment.services.take_work_back import cancellable, parcels_to_cancel, uncommit_entries
from fulfillment.store.capacity import give_back_capacity, take_capacity
from fulfillment.store.claims import settle_reroutes
from fulfillment.store.order_work import (
    WorkInHand,
    lock_order,
    read_work,
    slots_in_hand,
    units_in_hand,
    write_cancelled,
    write_order,
)
from fulfillment.store.outbox import add_events
from fulfillment.store.placed_orders import PlacedOrder, add_decided, allocated_by_line
from fulfillment.store.posting import EntryGroup
from fulfillment.store.stock import post

Wish = Callable[[OrderRequest], OrderRequest]
"""Takes what an order asks for, returns what it asks for from now on; its lines stay."""

DecideUnderLocks = Callable[
    [Connection, Sequence[OrderRequest], Mapping[str, Mapping[Position, int]]], Mapping[str, Decision]
]
"""Decides orders within a transaction; takes the units that are committed to each already."""


def change_order(
    connection: Connection,
    order_id: str,
    wish: Wish,
    decide: DecideUnderLocks,
    terms: PlacingTerms,
    *,
    now: datetime,
    actor: str,
) -> PlacedOrder:
    """Change it within the caller's transaction.

    Raises
    ------
    NotFound
        When there is no such order.
    MoveRefused
        When a node may have begun, or it has ended.
    InsufficientStock
        When it could not be filled as it now asks, and its `on_short` says that it must.
    CapacityTaken
        When the decision exceeds a node's capacity; the transaction must not commit.
    """
    order = lock_order(connection, order_id)
    if order is None:
        raise NotFound(f"there is no order {order_id}", kind="order", id=order_id)
    state = ORDERS.move(order.state, Verb.CHANGE, order_id)
    asked = wish(order.request)
    work = cancellable(read_work(connection, order_id))
    _refuse_begun(work, now)
    if state is OrderState.ON_HOLD:
        write_order(connection, asked, state, {})
        changed = PlacedOrder(asked, "", state, None)
        add_events(connection, [event_of(changed, terms.ids, "changed")], now)
        return changed
    units = units_in_hand(work)
    decision = decide(connection, [asked], {order_id: units})[order_id]
    if (refusal := refusal_of(asked, decision)) is not None:
        raise refusal
    decided = decided_of(
        decision, policy_digest=terms.policy_digest, release_at=terms.release_at, ids=terms.ids
    )
    waits = decided.units_left and asked.on_short is OnShort.BACKORDER
    state = ORDERS.move(state, Verb.BACKORDER if waits else Verb.ALLOCATE, order_id)
    changed = PlacedOrder(asked, "", state, decided)
    entries = _entries(changed, units, decided.decision_id, actor, now)
    if entries:
        posted = post(connection, [EntryGroup(order_id, tuple(entries), asked.channel)])
        for refusal in posted.refused.values():
            raise refusal
    write_cancelled(connection, order_id, work, parcels_to_cancel(work))
    write_order(connection, asked, changed.state, allocated_by_line(decided))
    add_decided(connection, [(asked, decided)], now)
    settle_reroutes(connection, [order_id], now)
    add_events(connection, [event_of(changed, terms.ids, "changed")], now)
    _move_capacity(connection, decision, work)
    return changed


def _refuse_begun(work: Sequence[WorkInHand], now: datetime) -> None:
    """Refuse once a window is over, whether or not the release was written down already."""
    for each in work:
        if each.state is not FulfillmentOrderState.OPEN or now >= each.release_at:
            raise MoveRefused(
                f"fulfillment order {each.fulfillment_order_id} at {each.node_id} may have begun; it can only"
                " be cancelled",
                kind=FULFILLMENT_ORDERS.kind,
                id=each.fulfillment_order_id,
                state=each.state.value,
                verb=Verb.CHANGE.value,
                allowed=[Verb.CANCEL.value],
            )


def _entries(
    order: PlacedOrder, had: Mapping[Position, int], decision_id: str, actor: str, now: datetime
) -> list[Entry]:
    """Give back what is needed no more, and take what comes new; what stays is not touched."""
    wanted = order.decided.decision.units_by_position() if order.decided else {}
    order_id = order.request.order_id
    freed = {p: qty - wanted.get(p, 0) for p, qty in had.items() if qty > wanted.get(p, 0)}
    added = {p: qty - had.get(p, 0) for p, qty in wanted.items() if qty > had.get(p, 0)}
    return [
        *uncommit_entries(freed, order_id=order_id, cause=f"change/{decision_id}", actor=actor, now=now),
        *(
            Entry(
                entry_id=f"place/{decision_id}/{number}",
                node_id=node_id,
                sku_id=sku_id,
                source=StockState.AVAILABLE,
                target=StockState.COMMITTED,
                qty=qty,
                reason=EntryReason.COMMIT,
                reference=order_id,
                actor=actor,
                occurred_at=now,
                recorded_at=now,
            )
            for number, ((node_id, sku_id), qty) in enumerate(sorted(added.items()))
        ),
    ]


def _move_capacity(connection: Connection, decision: Decision, work: Sequence[WorkInHand]) -> None:
    wanted, had = decision.parcels_by_slot(), slots_in_hand(work)
    added = {slot: n - had.get(slot, 0) for slot, n in wanted.items() if n > had.get(slot, 0)}
    uses = take_capacity(connection, added)
    if any(use.excess for use in uses.values()):
        raise CapacityTaken(frozenset(), {slot: use.used - added[slot] for slot, use in uses.items()})
    give_back_capacity(
        connection, {slot: n - wanted.get(slot, 0) for slot, n in had.items() if n > wanted.get(slot, 0)}
    )
