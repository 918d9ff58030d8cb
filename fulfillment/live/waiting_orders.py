"""Give orders what they wait for: each is decided alone on the live view, and its units are committed."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Engine

from fulfillment.clock import Clock
from fulfillment.domain.kinds import Method
from fulfillment.domain.placing import Decision, OnShort, OrderRequest
from fulfillment.ids import IdSource
from fulfillment.live.feed import Feed
from fulfillment.services.fill_back_order import fill_back_order
from fulfillment.store.back_orders import BackOrder

ACTOR = "fulfillment worker"


class WaitingOrders:
    """Fills orders that wait, one after another, each on what the ones before it left.

    Parameters
    ----------
    feed : Feed
        Whoever asks for orders to be filled catches up before; nobody else needs to run it.
    """

    def __init__(self, engine: Engine, feed: Feed, *, clock: Clock, ids: IdSource) -> None:
        self._engine = engine
        self._feed = feed
        self._clock = clock
        self._ids = ids

    def fill(self, order: BackOrder, *, may_be_late: bool = False) -> bool:
        """Give an order some of what it waits for, all that there is; say whether there was something.

        Parameters
        ----------
        may_be_late : bool
            Whether what cannot be had by the promised moment is had later.

        Raises
        ------
        Conflict
            When somebody else was first, or it waits for less by now.
        """
        now = self._clock.now()
        network, view = self._feed.decider.world
        request = OrderRequest(
            order_id=order.order_id,
            channel=order.channel,
            method=Method(order.method),
            lines=order.lines,
            placed_at=order.placed_at,
            customer_id=order.customer_id,
            postal_code=order.postal_code,
            pickup_node_id=order.pickup_node_id,
            # A promise that cannot be kept any more keeps nobody from having it late.
            promise_by=order.promise_by if order.promise_by is not None and order.promise_by > now else None,
            on_short=OnShort.BACKORDER,
        )
        decision = self._decide(request, now)
        if decision.unfilled and may_be_late and request.promise_by is not None:
            late = self._decide(replace(request, promise_by=None), now)
            decision = min(decision, late, key=_units_left)
        if not decision.parcels:
            return False
        done = fill_back_order(
            self._engine,
            request,
            decision,
            policy_digest=network.policy_digest,
            release_at=now + network.policy.release_window,
            clock=self._clock,
            ids=self._ids,
            actor=ACTOR,
        )
        view.refresh(done.balances)
        view.refresh_capacity(done.used)
        return True

    def _decide(self, request: OrderRequest, now: datetime) -> Decision:
        (decision,) = self._feed.decider.decide([request], now)
        return decision


def _units_left(decision: Decision) -> int:
    return sum(each.qty for each in decision.unfilled)
