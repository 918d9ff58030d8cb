"""The service without its HTTP: every verb of the machine over orders, on a real database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from fulfillment.clock import ManualClock
from fulfillment.domain.buffers import BufferRule
from fulfillment.domain.errors import FulfillmentError
from fulfillment.domain.holds import HeldUnits
from fulfillment.domain.kinds import Method
from fulfillment.domain.network import Sku
from fulfillment.domain.stock import Balance
from fulfillment.ids import TimeOrderedIds
from fulfillment.live.availability import AvailabilityQuery, availability, availability_in_database
from fulfillment.live.back_orders import BackOrders
from fulfillment.live.feed import Feed
from fulfillment.live.load import load_live
from fulfillment.live.order_changes import OrderChanges
from fulfillment.live.reroutes import Reroutes
from fulfillment.services.cancel_order import cancel_order
from fulfillment.services.change_hold import ChangeHold, change_hold
from fulfillment.services.load_day import load_day
from fulfillment.services.lost_claims import LostUnits
from fulfillment.services.open_hold import OpenHold, open_hold
from fulfillment.services.place_orders import Placement
from fulfillment.services.post_entries import ReportedEntries, post_entries
from fulfillment.services.put_reference import put_kit, put_skus
from fulfillment.services.release_due import release_due
from fulfillment.services.release_hold import release_hold
from fulfillment.services.sell_at_till import SoldUnits, sell_at_till
from fulfillment.services.set_buffers import set_buffers
from fulfillment.services.sync_counts import CountedSku, CountSheet, sync_counts
from fulfillment.store.claims import CLAIMING
from fulfillment.store.claims_audit import audit_claims
from fulfillment.store.entries import audit, balances
from fulfillment.store.holds import read_holds
from fulfillment.store.idempotency import RequestKey
from fulfillment.store.order_reads import read_order
from fulfillment.store.schema.orders import fulfillment_order, fulfillment_order_line, order_line, orders
from fulfillment.store.transaction import read_snapshot, run_in_transaction
from tests.simulation.orders_model import COMPONENTS, KIT, NODES, SKUS, Hold, Position, Units
from tests.support.databases import empty_ledger
from tests.support.days import NOON, a_day
from tests.support.placing import a_committer, problem

ON_THE_SHELVES = {("A", "V"): 5, ("A", "W"): 3, ("B", "V"): 4, ("B", "W"): 2}
ACTOR = "machine"
Told = tuple[int, Any]
"""Status and document of an answer."""


class Shop:
    """A fresh retailer in an emptied ledger."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.clock = ManualClock(NOON)
        self.ids = TimeOrderedIds(self.clock)
        empty_ledger(engine)
        load_day(engine, a_day(ON_THE_SHELVES, {}), actor=ACTOR, clock=self.clock)
        kit = Sku(sku_id=KIT, gtin="", name=KIT, price_micros=12_345_678, weight_g=250)
        put_skus(engine, [kit], clock=self.clock)
        put_kit(engine, KIT, COMPONENTS, clock=self.clock)
        self.feed = Feed(engine, load_live(engine, self.clock), self.clock)
        self.decider = self.feed.decider
        self.changes = OrderChanges(engine, self.decider, problem=problem, clock=self.clock, ids=self.ids)
        self.waiting = BackOrders(engine, self.feed, clock=self.clock, ids=self.ids)
        self.losses = Reroutes(engine, self.feed, clock=self.clock, ids=self.ids)

    # Stock

    def report(self, entry_id: str, at: Position, reason: str, qty: int) -> str:
        """Report an entry; say whether it was applied, a duplicate or refused."""
        columns = [[each] for each in (entry_id, *at, reason, None, None, qty, "note", None)]
        posted = post_entries(self.engine, ReportedEntries(*columns), clock=self.clock, actor=ACTOR)  # type: ignore[arg-type]
        return "applied" if posted.applied else "duplicate" if posted.duplicates else "refused"

    def sell(self, sale_id: str, at: Position, qty: int) -> list[LostUnits]:
        sale = SoldUnits(sale_id, *at, qty)
        return sell_at_till(self.engine, [sale], clock=self.clock, ids=self.ids, actor=ACTOR).lost

    def count(self, count_id: str, at: Position, qty: int, counted_at: datetime) -> list[LostUnits]:
        sheet = CountSheet(
            count_id=count_id, node_id=at[0], counted_at=counted_at, lines=[CountedSku(at[1], qty)]
        )
        return sync_counts(self.engine, sheet, clock=self.clock, ids=self.ids, actor=ACTOR).lost

    def keep_back(self, rule: BufferRule) -> None:
        set_buffers(self.engine, [rule], clock=self.clock, ids=self.ids)

    # Holds: the code of the refusal, '' where there is none

    def open_hold(self, name: str, hold: Hold) -> str:
        command = OpenHold(
            hold_id=name, channel=hold.channel, units=held(hold.units), expires_at=hold.expires_at
        )
        return refused(lambda: open_hold(self.engine, command, clock=self.clock, ids=self.ids, actor=ACTOR))

    def change_hold(
        self, name: str, units: Units | None, expires_at: datetime | None, channel: str | None
    ) -> str:
        command = ChangeHold(
            hold_id=name,
            units=None if units is None else held(units),
            expires_at=expires_at,
            channel=channel,
        )
        return refused(lambda: change_hold(self.engine, command, clock=self.clock, ids=self.ids, actor=ACTOR))

    def release_hold(self, name: str) -> str:
        return refused(lambda: release_hold(self.engine, name, clock=self.clock, ids=self.ids, actor=ACTOR))

    # Orders

    def place(self, placements: Sequence[Placement], group_max: int = 64) -> list[Told]:
        """Place orders that ask at one moment; a committer finds all of them waiting."""
        # One group after another: who is first of two that run at once, no history could repeat.
        committer = a_committer(self.engine, self.decider, self.clock, group_orders_max=group_max, threads=1)
        waiting = [committer.submit(placement) for placement in placements]
        with committer:
            return [told(lambda answer=answer: answer.result(60)) for answer in waiting]

    def cancel(self, order_id: str) -> str:
        def story(connection: Connection) -> None:
            cancel_order(connection, order_id, now=self.clock.now(), ids=self.ids, actor=ACTOR)

        return refused(lambda: run_in_transaction(self.engine, story))

    def change(self, key: str, order_id: str, node_id: str | None) -> Told:
        """Have an order collected at a node, or shipped."""
        method = Method.SHIPPING if node_id is None else Method.PICK_UP

        def collected(asked: Any) -> Any:
            return replace(asked, method=method, pickup_node_id=node_id)

        request = RequestKey("shop", key, f"{order_id} {node_id}")
        return told(lambda: self.changes.change(request, order_id, collected))

    def clear(self, key: str, order_id: str) -> Told:
        return told(lambda: self.changes.clear(RequestKey("shop", key, order_id), order_id))

    def release_due(self) -> int:
        return release_due(self.engine, clock=self.clock, ids=self.ids)

    def fill(self) -> int:
        """Let everybody who waits have what there is, those placed first first; count who came too late."""
        return self.waiting.fill_some().too_late

    def route(self) -> int:
        """Give everybody who lost units what other nodes have; count those who were decided."""
        done = self.losses.route_some()
        assert done.too_late == 0
        return done.routed + done.waiting

    # What is there

    def catch_up(self) -> None:
        """Let the view see what the ledger has."""
        self.feed.catch_up(look_around=True)

    def promised(self, channel: str, *, from_view: bool) -> dict[Position, int]:
        """What a channel may promise of each SKU at each node."""
        query = AvailabilityQuery(sku_ids=[*SKUS, KIT], channel=channel)
        now = self.clock.now()
        if from_view:
            found = availability(self.decider, query, now)
        else:
            found = availability_in_database(self.engine, self.decider, query, now)
        return {(each["node_id"], each["sku_id"]): each["atp"] for each in found.positions}

    def balances(self) -> dict[Position, Balance]:
        return read_snapshot(self.engine, balances)

    def holds(self, names: Sequence[str]) -> Mapping[str, Any]:
        return read_snapshot(self.engine, lambda connection: read_holds(connection, names))

    def order(self, order_id: str) -> Any:
        return read_snapshot(self.engine, lambda connection: read_order(connection, order_id))

    def waiting_orders(self) -> set[str]:
        """Name the orders that the worker would find waiting."""
        with self.engine.connect() as connection:
            return set(connection.execute(select(orders.c.order_id).where(orders.c.waits)).scalars())

    def states(self) -> dict[str, tuple[str, dict[int, tuple[int, int]], dict[Any, int]]]:
        """State, allocated and cancelled units by line, and the work of nodes, by order."""
        return read_snapshot(self.engine, _states)

    def complaints(self) -> list[object]:
        """Audit every balance against its entries, and against who claims its units."""

        def read(connection: Connection) -> list[object]:
            return [*audit(connection).disagreements, *audit_claims(connection)]

        return read_snapshot(self.engine, read)


def _states(connection: Connection) -> dict[str, tuple[str, dict[int, tuple[int, int]], dict[Any, int]]]:
    found: dict[str, tuple[str, dict[int, tuple[int, int]], dict[Any, int]]] = {
        order_id: (state, {}, {})
        for order_id, state in connection.execute(select(orders.c.order_id, orders.c.state))
    }
    line, f, its = order_line.c, fulfillment_order.c, fulfillment_order_line.c
    for order_id, line_no, allocated, cancelled in connection.execute(
        select(line.order_id, line.line_no, line.allocated, line.cancelled)
    ):
        found[order_id][1][line_no] = allocated, cancelled
    for order_id, node_id, line_no, qty in connection.execute(
        select(f.order_id, f.node_id, its.line_no, its.qty)
        .join(fulfillment_order, f.fulfillment_order_id == its.fulfillment_order_id)
        .where(f.state.in_(CLAIMING))
    ):
        work = found[order_id][2]
        work[node_id, line_no] = work.get((node_id, line_no), 0) + qty
    return found


def held(units: Units) -> tuple[HeldUnits, ...]:
    return tuple(HeldUnits(*at, qty) for at, qty in units.items())


def refused(act: Callable[[], object]) -> str:
    try:
        act()
    except FulfillmentError as refusal:
        return refusal.code
    return ""


def told(ask: Callable[[], Any]) -> Told:
    """What the client is told, be it by an answer or by an error that the API turns into one."""
    try:
        answer = ask()
    except FulfillmentError as error:
        document = problem(error)
        return int(document["status"]), document  # type: ignore[call-overload]
    return answer.status, dict(answer.body)


assert set(NODES) == {node_id for node_id, _ in ON_THE_SHELVES}
