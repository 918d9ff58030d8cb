"""Leave units that an order lost, and that no other node has, to wait for stock; it is told once."""

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.ids import IdSource
from fulfillment.store.claims import settle_reroutes
from fulfillment.store.orders import lock_orders
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.transaction import run_in_transaction


def leave_waiting(engine: Engine, order_id: str, *, clock: Clock, ids: IdSource) -> bool:
    """Settle what an order lost, and tell what it waits for; say whether it was not settled before."""

    def story(connection: Connection) -> bool:
        order = lock_orders(connection, [order_id]).get(order_id)
        now = clock.now()
        if order is None or not settle_reroutes(connection, [order_id], now):
            return False
        data: dict[str, object] = {
            "order_id": order_id,
            "channel": order.channel,
            "decision_id": None,
            "units_left": order.waiting,
            "fulfillment_order_ids": [],
        }
        add_events(connection, [Event(ids.new_id(), "order.back_ordered", order_id, data)], now)
        return True

    return run_in_transaction(engine, story)
