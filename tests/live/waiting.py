"""A small shop whose orders wait: for stock, or for another node."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, select

from fulfillment.clock import ManualClock
from fulfillment.domain.placing import OnShort, Position
from fulfillment.ids import TimeOrderedIds
from fulfillment.live.back_orders import BackOrders
from fulfillment.live.feed import Feed
from fulfillment.live.load import load_live
from fulfillment.live.reroutes import Reroutes
from fulfillment.services.load_day import load_day
from fulfillment.services.release_due import release_due
from fulfillment.services.sell_at_till import SoldUnits, sell_at_till
from fulfillment.store.claims_audit import audit_claims
from fulfillment.store.entries import audit
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.orders import order_line, orders
from tests.support.days import NOON, a_day
from tests.support.ledgers import a_group, a_receipt, post_all
from tests.support.placing import a_committer, a_placement

AV, BV = ("A", "V"), ("B", "V")


class World:
    """A shop with two units of V at A and none at B, whose customers wait for more, unless said."""

    def __init__(self, ledger: Engine, stock: Mapping[Position, int] | None = None) -> None:
        self.ledger = ledger
        self.clock = ManualClock(NOON)
        self.ids = TimeOrderedIds(self.clock)
        load_day(ledger, a_day(stock or {AV: 2, BV: 0}, {}), actor="import", clock=self.clock)
        self.feed = Feed(ledger, load_live(ledger, self.clock), self.clock)
        self.back_orders = BackOrders(ledger, self.feed, clock=self.clock, ids=self.ids)
        self.reroutes = self.another_worker()

    def another_worker(self) -> Reroutes:
        """Another process that routes what was lost, with a view of its own."""
        feed = Feed(self.ledger, load_live(self.ledger, self.clock), self.clock)
        return Reroutes(self.ledger, feed, clock=self.clock, ids=self.ids)

    def place(
        self, order_id: str, qty: int, on_short: OnShort = OnShort.BACKORDER, sku_id: str = "V", **more: Any
    ) -> str:
        """Place an order that may wait, unless said; tell its state."""
        self.clock.advance(timedelta(seconds=1))
        terms = {"on_short": on_short, "placed_at": self.clock.now(), **more}
        placement = a_placement(order_id, (sku_id, qty), **terms)
        with a_committer(self.ledger, self.feed.decider, self.clock) as committer:
            return str(committer.submit(placement).result(30).body["state"])

    def release(self) -> int:
        """Let the nodes begin on all that has been decided."""
        self.clock.advance(timedelta(minutes=10))
        return release_due(self.ledger, clock=self.clock, ids=self.ids)

    def sell(self, at: tuple[str, str], qty: int) -> None:
        """Carry units out of the store, whoever they were promised to."""
        sale = SoldUnits(self.ids.new_id(), *at, qty)
        sell_at_till(self.ledger, [sale], clock=self.clock, ids=self.ids, actor="till")

    def told(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Types and data of all events about orders."""
        with self.ledger.connect() as connection:
            o = outbox.c
            rows = connection.execute(
                select(o.type, o.data).where(o.type.startswith("order.")).order_by(o.position)
            )
            return [(its_type, data) for its_type, data in rows]

    def receive(self, at: tuple[str, str], qty: int) -> None:
        post_all(self.ledger, a_group(a_receipt(at, qty)))

    def allocated(self) -> Mapping[str, tuple[str, int]]:
        """State and units with a node, by order; all that the ledger claims is proved on the way."""
        with self.ledger.connect() as connection:
            assert audit(connection).disagreements == ()
            assert audit_claims(connection) == []
            rows = connection.execute(
                select(orders.c.order_id, orders.c.state, order_line.c.allocated)
                .join_from(orders, order_line, orders.c.order_id == order_line.c.order_id)
                .order_by(orders.c.order_id)
            )
            return {order_id: (state, units) for order_id, state, units in rows}
