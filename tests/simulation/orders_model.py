"""What holds, orders and stock are to each other, in a few pages: no database, no lock, no solver.

The model does not choose nodes: it takes those that the service names, and says whether it may name them, and
whether more could have been had. Two nodes, two SKUs, and a kit of both.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

NODES = ("A", "B")
KIT, COMPONENTS = "K", {"V": 2, "W": 1}
SKUS = ("V", "W")
POSITIONS = tuple(itertools.product(NODES, SKUS))
SHELF = ("available", "reserved", "committed")
"""From where a sale at the till draws, in this order."""

Position = tuple[str, str]
Units = dict[Position, int]
Key = TypeVar("Key", Position, int)


@dataclass
class Hold:
    """A hold; `state` is live, over, released or converted."""

    channel: str
    units: Units
    opened_at: datetime
    expires_at: datetime
    state: str = "live"


@dataclass
class Work:
    """Units that a node was given for a line."""

    work_id: str
    node_id: str
    line_no: int
    sku_id: str
    qty: int
    given_at: datetime
    release_at: datetime
    is_released: bool = False

    def units(self) -> Units:
        return {(self.node_id, sku): each * self.qty for sku, each in pieces(self.sku_id).items()}


@dataclass
class Order:
    """An order.

    `cancelled` are the units by line that its customer was told he will not get. `lost_at` says since when it
    waits for another node, None where it does not or was decided since.
    """

    channel: str
    lines: dict[int, tuple[str, int]]
    on_short: str
    priority: int
    hold_id: str | None
    pickup_node_id: str | None
    state: str = "on_hold"
    work: list[Work] = field(default_factory=list)
    cancelled: dict[int, int] = field(default_factory=dict)
    lost_at: datetime | None = None

    def allocated(self) -> dict[int, int]:
        """Units that nodes work on, by line."""
        units = dict.fromkeys(self.lines, 0)
        for each in self.work:
            units[each.line_no] += each.qty
        return units

    def left(self) -> dict[int, int]:
        """Units that it waits for, by line."""
        had = self.allocated()
        return {no: qty - had[no] for no, qty in self.asked().items()}

    def asked(self) -> dict[int, int]:
        """Units that its customer is to get, by line."""
        return {no: qty - self.cancelled.get(no, 0) for no, (_, qty) in self.lines.items()}

    def units(self) -> Units:
        """All that is committed to it."""
        return added(each.units() for each in self.work)


def pieces(sku_id: str) -> Mapping[str, int]:
    """What leaves the shelf for one of it."""
    return COMPONENTS if sku_id == KIT else {sku_id: 1}


def added(parts: Iterable[dict[Key, int]]) -> dict[Key, int]:
    total: Counter[Key] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)


class Model:
    """All that the ledger knows."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.stock: Counter[tuple[Position, str]] = Counter()
        self.rules: dict[tuple[str, str, str], int] = {}
        self.holds: dict[str, Hold] = {}
        self.orders: dict[str, Order] = {}
        self.told: dict[str, tuple[str, object]] = {}  # digest and answer, by key

    # What a channel may have

    def floor(self, at: Position, channel: str) -> int:
        """Safety stock and the channel's buffer: of each the most particular rule."""
        node, sku = at
        scopes = [(node, sku), ("", sku), (node, ""), ("", "")]
        floors = [
            next((self.rules[*scope, of] for scope in scopes if (*scope, of) in self.rules), 0)
            for of in {"", channel}
        ]
        return sum(floors)

    def free(self, at: Position, channel: str) -> int:
        return max(0, self.stock[at, "available"] - self.floor(at, channel))

    def atp(self, node: str, sku: str, channel: str) -> int:
        """What a channel may promise; of a kit whole ones."""
        return min(self.free((node, part), channel) // each for part, each in pieces(sku).items())

    def reach(self, channel: str, extra: Units) -> Units:
        """What an order of a channel may take, `extra` being there for it alone."""
        return {at: self.free(at, channel) + extra.get(at, 0) for at in POSITIONS}

    # Entries, counts, the till

    def move(self, at: Position, source: str | None, target: str | None, qty: int) -> bool:
        """Move units, from or to outside where no state is named; say whether they were there."""
        if source is not None and self.stock[at, source] < qty:
            return False
        if source is not None:
            self.stock[at, source] -= qty
        if target is not None:
            self.stock[at, target] += qty
        return True

    def fit_for_sale(self, at: Position) -> int:
        return sum(self.stock[at, state] for state in SHELF)

    def sell(self, at: Position, qty: int) -> list[tuple[str, int]]:
        """Carry units out, those beyond the books too; name who lost how many."""
        self.stock[at, "available"] += max(0, qty - self.fit_for_sale(at))
        return self._draw(at, qty)

    def count(self, at: Position, counted: int) -> list[tuple[str, int]]:
        """Make the units fit for sale as many as were counted; name who lost how many."""
        difference = counted - self.fit_for_sale(at)
        self.stock[at, "available"] += max(0, difference)
        return self._draw(at, max(0, -difference))

    def _draw(self, at: Position, qty: int) -> list[tuple[str, int]]:
        lost: list[tuple[str, int]] = []
        for state in SHELF:
            gone = min(qty, self.stock[at, state])
            self.stock[at, state] -= gone
            qty -= gone
            if state == "reserved":
                lost += self._lose_held(at, gone)
            elif state == "committed":
                lost += self._lose_promised(at, gone)
        return lost

    def _lose_held(self, at: Position, gone: int) -> Iterator[tuple[str, int]]:
        """The hold that was opened last loses first; one that has nothing left is released."""
        living = [(name, hold) for name, hold in self.holds.items() if hold.state == "live"]
        for name, hold in sorted(living, key=lambda each: (-each[1].opened_at.timestamp(), each[0])):
            if taken := min(gone, hold.units.get(at, 0)):
                hold.units[at] -= taken
                hold.units = {where: qty for where, qty in hold.units.items() if qty}
                hold.state = "live" if hold.units else "released"
                gone -= taken
                yield name, taken

    def _lose_promised(self, at: Position, gone: int) -> Iterator[tuple[str, int]]:
        """Low priority loses first, then what was given last; the rest of a broken kit is free again."""
        node, sku = at
        claims = [
            (-order.priority, -work.given_at.timestamp(), work.work_id, work.line_no, name, order, work)
            for name, order in self.orders.items()
            for work in order.work
            if work.node_id == node and sku in pieces(work.sku_id)
        ]
        for *_, name, order, work in sorted(claims, key=lambda each: each[:4]):
            each = pieces(work.sku_id)[sku]
            if not (units := min(gone, work.qty * each)):
                continue
            gone -= units
            products = -(-units // each)
            work.qty -= products
            for part, of_one in pieces(work.sku_id).items():
                freed = of_one * products - (units if part == sku else 0)
                self.stock[(node, part), "committed"] -= freed
                self.stock[(node, part), "available"] += freed
            order.work = [its for its in order.work if its.qty]
            order.state = "back_ordered" if order.state == "allocated" else order.state
            order.lost_at = order.lost_at or self.now
            yield name, products

    # Holds

    def tick(self, now: datetime) -> None:
        """Let time pass: what a hold has reserved is free from the moment it expires."""
        self.now = now
        for hold in self.holds.values():
            if hold.state == "live" and hold.expires_at <= now:
                self._end(hold, "over")

    def open_hold(self, name: str, wanted: Hold) -> str:
        if wanted.expires_at <= self.now or not wanted.units:
            return "invalid_request"
        known = self.holds.get(name)
        if known is not None:
            if known.state != "live":
                return "reservation_closed"
            if (known.channel, known.units) != (wanted.channel, wanted.units):
                return "conflict"
            known.expires_at = max(known.expires_at, wanted.expires_at)
            return ""
        if not self._reserve(wanted.units, wanted.channel):
            return "insufficient_stock"
        self.holds[name] = wanted
        return ""

    def change_hold(
        self, name: str, units: Units | None, expires_at: datetime | None, channel: str | None
    ) -> str:
        hold = self.holds[name]
        if expires_at is not None and expires_at <= self.now:
            return "invalid_request"
        if hold.state != "live":
            return "reservation_closed"
        after, to = hold.units if units is None else units, channel or hold.channel
        before = self.stock.copy()
        # On another channel all of it is taken anew, and must leave that channel's buffer alone.
        both = {at: min(qty, after.get(at, 0)) for at, qty in hold.units.items()}
        kept = both if to == hold.channel else {}
        for at, qty in hold.units.items():
            self.move(at, "reserved", "available", qty - kept.get(at, 0))
        more = {at: qty - kept.get(at, 0) for at, qty in after.items() if qty > kept.get(at, 0)}
        if not self._reserve(more, to):
            self.stock = before
            return "insufficient_stock"
        hold.units, hold.channel, hold.expires_at = dict(after), to, expires_at or hold.expires_at
        return ""

    def release_hold(self, name: str) -> str:
        hold = self.holds[name]
        if hold.state == "live":
            self._end(hold, "released")
        return "move_refused" if hold.state == "converted" else ""

    def _reserve(self, units: Units, channel: str) -> bool:
        """Reserve all or nothing."""
        if any(self.stock[at, "available"] - self.floor(at, channel) < qty for at, qty in units.items()):
            return False
        return all(self.move(at, "available", "reserved", qty) for at, qty in units.items())

    def _end(self, hold: Hold, state: str) -> None:
        for at, qty in hold.units.items():
            self.move(at, "reserved", "available", qty)
        hold.state = state

    # Orders

    def place(self, key: str, digest: str, name: str, asked: Order, status: int, body: Any) -> None:
        """Follow the answer to an order, or complain of it."""
        if key in self.told:
            known, answer = self.told[key]
            assert known != digest or answer == (status, body), "a repeated request got another answer"
            assert known == digest or status == 422, "a key was taken for another request"
            return
        if name in self.orders:
            assert status == 409, f"{name} was placed twice"
        elif asked.state == "on_hold":
            assert (status, body.get("state")) == (201, "on_hold")
            self.orders[name] = asked
        elif self.follow(asked, status, body, 201):
            self.orders[name] = asked
        self.told[key] = (digest, (status, body))

    def follow(self, order: Order, status: int, body: Any, success: int) -> bool:
        """Follow a decision on an order that has no work yet; say whether it was placed."""
        hold = self.holds.get(order.hold_id or "")
        if hold is not None and hold.state != "live":
            assert status == 409, "an ended hold was taken over"
            return False
        reach = self.reach(order.channel, {} if hold is None else hold.units)
        if not self._judge(order, status, body, success, reach):
            return False
        if hold is not None:
            self._end(hold, "converted")
        self._decided(order, body, reach)
        return True

    def change(self, order: Order, wish: str | None, status: int, body: Any) -> None:
        """Follow the change of an order to be shipped, or collected at the node `wish`."""
        has_begun = any(work.is_released or work.release_at <= self.now for work in order.work)
        if order.state not in ("on_hold", "allocated", "back_ordered") or has_begun:
            assert (status, body.get("code")) == (409, "move_refused")
            return
        if order.state == "on_hold":
            assert (status, body.get("state")) == (200, "on_hold")
            order.pickup_node_id = wish
            return
        changed = replace(order, pickup_node_id=wish, work=[])
        reach = self.reach(order.channel, order.units())
        if self._judge(changed, status, body, 200, reach):
            for at, qty in order.units().items():
                self.move(at, "committed", "available", qty)
            order.pickup_node_id, order.work = wish, []
            self._decided(order, body, reach)

    def cancel(self, order: Order) -> str:
        if order.state == "cancelled":
            return "move_refused"
        for at, qty in order.units().items():
            self.move(at, "committed", "available", qty)
        order.state, order.work = "cancelled", []
        order.cancelled = {no: qty for no, (_, qty) in order.lines.items()}
        return ""

    def _judge(self, order: Order, status: int, body: Any, success: int, reach: Units) -> bool:
        """Say whether an order is placed, after making sure that the answer says the same."""
        asked = order.asked()
        is_whole = can_fill(order, asked, reach)
        has_some = any(can_fill(order, {no: 1}, reach) for no, qty in asked.items() if qty)
        is_placed = is_whole or order.on_short == "backorder" or (order.on_short == "partial" and has_some)
        assert status == (success if is_placed else 409), f"{status} {body} with {reach} within reach"
        assert is_placed or body.get("code") == "insufficient_stock", body
        return is_placed

    def _decided(self, order: Order, body: Any, reach: Units) -> None:
        self.give(order, body["fulfillment_orders"], reach)
        order.lost_at = None
        if order.on_short == "partial":
            order.cancelled = added([order.cancelled, order.left()])
        order.state = "back_ordered" if any(order.left().values()) else "allocated"
        assert body.get("state") == order.state

    def give(self, order: Order, told: Iterable[Mapping[str, Any]], reach: Units) -> None:
        """Give an order the work that it was told of: no more than was within reach, and all of that."""
        given = [
            Work(
                work_id=work["fulfillment_order_id"],
                node_id=work["node_id"],
                line_no=line["line_no"],
                sku_id=line["sku_id"],
                qty=line["qty"],
                given_at=self.now,
                release_at=moment(work["release_at"]),
            )
            for work in told
            for line in work["lines"]
        ]
        left = Counter(reach)
        for at, qty in added(each.units() for each in given).items():
            assert order.pickup_node_id in (None, at[0]), f"{order} is collected elsewhere"
            left[at] -= qty
            assert left[at] >= 0, f"{qty} of {at} for {order.channel}, {reach[at]} within reach"
            assert self.move(at, "available", "committed", qty)
        order.work += given
        for no, qty in order.left().items():
            assert qty >= 0, f"more units than were asked for on line {no}"
            assert not qty or not can_fill(order, {no: 1}, left), f"line {no} could have had more"

    def waiting(self) -> list[str]:
        """Name the orders that wait for units."""
        return [
            name
            for name, order in self.orders.items()
            if order.state in ("back_ordered", "in_progress") and any(order.left().values())
        ]

    def fill(self, order: Order, told: Iterable[Mapping[str, Any]]) -> None:
        """Give an order that waits the work that it was told of."""
        known, told = {work.work_id for work in order.work}, list(told)
        self.give(order, told, self.reach(order.channel, {}))
        if {work.work_id for work in order.work} != known:
            order.lost_at = None
        if order.state != "in_progress":
            order.state = "back_ordered" if any(order.left().values()) else "allocated"

    def due(self) -> list[tuple[Order, Work]]:
        """Work whose window is over and that nobody has released yet."""
        return [
            (order, work)
            for order in self.orders.values()
            for work in order.work
            if not work.is_released and work.release_at <= self.now
        ]

    def release_due(self) -> int:
        """Let nodes begin what is due; say how many fulfillment orders that are."""
        due = self.due()
        for order, work in due:
            order.state, work.is_released = "in_progress", True
        return len({work.work_id for _, work in due})


def can_fill(order: Order, wanted: Mapping[int, int], reach: Units) -> bool:
    """Say whether so many units of each line can be had together; a kit leaves from one node."""
    demand: Counter[str] = Counter()
    for no, qty in wanted.items():
        demand[order.lines[no][0]] += qty
    nodes = NODES if order.pickup_node_id is None else (order.pickup_node_id,)
    for kits in itertools.product(range(demand[KIT] + 1), repeat=len(nodes)):
        left = {
            (node, sku): reach[node, sku] - COMPONENTS[sku] * count
            for node, count in zip(nodes, kits, strict=True)
            for sku in SKUS
        }
        if (
            sum(kits) == demand[KIT]
            and min(left.values()) >= 0
            and all(sum(left[node, sku] for node in nodes) >= demand[sku] for sku in SKUS)
        ):
            return True
    return False


def moment(told: object) -> datetime:
    """Read a moment of a document, whether it has been JSON or not."""
    return told if isinstance(told, datetime) else datetime.fromisoformat(str(told))
