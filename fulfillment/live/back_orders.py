"""Orders that wait for stock are decided again as stock comes, those placed first first.

A round looks at a bounded number of them and the next round goes on behind them, so that many orders for
what nobody has do not keep others from what has come.
"""

from dataclasses import dataclass

from sqlalchemy import Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import Conflict
from fulfillment.ids import IdSource
from fulfillment.live.feed import Feed
from fulfillment.live.waiting_orders import WaitingOrders
from fulfillment.store.back_orders import PlaceInLine, read_back_orders
from fulfillment.store.transaction import read_snapshot

ORDERS_A_ROUND = 500


@dataclass(frozen=True, slots=True)
class RoundDone:
    """What a round did: orders that were looked at, got some units, or came too late for them."""

    looked_at: int = 0
    filled: int = 0
    too_late: int = 0


class BackOrders:
    """Fills orders that wait, round by round.

    Parameters
    ----------
    feed : Feed
        Caught up before each round; nobody else needs to run it.
    """

    def __init__(self, engine: Engine, feed: Feed, *, clock: Clock, ids: IdSource) -> None:
        self._engine = engine
        self._feed = feed
        self._orders = WaitingOrders(engine, feed, clock=clock, ids=ids)
        self._after: PlaceInLine | None = None

    def fill_some(self, most: int = ORDERS_A_ROUND) -> RoundDone:
        """Decide the next orders that wait, one after another, each on what the ones before it left."""
        after = self._after
        waiting = read_snapshot(self._engine, lambda connection: read_back_orders(connection, after, most))
        self._after = waiting[-1].place_in_line if len(waiting) == most else None
        if not waiting:
            return RoundDone()
        self._feed.catch_up(look_around=True)
        filled = too_late = 0
        for order in waiting:
            try:
                filled += self._orders.fill(order)
            except Conflict:  # somebody else was first; it waits for the next round
                too_late += 1
        return RoundDone(len(waiting), filled, too_late)
