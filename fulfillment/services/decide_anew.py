"""Decide a locked order anew, within the transaction that writes it: the old work goes, other work comes.

Units that it keeps never become free in between. Where the new decision means a refusal it is raised, and the
caller's transaction, or savepoint, leaves the order as it was.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from fulfillment.domain.errors import NotFound
from fulfillment.domain.placing import Decision, OnShort, OrderRequest, Position
from fulfillment.domain.stock import Entry
from fulfillment.domain.transitions import ORDERS, OrderState, Verb
from fulfillment.services.commit_entries import commit_entries
from fulfillment.services.convert_hold import convert_hold
from fulfillment.services.expire_holds import post_after_expiry
from fulfillment.services.order_refusals import refusal_of
from fulfillment.services.place_orders import CapacityTaken, PlacingTerms
from fulfillment.services.placed_order import decided_of
from fulfillment.services.take_work_back import parcels_to_cancel, uncommit_entries
from fulfillment.store.capacity import give_back_capacity, take_capacity
from fulfillment.store.claims import settle_reroutes
from fulfillment.store.holds import lock_holds, write_states
from fulfillment.store.order_work import (
    WorkInHand,
    slots_in_hand,
    units_in_hand,
    write_cancelled,
    write_order,
)
from fulfillment.store.placed_orders import (
    PlacedOrder,
    add_decided,
    allocated_by_line,
    cancelled_by_line,
)
from fulfillment.store.posting import EntryGroup

DecideUnderLocks = Callable[
    [Connection, Sequence[OrderRequest], Mapping[str, Mapping[Position, int]]], Mapping[str, Decision]
]
"""Decides orders within a transaction; takes the units that are committed to each already."""


def decide_anew(
    connection: Connection,
    asked: OrderRequest,
    work: Sequence[WorkInHand],
    decide: DecideUnderLocks,
    terms: PlacingTerms,
    *,
    now: datetime,
    actor: str,
    takes_hold: bool = False,
) -> PlacedOrder:
    """Decide an open order whose row is locked.

    Parameters
    ----------
    asked : OrderRequest
        What it asks for now: without units that its customer was told he will not get.
    work : sequence of WorkInHand
        What nodes have to do for it so far; none of them has begun.
    takes_hold : bool
        Whether it takes over its hold now. An order that was decided before has used its hold up, even when
        it has lost all its work since.

    Raises
    ------
    InsufficientStock, NotFound
        When it cannot be filled, and its `on_short` says that it must.
    ReservationClosed
        When its hold has ended.
    CapacityTaken
        When the decision exceeds a node's capacity; the transaction must not commit.
    """
    order_id, had = asked.order_id, units_in_hand(work)
    decision = decide(connection, [asked], {} if takes_hold else {order_id: had})[order_id]
    if (refusal := refusal_of(asked, decision)) is not None:
        raise refusal
    decided = decided_of(
        decision, policy_digest=terms.policy_digest, release_at=terms.release_at, ids=terms.ids
    )
    wanted = decision.units_by_position()
    freed = {p: qty - wanted.get(p, 0) for p, qty in had.items() if qty > wanted.get(p, 0)}
    added = {p: qty - had.get(p, 0) for p, qty in wanted.items() if qty > had.get(p, 0)}
    entries = uncommit_entries(
        freed, order_id=order_id, cause=f"change/{decided.decision_id}", actor=actor, now=now
    )
    if takes_hold and asked.hold_id is not None:
        converted, added = _convert(connection, asked.hold_id, added, order_id, actor, now)
        entries += converted
    entries += commit_entries(added, order_id=order_id, decision_id=decided.decision_id, actor=actor, now=now)
    if entries:
        group = EntryGroup(order_id, tuple(entries), asked.channel)
        for refusal in post_after_expiry(connection, [group], actor=actor, now=now).refused.values():
            raise refusal
    waits = decided.units_left and asked.on_short is OnShort.BACKORDER
    state = ORDERS.move(OrderState.OPEN, Verb.BACKORDER if waits else Verb.ALLOCATE, order_id)
    write_cancelled(connection, order_id, work, parcels_to_cancel(work))
    write_order(
        connection,
        asked,
        state,
        allocated=allocated_by_line(decided),
        cancelled=cancelled_by_line(asked, decided),
    )
    add_decided(connection, [(asked, decided)], now)
    settle_reroutes(connection, [order_id], now)
    _move_capacity(connection, decision, work)
    return PlacedOrder(asked, "", state, decided)


def _convert(
    connection: Connection,
    hold_id: str,
    needed: Mapping[Position, int],
    order_id: str,
    actor: str,
    now: datetime,
) -> tuple[list[Entry], dict[Position, int]]:
    """Use up the order's hold; return the entries of that, and what it does not cover."""
    hold = lock_holds(connection, [hold_id]).get(hold_id)
    if hold is None:
        raise NotFound(f"there is no hold {hold_id}", kind="hold", id=hold_id)
    conversion = convert_hold(hold, needed, order_id=order_id, actor=actor, now=now)
    write_states(connection, [conversion.hold])
    return list(conversion.entries), conversion.missing


def _move_capacity(connection: Connection, decision: Decision, work: Sequence[WorkInHand]) -> None:
    wanted, had = decision.parcels_by_slot(), slots_in_hand(work)
    added = {slot: n - had.get(slot, 0) for slot, n in wanted.items() if n > had.get(slot, 0)}
    uses = take_capacity(connection, added)
    if any(use.excess for use in uses.values()):
        raise CapacityTaken(frozenset(), {slot: use.used - added[slot] for slot, use in uses.items()})
    give_back_capacity(
        connection, {slot: n - wanted.get(slot, 0) for slot, n in had.items() if n > wanted.get(slot, 0)}
    )
