"""Use cases of orders after they were placed, and of orders that are placed together."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from api.errors import problem_of
from fulfillment.clock import ManualClock
from fulfillment.domain.kinds import Method
from fulfillment.domain.orders import Review
from fulfillment.domain.placing import OnShort, OrderRequest
from fulfillment.ids import TimeOrderedIds
from fulfillment.live.order_changes import OrderChanges
from fulfillment.services.fill_back_order import fill_back_order
from fulfillment.services.leave_waiting import leave_waiting
from fulfillment.services.release_due import release_due
from fulfillment.services.sell_at_till import SoldUnits, sell_at_till
from fulfillment.services.swap_work import Swap, swap_work
from fulfillment.store.back_orders import BackOrder, read_back_orders, read_unrouted
from fulfillment.store.idempotency import Answer, RequestKey
from fulfillment.store.open_work import read_open_orders
from fulfillment.store.transaction import read_snapshot
from tests.simulation.use_case import (
    FAR,
    UseCase,
    V,
    W,
    at_noon,
    from_beside,
    hold_that_has_expired,
    load_all,
    open_at,
    place,
    with_a_placed_order,
)
from tests.support.days import NOON
from tests.support.deciders import PlainDecider
from tests.support.ledgers import a_group, a_receipt, post_all
from tests.support.placing import a_placement

RELEASE_AT = NOON + timedelta(minutes=10)
KEY = RequestKey("client", "K", "digest")


def _with_an_order_that_waits(engine: Engine) -> None:
    """Three of its five units are there when it is placed; then one comes."""
    load_all(engine)
    place(a_placement("P5", ("W", 5), on_short=OnShort.BACKORDER))(engine)
    post_all(engine, a_group(a_receipt(W, 1, entry_id="came")))


def _with_an_order_under_review(engine: Engine) -> None:
    """It has a hold for a part of what it needs; the rest is reserved by a hold that has expired."""
    hold_that_has_expired(engine)
    open_at(engine, "H2", FAR, 2, at=NOON)
    place(a_placement("P6", ("V", 9), review=Review.PAYMENT, hold_id="H2"))(engine)


def _through_changes(verb: Callable[[OrderChanges], Answer]) -> Callable[[Engine], object]:
    def act(engine: Engine) -> object:
        clock = at_noon()
        decider = from_beside(engine, PlainDecider)
        return verb(OrderChanges(engine, decider, problem=problem_of, clock=clock, ids=TimeOrderedIds(clock)))

    return act


def _collect_it(asked: OrderRequest) -> OrderRequest:
    return replace(asked, method=Method.PICK_UP, pickup_node_id="L1")


def _fill(engine: Engine) -> None:
    """Give every order that waits what there is now, as the worker does."""
    for order in from_beside(
        engine, lambda beside: read_snapshot(beside, lambda c: read_back_orders(c, None, 10))
    ):
        _fill_one(engine, order)


def _with_losses(engine: Engine) -> None:
    """Of two orders that nodes have begun on, one lost what another node has, one what nobody has."""
    load_all(engine)
    place(a_placement("P9", ("V", 8)), a_placement("P10", ("W", 3)))(engine)
    _release(engine)
    clock = at_noon()
    sold = [SoldUnits("T1", *V, 5), SoldUnits("T2", *W, 1)]
    sell_at_till(engine, sold, clock=clock, ids=TimeOrderedIds(clock), actor="till")


def _route(engine: Engine) -> None:
    """Give every order that lost units what other nodes have, or tell that it waits, as the worker does."""
    clock = at_noon()
    for order in from_beside(engine, lambda beside: read_snapshot(beside, lambda c: read_unrouted(c, 10))):
        if not _fill_one(engine, order):
            leave_waiting(engine, order.order_id, clock=clock, ids=TimeOrderedIds(clock))


def _fill_one(engine: Engine, order: BackOrder) -> bool:
    """Give an order what there is; say whether there was something."""
    clock = at_noon()
    asked = a_placement(
        order.order_id, *((line.sku_id, line.qty) for line in order.lines), on_short=OnShort.BACKORDER
    ).request
    (decision,) = from_beside(engine, PlainDecider).decide([asked], NOON)
    if decision.parcels:
        fill_back_order(
            engine,
            asked,
            decision,
            policy_digest="plain",
            release_at=RELEASE_AT,
            clock=clock,
            ids=TimeOrderedIds(clock),
            actor="worker",
        )
    return bool(decision.parcels)


def _with_an_order_at_the_far_node(engine: Engine) -> None:
    load_all(engine)
    place(a_placement("P7", ("V", 2)), a_placement("P8", ("W", 1)))(engine)


def _move_to_the_far_node(engine: Engine) -> None:
    """Swap the work of every open order that the far node could do as well."""
    clock = at_noon()
    elsewhere = from_beside(engine, lambda beside: PlainDecider(beside, capacity={"L1": 0}))
    for order in from_beside(
        engine, lambda beside: read_snapshot(beside, lambda c: read_open_orders(c, NOON, 10))
    ):
        asked = a_placement(order.order_id, *((line.sku_id, line.qty) for line in order.lines)).request
        (decision,) = elsewhere.decide([asked], NOON)
        if decision.unfilled or [work.node_id for work in order.work] == ["L2"]:
            continue
        swap_work(
            engine,
            [Swap(order, decision)],
            policy_digest="plain",
            clock=clock,
            ids=TimeOrderedIds(clock),
            actor="worker",
        )


def _release(engine: Engine) -> int:
    clock = ManualClock(RELEASE_AT)
    return release_due(engine, clock=clock, ids=TimeOrderedIds(clock))


ORDER_USE_CASES = [
    UseCase(
        "place a group of orders",
        hold_that_has_expired,
        place(
            a_placement("G1", ("V", 3), ("V", 2)),
            a_placement("G2", ("V", 99)),
            a_placement("G3", ("W", 9), on_short=OnShort.PARTIAL),
            a_placement("G4", ("V", 4), ("W", 1), on_short=OnShort.BACKORDER),
            a_placement("G5", ("V", 1), review=Review.FRAUD),
        ),
        has_key=True,
    ),
    UseCase(
        "change an order to be collected",
        with_a_placed_order,
        _through_changes(lambda changes: changes.change(KEY, "P4", _collect_it)),
        has_key=True,
    ),
    UseCase(
        "clear an order that takes over a hold",
        _with_an_order_under_review,
        _through_changes(lambda changes: changes.clear(KEY, "P6")),
        has_key=True,
    ),
    UseCase("fill a back-order", _with_an_order_that_waits, _fill),
    UseCase("re-route what was lost", _with_losses, _route, transactions=2),
    UseCase("swap work for better", _with_an_order_at_the_far_node, _move_to_the_far_node),
    UseCase("release what is due", with_a_placed_order, _release),
]
