"""What a use case is to the fault sweep, and the small ledger that all of them begin on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Engine

from api.errors import problem_of
from fulfillment.clock import ManualClock
from fulfillment.domain.holds import HeldUnits
from fulfillment.ids import SeededIds
from fulfillment.services.load_day import load_day
from fulfillment.services.once import once
from fulfillment.services.open_hold import OpenHold, open_hold
from fulfillment.services.place_orders import Placement
from fulfillment.store.engine import open_engine
from fulfillment.store.idempotency import Answer, RequestKey
from fulfillment.store.posting import Position
from tests.support.days import NOON, a_day
from tests.support.deciders import PlainDecider
from tests.support.placing import a_committer, a_placement

Made = TypeVar("Made")

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

    `act` may be called again, as a client that got no answer would; it then must not do anything twice.

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


def at_noon() -> ManualClock:
    return ManualClock(NOON)


def load_all(engine: Engine) -> None:
    load_day(engine, DAY, actor="tester", clock=at_noon())


def hold_that_has_expired(engine: Engine) -> None:
    """What others need is reserved by a hold whose time is over."""
    load_all(engine)
    open_at(engine, "H1", V, 6, at=NOON - timedelta(hours=1))


def open_at(engine: Engine, hold_id: str, position: Position, qty: int, at: datetime) -> None:
    """Open a hold that lives for half an hour."""
    clock = ManualClock(at)
    command = OpenHold(
        hold_id=hold_id,
        channel="web",
        units=(HeldUnits(*position, qty),),
        expires_at=at + timedelta(minutes=30),
    )
    open_hold(engine, command, clock=clock, ids=SeededIds(1, clock), actor="cart")


def once_for(key: str, verb: Callable[..., object], command: object) -> Callable[[Engine], object]:
    """Run a verb as a route does: under a client's key, so that a repetition is harmless."""
    clock = at_noon()

    def use_case(connection: Connection) -> Answer:
        result = verb(connection, command, clock=clock, ids=SeededIds(2, clock), actor="cart")
        return Answer(200, {"said": str(result)})

    request = RequestKey("client", key, "digest")
    return lambda engine: once(engine, request, use_case, problem=problem_of, clock=clock)


def from_beside(engine: Engine, read: Callable[[Engine], Made]) -> Made:
    """Read on connections of its own: what is read there is no step of the use case, and never broken."""
    beside = open_engine(engine.url.render_as_string(hide_password=False))
    try:
        return read(beside)
    finally:
        beside.dispose()


def place(*placements: Placement) -> Callable[[Engine], object]:
    """Place orders through a committer, as one group, and wait for the answers."""

    def act(engine: Engine) -> object:
        committer = a_committer(engine, from_beside(engine, PlainDecider))
        waiting = [committer.submit(placement) for placement in placements]
        with committer:  # it begins only now, and finds all of them
            return [each.result(60) for each in waiting]

    return act


def with_a_placed_order(engine: Engine) -> None:
    load_all(engine)
    place(a_placement("P4", ("V", 8), ("W", 1)))(engine)
