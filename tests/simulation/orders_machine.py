"""A state machine of customers, carts, tills and workers, beside the model of what they do to each other."""

import copy
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fulfillment.domain.buffers import BufferRule
from fulfillment.domain.kinds import Method
from fulfillment.domain.orders import Review
from fulfillment.domain.placing import OnShort
from fulfillment.services.place_orders import Placement
from tests.simulation.orders_model import KIT, NODES, POSITIONS, SKUS, Hold, Model, Order, Position
from tests.simulation.orders_shop import ON_THE_SHELVES, Shop, Told
from tests.support.days import NOON
from tests.support.placing import a_placement

CHANNELS = ("web", "store")
BATCH_MAX = 3
REASONS = {
    "receive": (None, "available"),
    "found": (None, "available"),
    "write_off": ("available", None),
    "set_aside": ("available", "unavailable"),
    "restore": ("unavailable", "available"),
}

positions = st.sampled_from(POSITIONS)
few = st.integers(1, 4)
lines = st.lists(
    st.tuples(st.sampled_from((*SKUS, KIT)), st.sampled_from([1, 1, 2, 3])), min_size=1, max_size=3
)
held_units = st.dictionaries(positions, st.sampled_from([1, 1, 2, 3]), min_size=1, max_size=2)
# Most holds live for a while; one that would have expired already is refused.
lifetimes = st.sampled_from([timedelta(minutes=minutes) for minutes in (3, 3, 3, 30, 30, -1)])
passing = st.sampled_from([timedelta(seconds=1), timedelta(minutes=4), timedelta(minutes=11)])


class OrdersMachine(RuleBasedStateMachine):
    """Whatever happens in a shop of two nodes, one thing after another, now and then several at once."""

    shop: Shop

    def __init__(self, open_shop: Callable[[], Shop]) -> None:
        super().__init__()
        self._open_shop = open_shop
        self._numbers = itertools.count(1)

    @initialize()
    def begin(self) -> None:
        self.shop = self._open_shop()
        self.model = Model(NOON)
        for at, qty in ON_THE_SHELVES.items():
            self.model.stock[at, "available"] = qty
        self.asked: list[Placement] = []
        self.reported: list[tuple[str, Position, str, int]] = []

    # Time, stock, buffers

    @rule(time=passing)
    def time_passes(self, time: timedelta) -> None:
        self.shop.clock.advance(time)
        self.model.tick(self.shop.clock.now())
        self.shop.catch_up()

    @rule(at=positions, reason=st.sampled_from(["receive", *REASONS]), qty=few)
    def report(self, at: Position, reason: str, qty: int) -> None:
        entry = (f"E{next(self._numbers)}", at, reason, qty)
        is_there = self.model.move(at, *REASONS[reason], qty)
        assert self.shop.report(*entry) == ("applied" if is_there else "refused")
        if is_there:
            self.reported.append(entry)

    @precondition(lambda self: self.reported)
    @rule(data=st.data(), more=st.integers(0, 1))
    def report_again(self, data: st.DataObject, more: int) -> None:
        entry_id, at, reason, qty = data.draw(st.sampled_from(self.reported))
        expected = "refused" if more else "duplicate"
        assert self.shop.report(entry_id, at, reason, qty + more) == expected

    @rule(at=positions, qty=few, again=st.booleans())
    def sell_at_the_till(self, at: Position, qty: int, again: bool) -> None:
        sale_id = f"T{next(self._numbers)}"
        expected = self.model.sell(at, qty)
        assert losers(self.shop.sell(sale_id, at, qty)) == sorted(expected)
        assert not again or self.shop.sell(sale_id, at, qty) == []

    @rule(at=positions, found=st.sampled_from([-4, -2, -1, 0, 1]), again=st.booleans())
    def count(self, at: Position, found: int, again: bool) -> None:
        count_id, now = f"C{next(self._numbers)}", self.shop.clock.now()
        qty = max(0, self.model.fit_for_sale(at) + found)
        expected = self.model.count(at, qty)
        assert losers(self.shop.count(count_id, at, qty, now)) == sorted(expected)
        assert not again or self.shop.count(count_id, at, qty, now) == []

    @rule(
        node=st.sampled_from(("", *NODES)),
        sku=st.sampled_from(("", *SKUS)),
        channel=st.sampled_from(("", *CHANNELS)),
        qty=st.sampled_from([None, 0, 1, 2]),
    )
    def keep_back(self, node: str, sku: str, channel: str, qty: int | None) -> None:
        self.shop.keep_back(BufferRule(node, sku, channel, qty))
        self.model.rules.pop((node, sku, channel), None)
        if qty is not None:
            self.model.rules[node, sku, channel] = qty
        self.shop.catch_up()

    # Holds

    @rule(units=held_units, channel=st.sampled_from(CHANNELS), life=lifetimes)
    def open_hold(self, units: dict[Position, int], channel: str, life: timedelta) -> None:
        now = self.shop.clock.now()
        self._open(f"H{next(self._numbers)}", Hold(channel, units, now, now + life))

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data(), life=lifetimes, other=st.none() | held_units)
    def open_it_again(self, data: st.DataObject, life: timedelta, other: dict[Position, int] | None) -> None:
        name, known = self._a_hold(data)
        now = self.shop.clock.now()
        self._open(name, Hold(known.channel, dict(other or known.units), now, now + life))

    @precondition(lambda self: self.model.holds)
    @rule(
        data=st.data(),
        units=st.none() | held_units,
        channel=st.none() | st.sampled_from(CHANNELS),
        life=st.none() | lifetimes,
    )
    def change_hold(
        self,
        data: st.DataObject,
        units: dict[Position, int] | None,
        channel: str | None,
        life: timedelta | None,
    ) -> None:
        """Grow, shrink, move to another node or channel, extend, cut short: one or all at once."""
        name, _ = self._a_hold(data)
        expires_at = None if life is None else self.shop.clock.now() + life
        expected = self.model.change_hold(name, units, expires_at, channel)
        assert self.shop.change_hold(name, units, expires_at, channel) == expected

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data())
    def release_hold(self, data: st.DataObject) -> None:
        name, _ = self._a_hold(data)
        expected = self.model.release_hold(name)
        assert self.shop.release_hold(name) == expected

    # Orders

    @rule(data=st.data())
    def place_one(self, data: st.DataObject) -> None:
        self._place([self._draw_placement(data)])

    @rule(data=st.data(), group_max=st.sampled_from([1, 2, 64]))
    def place_several_at_once(self, data: st.DataObject, group_max: int) -> None:
        """New ones, repeated ones, and twins of each other."""
        batch = [self._draw_placement(data) for _ in range(data.draw(st.integers(1, BATCH_MAX - 1)))]
        known = self.asked + batch
        batch += [data.draw(st.sampled_from(known)) for _ in range(BATCH_MAX - len(batch))]
        self._place(data.draw(st.permutations(batch)), group_max)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def ask_for_something_else_under_its_key(self, data: st.DataObject) -> None:
        known = data.draw(st.sampled_from(self.asked))
        other = replace(known, key=replace(known.key, digest="another"))
        ((status, _),) = self.shop.place([other])
        assert status == 422

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        name, order = self._an_order(data)
        expected = self.model.cancel(order)
        assert self.shop.cancel(name) == expected

    @precondition(lambda self: self.model.orders)
    @rule(data=st.data(), node=st.sampled_from((None, *NODES)))
    def change(self, data: st.DataObject, node: str | None) -> None:
        name, order = self._an_order(data)
        key = f"change {next(self._numbers)}"
        answer = self.shop.change(key, name, node)
        self.model.change(order, node, *answer)
        assert same(self.shop.change(key, name, node), answer), "a repeated change got another answer"

    @precondition(lambda self: any(order.state == "on_hold" for order in self.model.orders.values()))
    @rule(data=st.data())
    def clear(self, data: st.DataObject) -> None:
        waiting = [name for name, order in self.model.orders.items() if order.state == "on_hold"]
        name = data.draw(st.sampled_from(waiting))
        key = f"clear {next(self._numbers)}"
        answer = self.shop.clear(key, name)
        self.model.follow(self.model.orders[name], *answer, 200)
        assert same(self.shop.clear(key, name), answer), "a repeated clearing got another answer"

    @precondition(lambda self: self.model.due())
    @rule()
    def release_what_is_due(self) -> None:
        assert self.shop.release_due() == self.model.release_due()

    @precondition(lambda self: self.model.waiting())
    @rule()
    def fill_back_orders(self) -> None:
        """Each in turn gets all that there is for it; orders are named in the order in which they came."""
        assert self.shop.fill() == 0
        for name in sorted(self.model.waiting(), key=lambda each: int(each[1:])):
            self._follow_what_it_got(name)

    @precondition(lambda self: self.model.orders)
    @rule()
    def route_what_was_lost(self) -> None:
        """Those in turn who lost units and were not decided since, and nobody else."""
        lost = [
            (order.lost_at, name)
            for name in self.model.waiting()
            if (order := self.model.orders[name]).lost_at is not None
        ]
        assert self.shop.route() == len(lost)
        for _, name in sorted(lost):
            self._follow_what_it_got(name)
            self.model.orders[name].lost_at = None

    def _follow_what_it_got(self, name: str) -> None:
        order = self.model.orders[name]
        known = {work.work_id for work in order.work}
        document = self.shop.order(name)
        fresh = [
            work
            for work in document["fulfillment_orders"]
            if work["fulfillment_order_id"] not in known and work["state"] == "open"
        ]
        self.model.fill(order, fresh)

    @rule()
    def look_at_the_view(self) -> None:
        self.shop.catch_up()
        self._compare_availability(from_view=True)

    # What must be true after every step

    @invariant()
    def availability_is_the_models(self) -> None:
        if hasattr(self, "model"):
            self._compare_availability(from_view=False)

    @invariant()
    def balances_are_the_models(self) -> None:
        if not hasattr(self, "model"):
            return
        stock = self.model.stock
        for at, balance in self.shop.balances().items():
            # What an expired hold reserves is free, whether or not somebody has booked that.
            unsold = stock[at, "available"] + stock[at, "reserved"]
            assert balance.available + balance.reserved == unsold
            assert balance.committed == stock[at, "committed"]
            assert balance.unavailable == stock[at, "unavailable"]

    @invariant()
    def holds_and_orders_are_the_models(self) -> None:
        if not hasattr(self, "model"):
            return
        living = {name: hold for name, hold in self.model.holds.items() if hold.state == "live"}
        found = self.shop.holds(sorted(living))
        for name, hold in living.items():
            seen = found[name]
            assert (seen.state, seen.channel, seen.units_by_position(), seen.expires_at) == (
                "active", hold.channel, hold.units, hold.expires_at
            )  # fmt: skip
        assert self.shop.waiting_orders() == set(self.model.waiting())
        states = self.shop.states()
        assert states.keys() == self.model.orders.keys()
        for name, order in self.model.orders.items():
            work: dict[Any, int] = {}
            for each in order.work:
                at = (each.node_id, each.line_no)
                work[at] = work.get(at, 0) + each.qty
            had = {no: (qty, order.cancelled.get(no, 0)) for no, qty in order.allocated().items()}
            assert states[name] == (order.state, had, work)

    def teardown(self) -> None:
        if hasattr(self, "model"):
            assert self.shop.complaints() == []

    def _compare_availability(self, *, from_view: bool) -> None:
        for channel in ("", *CHANNELS):
            expected = {
                (node, sku): self.model.atp(node, sku, channel) for node in NODES for sku in (*SKUS, KIT)
            }
            assert self.shop.promised(channel, from_view=from_view) == expected

    def _open(self, name: str, hold: Hold) -> None:
        expected = self.model.open_hold(name, copy.deepcopy(hold))
        assert self.shop.open_hold(name, hold) == expected

    def _a_hold(self, data: st.DataObject) -> tuple[str, Hold]:
        name = data.draw(st.sampled_from(sorted(self.model.holds)))
        return name, self.model.holds[name]

    def _an_order(self, data: st.DataObject) -> tuple[str, Order]:
        name = data.draw(st.sampled_from(sorted(self.model.orders)))
        return name, self.model.orders[name]

    def _draw_placement(self, data: st.DataObject) -> Placement:
        node = data.draw(st.sampled_from((None, None, *NODES)))
        on_short = data.draw(st.sampled_from(OnShort))
        review = data.draw(st.sampled_from([None, None, None, Review.PAYMENT]))
        hold_ids = st.sampled_from([None, *sorted(self.model.holds)])
        return a_placement(
            f"O{next(self._numbers):03}",
            *data.draw(lines),
            channel=data.draw(st.sampled_from(CHANNELS)),
            on_short=on_short,
            priority=data.draw(st.integers(1, 2)),
            placed_at=self.shop.clock.now(),
            review=review,
            hold_id=data.draw(hold_ids),
            method=Method.SHIPPING if node is None else Method.PICK_UP,
            pickup_node_id=node,
        )

    def _place(self, batch: Sequence[Placement], group_max: int = 64) -> None:
        """The answers must be those of some sequence of the orders, each on what the ones before left."""
        answers = self.shop.place(batch, group_max)
        known = {placement.key for placement in self.asked}
        self.asked += {each.key: each for each in batch if each.key not in known}.values()
        complaints = []
        for sequence in itertools.permutations(zip(batch, answers, strict=True)):
            model = copy.deepcopy(self.model)
            try:
                for placement, (status, body) in sequence:
                    name, asked = placement.request.order_id, order_of(placement)
                    model.place(placement.key.key, placement.key.digest, name, asked, status, body)
            except AssertionError as complaint:
                complaints.append(str(complaint))
                continue
            self.model = model
            return
        raise AssertionError(f"no sequence of the orders explains {answers}: {complaints}")


def order_of(placement: Placement) -> Order:
    asked = placement.request
    return Order(
        channel=asked.channel,
        lines={line.line_no: (line.sku_id, line.qty) for line in asked.lines},
        on_short=asked.on_short.value,
        priority=asked.priority,
        hold_id=asked.hold_id,
        pickup_node_id=asked.pickup_node_id,
        state="open" if asked.review is None else "on_hold",
    )


def losers(lost: Sequence[Any]) -> list[tuple[str, int]]:
    return sorted((each.hold_id or each.order_id, each.qty) for each in lost)


def same(one: Told, other: Told) -> bool:
    """Compare answers; the one from the books has been JSON."""
    return one[0] == other[0] and {k: str(v) for k, v in one[1].items()} == {
        k: str(v) for k, v in other[1].items()
    }
