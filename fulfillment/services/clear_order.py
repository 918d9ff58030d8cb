"""Clear an order whose payment or fraud review is over: it is decided now, and takes over its hold."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from fulfillment.domain.transitions import ORDERS, Verb
from fulfillment.services.decide_anew import DecideUnderLocks, decide_anew
from fulfillment.services.place_orders import PlacingTerms
from fulfillment.services.placed_order import event_of
from fulfillment.store.order_work import lock_order
from fulfillment.store.outbox import add_events
from fulfillment.store.placed_orders import PlacedOrder


def clear_order(
    connection: Connection,
    order_id: str,
    decide: DecideUnderLocks,
    terms: PlacingTerms,
    *,
    now: datetime,
    actor: str,
) -> PlacedOrder:
    """Clear it within the caller's transaction; where it cannot be filled it stays on hold.

    Raises
    ------
    NotFound
        When there is no such order.
    MoveRefused
        When it waits for no review.
    InsufficientStock, ReservationClosed, CapacityTaken
        As `decide_anew` says.
    """
    order = lock_order(connection, order_id)
    ORDERS.move(order.state, Verb.CLEAR, order_id)
    asked = replace(order.request, review=None)
    cleared = decide_anew(connection, asked, [], decide, terms, now=now, actor=actor, takes_hold=True)
    add_events(connection, [event_of(cleared, terms.ids)], now)
    return cleared
