"""Use cases that take, hold, sell and give back units."""

from datetime import timedelta

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.holds import HeldUnits
from fulfillment.ids import IdSource, SeededIds
from fulfillment.services.cancel_order import cancel_order
from fulfillment.services.change_hold import ChangeHold, change_hold_within
from fulfillment.services.commit_plan import commit_plan
from fulfillment.services.open_hold import OpenHold, open_hold_within
from fulfillment.services.post_entries import ReportedEntries, post_entries
from fulfillment.services.receive import Receipt, receive
from fulfillment.services.release_hold import release_hold_within
from fulfillment.services.sell_at_till import SoldUnits, sell_at_till
from fulfillment.services.sync_counts import CountedSku, CountSheet, sync_counts
from fulfillment.store.transaction import run_in_transaction
from tests.simulation.use_case import (
    DAY,
    FAR,
    UseCase,
    V,
    W,
    at_noon,
    hold_that_has_expired,
    load_all,
    once_for,
    open_at,
    place,
    with_a_placed_order,
)
from tests.support.days import NOON, a_context, allocate, plan_first_come
from tests.support.ledgers import a_group, add_places, an_entry, post_all, stock_up
from tests.support.placing import a_placement


def _receive(engine: Engine) -> object:
    receipts = [Receipt(f"R{n}", *position, 2, "note", NOON) for n, position in enumerate([V, W, FAR])]
    return receive(engine, receipts, actor="dock", clock=at_noon())


def _living_and_expired_holds(engine: Engine) -> None:
    hold_that_has_expired(engine)
    open_at(engine, "H2", FAR, 2, at=NOON)


def _cancel(connection: Connection, order_id: str, *, clock: Clock, ids: IdSource, actor: str) -> str:
    cancel_order(connection, order_id, now=clock.now(), ids=ids, actor=actor)
    return order_id


def _post_in_bulk(engine: Engine) -> object:
    """Two that apply, one that lacks units, one of no reason."""
    reported = ReportedEntries(
        entry_id=["B1", "B2", "B3", "B4"],
        node_id=["L1", "L1", "L2", "L2"],
        sku_id=["V", "W", "V", "V"],
        reason=["receive", "write_off", "write_off", "whim"],
        source=[None, "available", "available", None],
        target=[None, None, None, None],
        qty=[5, 1, 99, 1],
        reference=["note"] * 4,
        occurred_at=[None] * 4,
    )
    return post_entries(engine, reported, clock=at_noon(), actor="dock")


def _sell_at_the_till(engine: Engine) -> object:
    clock = at_noon()
    sales = [SoldUnits("T1", "L1", "V", 9), SoldUnits("T2", "L1", "W", 1)]
    return sell_at_till(engine, sales, clock=clock, ids=SeededIds(3, clock), actor="till")


def _count(engine: Engine) -> object:
    clock = at_noon()
    sheet = CountSheet(count_id="C1", node_id="L1", counted_at=NOON, lines=[CountedSku("V", 3)])
    return sync_counts(engine, sheet, clock=clock, ids=SeededIds(4, clock), actor="counter")


_OPEN = OpenHold(
    hold_id="H3",
    channel="web",
    units=(HeldUnits(*V, 7), HeldUnits(*FAR, 1)),
    expires_at=NOON + timedelta(minutes=30),
)
_TOO_MUCH = OpenHold(
    hold_id="H4", channel="web", units=(HeldUnits(*V, 99),), expires_at=NOON + timedelta(minutes=30)
)
_MOVE = ChangeHold(hold_id="H2", units=(HeldUnits(*V, 8), HeldUnits(*W, 1)), channel="store")


STOCK_USE_CASES = [
    UseCase(
        "receive",
        lambda engine: run_in_transaction(engine, lambda c: add_places(c, ["L1", "L2"], ["V", "W"])),
        _receive,
    ),
    UseCase(
        "post entries",
        lambda engine: stock_up(engine, {V: 5, W: 1}),
        lambda engine: post_all(
            engine,
            a_group(an_entry(V, 2, entry_id="E1"), an_entry(W, 1, entry_id="E2")),
            a_group(an_entry(V, 9, entry_id="E3")),
        ),
    ),
    # Network, stock and orders, in the order in which they need each other.
    UseCase("load day", lambda _: None, load_all, transactions=4),
    UseCase(
        "commit plan",
        load_all,
        lambda engine: commit_plan(engine, plan_first_come(DAY), a_context("P1")),
        transactions=3,
    ),
    UseCase(
        "commit plan over an expired hold",
        hold_that_has_expired,
        lambda engine: commit_plan(engine, allocate("O1", "L1", (1, "V", 2)), a_context("P1")),
        transactions=3,
    ),
    UseCase(
        "open a hold over an expired one",
        hold_that_has_expired,
        once_for("K1", open_hold_within, _OPEN),
        has_key=True,
    ),
    UseCase("be refused a hold", load_all, once_for("K2", open_hold_within, _TOO_MUCH), has_key=True),
    UseCase(
        "move a hold", _living_and_expired_holds, once_for("K3", change_hold_within, _MOVE), has_key=True
    ),
    UseCase(
        "release a hold", _living_and_expired_holds, once_for("K4", release_hold_within, "H2"), has_key=True
    ),
    UseCase(
        "place an order over an expired hold",
        hold_that_has_expired,
        place(a_placement("P1", ("V", 7), ("W", 1))),
        has_key=True,
    ),
    UseCase(
        "place an order that takes over a hold",
        _living_and_expired_holds,
        place(a_placement("P2", ("V", 1), hold_id="H2")),
        has_key=True,
    ),
    UseCase("be refused an order", load_all, place(a_placement("P3", ("V", 99))), has_key=True),
    UseCase("cancel an order", with_a_placed_order, once_for("K5", _cancel, "P4"), has_key=True),
    UseCase("post entries in bulk", load_all, _post_in_bulk),
    UseCase("sell what an order was promised", with_a_placed_order, _sell_at_the_till),
    UseCase("count less than was promised", with_a_placed_order, _count),
]
