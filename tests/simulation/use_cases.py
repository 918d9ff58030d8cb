"""Each use case of `fulfillment/services`, small, with what must be there before it.

`act` may be called again, as a client that got no answer would; it then must not do anything twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Engine

from fulfillment.clock import ManualClock
from fulfillment.domain.stock import EntryReason
from fulfillment.domain.transitions import HoldState
from fulfillment.services.commit_plan import commit_plan
from fulfillment.services.load_day import load_day
from fulfillment.services.receive import Receipt, receive
from fulfillment.store.rowset import insert_rows
from fulfillment.store.schema.orders import hold, hold_line
from fulfillment.store.transaction import run_in_transaction
from tests.support.days import NOON, a_context, a_day, allocate, plan_first_come
from tests.support.ledgers import A, R, a_group, add_places, an_entry, post_all, stock_up

V, W, FAR = ("L1", "V"), ("L1", "W"), ("L2", "V")
DAY = a_day(
    {V: 10, W: 3, FAR: 4},
    {"O1": [("V", 2), ("W", 1)], "O2": [("V", 11)], "O3": [("W", 9)]},
    safety={V: 1},
    incoming={W: (5, date(2026, 11, 25))},
)


@dataclass(frozen=True, slots=True)
class UseCase:
    """One verb.

    Attributes
    ----------
    transactions : int
        That write; 1 unless the use case says that it is resumed where it stopped.
    """

    name: str
    prepare: Callable[[Engine], object]
    act: Callable[[Engine], object]
    transactions: int = 1

    def __str__(self) -> str:
        return self.name


def _clock() -> ManualClock:
    return ManualClock(NOON)


def _load_all(engine: Engine) -> None:
    load_day(engine, DAY, actor="tester", clock=_clock())


def _receive(engine: Engine) -> object:
    receipts = [Receipt(f"R{n}", *position, 2, "note", NOON) for n, position in enumerate([V, W, FAR])]
    return receive(engine, receipts, actor="dock", clock=_clock())


def _hold_that_has_expired(engine: Engine) -> None:
    """What the plan needs is reserved by a hold whose time is over."""
    _load_all(engine)
    post_all(engine, a_group(an_entry(V, 6, EntryReason.HOLD, A, R, entry_id="hold/H1")))
    h, line = hold.c, hold_line.c

    def story(connection):  # type: ignore[no-untyped-def]
        values = {h.hold_id: ["H1"], h.state: [HoldState.ACTIVE.value], h.channel: ["web"], h.version: [1]}
        moments = {h.expires_at: [NOON - timedelta(minutes=1)], h.recorded_at: [NOON - timedelta(hours=1)]}
        insert_rows(connection, hold, values | moments)
        units = {line.hold_id: ["H1"], line.node_id: ["L1"], line.sku_id: ["V"], line.qty: [6]}
        insert_rows(connection, hold_line, units)

    run_in_transaction(engine, story)


USE_CASES = [
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
    UseCase("load day", lambda _: None, _load_all, transactions=4),
    UseCase(
        "commit plan",
        _load_all,
        lambda engine: commit_plan(engine, plan_first_come(DAY), a_context("P1")),
        transactions=3,
    ),
    UseCase(
        "commit plan over an expired hold",
        _hold_that_has_expired,
        lambda engine: commit_plan(engine, allocate("O1", "L1", (1, "V", 2)), a_context("P1")),
        transactions=3,
    ),
]
