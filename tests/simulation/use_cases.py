"""Each use case of `fulfillment/services`, small, with what must be there before it.

`act` may be called again, as a client that got no answer would; it then must not do anything twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Engine

from api.errors import problem_of
from fulfillment.clock import Clock, ManualClock
from fulfillment.domain.holds import HeldUnits
from fulfillment.ids import IdSource, SeededIds
from fulfillment.services.cancel_order import cancel_order
from fulfillment.services.change_hold import ChangeHold, change_hold_within
from fulfillment.services.commit_plan import commit_plan
from fulfillment.services.load_day import load_day
from fulfillment.services.once import once
from fulfillment.services.open_hold import OpenHold, open_hold, open_hold_within
from fulfillment.services.place_orders import Placement
from fulfillment.services.post_entries import ReportedEntries, post_entries
from fulfillment.services.receive import Receipt, receive
from fulfillment.services.release_hold import release_hold_within
from fulfillment.services.sell_at_till import SoldUnits, sell_at_till
from fulfillment.services.sync_counts import CountedSku, CountSheet, sync_counts
from fulfillment.store.engine import open_engine
from fulfillment.store.idempotency import Answer, RequestKey
from fulfillment.store.posting import Position
from fulfillment.store.transaction import run_in_transaction
from tests.support.days import NOON, a_context, a_day, allocate, plan_first_come
from tests.support.deciders import PlainDecider
from tests.support.ledgers import a_group, add_places, an_entry, post_all, stock_up
from tests.support.placing import a_committer, a_placement

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
    has_key : bool
        A client's key tells what became of a COMMIT whose answer was lost.
    """

    name: str
    prepare: Callable[[Engine], object]
    act: Callable[[Engine], object]
    transactions: int = 1
    has_key: bool = False

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
    """What others need is reserved by a hold whose time is over."""
    _load_all(engine)
    _open(engine, "H1", V, 6, at=NOON - timedelta(hours=1))


def _open(engine: Engine, hold_id: str, position: Position, qty: int, at: datetime) -> None:
    """Open a hold that lives for half an hour."""
    clock = ManualClock(at)
    command = OpenHold(
        hold_id=hold_id,
        channel="web",
        units=(HeldUnits(*position, qty),),
        expires_at=at + timedelta(minutes=30),
    )
    open_hold(engine, command, clock=clock, ids=SeededIds(1, clock), actor="cart")


def _living_and_expired_holds(engine: Engine) -> None:
    _hold_that_has_expired(engine)
    _open(engine, "H2", FAR, 2, at=NOON)


def _once(key: str, verb: Callable[..., object], command: object) -> Callable[[Engine], object]:
    """Run a verb as a route does: under a client's key, so that a repetition is harmless."""
    clock = _clock()

    def use_case(connection: Connection) -> Answer:
        result = verb(connection, command, clock=clock, ids=SeededIds(2, clock), actor="cart")
        return Answer(200, {"said": str(result)})

    request = RequestKey("client", key, "digest")
    return lambda engine: once(engine, request, use_case, problem=problem_of, clock=clock)


def _place(*placements: Placement) -> Callable[[Engine], object]:
    """Place orders through a committer, and wait for the answers."""

    def act(engine: Engine) -> object:
        beside = open_engine(engine.url.render_as_string(hide_password=False))
        decider = PlainDecider(beside)  # what it reads is no step of placing
        beside.dispose()
        with a_committer(engine, decider) as committer:
            return [committer.submit(placement).result(60) for placement in placements]

    return act


def _with_a_placed_order(engine: Engine) -> None:
    _load_all(engine)
    _place(a_placement("P4", ("V", 8), ("W", 1)))(engine)


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
    return post_entries(engine, reported, clock=_clock(), actor="dock")


def _sell_at_the_till(engine: Engine) -> object:
    clock = _clock()
    sales = [SoldUnits("T1", "L1", "V", 9), SoldUnits("T2", "L1", "W", 1)]
    return sell_at_till(engine, sales, clock=clock, ids=SeededIds(3, clock), actor="till")


def _count(engine: Engine) -> object:
    clock = _clock()
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
    UseCase(
        "open a hold over an expired one",
        _hold_that_has_expired,
        _once("K1", open_hold_within, _OPEN),
        has_key=True,
    ),
    UseCase("be refused a hold", _load_all, _once("K2", open_hold_within, _TOO_MUCH), has_key=True),
    UseCase("move a hold", _living_and_expired_holds, _once("K3", change_hold_within, _MOVE), has_key=True),
    UseCase(
        "release a hold", _living_and_expired_holds, _once("K4", release_hold_within, "H2"), has_key=True
    ),
    UseCase(
        "place an order over an expired hold",
        _hold_that_has_expired,
        _place(a_placement("P1", ("V", 7), ("W", 1))),
        has_key=True,
    ),
    UseCase(
        "place an order that takes over a hold",
        _living_and_expired_holds,
        _place(a_placement("P2", ("V", 1), hold_id="H2")),
        has_key=True,
    ),
    UseCase("be refused an order", _load_all, _place(a_placement("P3", ("V", 99))), has_key=True),
    UseCase("cancel an order", _with_a_placed_order, _once("K5", _cancel, "P4"), has_key=True),
    UseCase("post entries in bulk", _load_all, _post_in_bulk),
    UseCase("sell what an order was promised", _with_a_placed_order, _sell_at_the_till),
    UseCase("count less than was promised", _with_a_placed_order, _count),
]
