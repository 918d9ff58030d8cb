"""Release the work whose window is over: from now on its node may begin, and the decision stands."""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.transitions import ORDERS, OrderState, Verb
from fulfillment.ids import IdSource
from fulfillment.store.orders import LockedOrder, lock_orders, write_states
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.releases import DueWork, due_work, orders_with_due_work, write_released
from fulfillment.store.transaction import read_snapshot, run_in_transaction

ORDERS_PER_TRANSACTION = 500
_RELEASABLE = (*ORDERS.moves[Verb.RELEASE], OrderState.IN_PROGRESS)
"""An order on hold keeps its work back, whatever its time."""


def release_due(engine: Engine, *, clock: Clock, ids: IdSource) -> int:
    """Release all fulfillment orders that are due, and return how many.

    In bounded transactions under the locks of their orders, so that work is either released or still open to
    a better decision, never both.
    """
    total = 0
    while due := read_snapshot(
        engine,
        lambda connection: orders_with_due_work(connection, _RELEASABLE, clock.now(), ORDERS_PER_TRANSACTION),
    ):

        def story(connection: Connection, due: list[str] = due) -> int:
            return _release(connection, due, clock, ids)

        total += run_in_transaction(engine, story)
    return total


def _release(connection: Connection, order_ids: list[str], clock: Clock, ids: IdSource) -> int:
    now = clock.now()
    locked = {
        order_id: order
        for order_id, order in lock_orders(connection, order_ids).items()
        if order.state in _RELEASABLE
    }
    work = due_work(connection, list(locked), now)
    if not work:
        return 0
    write_released(connection, work)
    write_states(connection, _begun(locked, work))
    add_events(connection, [_event(each, ids) for each in work], now)
    return len(work)


def _begun(locked: Mapping[str, LockedOrder], work: list[DueWork]) -> dict[str, OrderState]:
    """Return the orders that a node begins on now, with the state that follows."""
    concerned = {each.order_id: locked[each.order_id].state for each in work}
    return {
        order_id: ORDERS.move(state, Verb.RELEASE, order_id)
        for order_id, state in concerned.items()
        if state is not OrderState.IN_PROGRESS
    }


def _event(work: DueWork, ids: IdSource) -> Event:
    data = {
        "order_id": work.order_id,
        "fulfillment_order_id": work.fulfillment_order_id,
        "node_id": work.node_id,
        "method": work.method,
    }
    return Event(ids.new_id(), "fulfillment_order.released", work.order_id, data)
