"""Cancel an order: its units are free again, its work is taken back, nothing of it is left half."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from fulfillment.domain.errors import invariant
from fulfillment.domain.transitions import ORDERS, Verb
from fulfillment.ids import IdSource
from fulfillment.services.take_work_back import cancellable, parcels_to_cancel, uncommit_entries
from fulfillment.store.capacity import give_back_capacity
from fulfillment.store.claims import settle_reroutes
from fulfillment.store.order_work import (
    cancel_lines,
    lock_order,
    read_work,
    slots_in_hand,
    units_in_hand,
    write_cancelled,
    write_order,
)
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.posting import EntryGroup
from fulfillment.store.stock import post


def cancel_order(connection: Connection, order_id: str, *, now: datetime, ids: IdSource, actor: str) -> None:
    """Cancel it within the caller's transaction.

    Raises
    ------
    NotFound
        When there is no such order.
    MoveRefused
        When it has ended already, or some of it has left the house.
    """
    order = lock_order(connection, order_id)
    state = ORDERS.move(order.state, Verb.CANCEL, order_id)
    work = cancellable(read_work(connection, order_id))
    entries = uncommit_entries(
        units_in_hand(work), order_id=order_id, cause=f"cancel/{order_id}", actor=actor, now=now
    )
    if entries:
        posted = post(connection, [EntryGroup(order_id, tuple(entries))])
        invariant(not posted.refused, "an order's units are not committed", refused=posted.refused)
    write_cancelled(connection, order_id, work, parcels_to_cancel(work))
    cancel_lines(connection, order_id)
    write_order(connection, replace(order.request, review=None), state, allocated={}, cancelled={})
    settle_reroutes(connection, [order_id], now)
    data = {
        "order_id": order_id,
        "channel": order.request.channel,
        "fulfillment_order_ids": [each.fulfillment_order_id for each in work],
    }
    add_events(connection, [Event(ids.new_id(), "order.cancelled", order_id, data)], now)
    give_back_capacity(connection, slots_in_hand(work))
