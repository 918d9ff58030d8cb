"""Orders that lost units at a node are routed to others, whether or not nodes have begun on the rest.

A till or a count notes what an order lost (table ``reroute``). Here that is decided, once: the order gets
what other nodes have, in time or else late, as work of its own beside what nodes do already; of an order that
gets nothing it is told that it waits for stock from now on (`back_orders`). What was decided is settled in
the transaction that writes it: whoever is killed or too late leaves the loss to the next round.
"""

from dataclasses import dataclass

from sqlalchemy import Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import Conflict
from fulfillment.ids import IdSource
from fulfillment.live.feed import Feed
from fulfillment.live.waiting_orders import WaitingOrders
from fulfillment.services.leave_waiting import leave_waiting
from fulfillment.store.back_orders import read_unrouted
from fulfillment.store.transaction import read_snapshot

ORDERS_A_ROUND = 500


@dataclass(frozen=True, slots=True)
class RoutingDone:
    """What a round did: orders that got units from other nodes, wait for stock now, or came too late."""

    routed: int = 0
    waiting: int = 0
    too_late: int = 0


class Reroutes:
    """Routes what orders lost, round by round.

    Parameters
    ----------
    feed : Feed
        Caught up before each round that has something to do; nobody else needs to run it.
    """

    def __init__(self, engine: Engine, feed: Feed, *, clock: Clock, ids: IdSource) -> None:
        self._engine = engine
        self._feed = feed
        self._clock = clock
        self._ids = ids
        self._orders = WaitingOrders(engine, feed, clock=clock, ids=ids)

    def route_some(self, most: int = ORDERS_A_ROUND) -> RoutingDone:
        """Decide the orders that have waited longest for another node, one after another."""
        unrouted = read_snapshot(self._engine, lambda connection: read_unrouted(connection, most))
        if not unrouted:
            return RoutingDone()
        self._feed.catch_up(look_around=True)
        routed = waiting = too_late = 0
        for order in unrouted:
            try:
                if self._orders.fill(order, may_be_late=True):
                    routed += 1
                else:
                    waiting += leave_waiting(self._engine, order.order_id, clock=self._clock, ids=self._ids)
            except Conflict:  # somebody else was first; the next round decides it on what is there then
                too_late += 1
        return RoutingDone(routed, waiting, too_late)
