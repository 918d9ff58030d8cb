"""Change where and how an order reaches its customer, before any node has begun."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from fulfillment.domain.errors import MoveRefused
from fulfillment.domain.placing import OrderRequest
from fulfillment.domain.transitions import (
    FULFILLMENT_ORDERS,
    ORDERS,
    FulfillmentOrderState,
    OrderState,
    Verb,
)
from fulfillment.services.decide_anew import DecideUnderLocks, decide_anew
from fulfillment.services.place_orders import PlacingTerms
from fulfillment.services.placed_order import event_of
from fulfillment.services.take_work_back import cancellable
from fulfillment.store.order_work import WorkInHand, lock_order, read_work, write_order
from fulfillment.store.outbox import add_events
from fulfillment.store.placed_orders import PlacedOrder

Wish = Callable[[OrderRequest], OrderRequest]
"""Takes what an order asks for, returns what it asks for from now on; its lines stay."""


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
    InsufficientStock, CapacityTaken
        As `decide_anew` says.
    """
    order = lock_order(connection, order_id)
    state = ORDERS.move(order.state, Verb.CHANGE, order_id)
    asked = wish(order.still_asked)
    work = cancellable(read_work(connection, order_id))
    _refuse_begun(work, now)
    if state is OrderState.ON_HOLD:
        write_order(connection, asked, state, allocated={}, cancelled={})
        changed = PlacedOrder(asked, "", state, None)
    else:
        changed = decide_anew(connection, asked, work, decide, terms, now=now, actor=actor)
    add_events(connection, [event_of(changed, terms.ids, "changed")], now)
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
