"""Hold what a promise offers, so that it is still there at the checkout.

The hold is the cart's: asked for again with the same id, it keeps its units while the basket is promised
anew, and is changed in place where another option, or another basket, is wanted.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import InsufficientStock, NotFound, Shortfall, StaleVersion
from fulfillment.domain.holds import HeldUnits, Hold
from fulfillment.domain.transitions import HoldState
from fulfillment.ids import IdSource
from fulfillment.live.decide import Decider
from fulfillment.live.promise import Option, PromiseRequest, Promises, promise
from fulfillment.services.change_hold import ChangeHold, change_hold
from fulfillment.services.open_hold import OpenHold, open_hold
from fulfillment.store.entries import balances_of_skus
from fulfillment.store.holds import read_holds
from fulfillment.store.transaction import read_snapshot

ATTEMPTS_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldWish:
    """What a shopper wants kept.

    Attributes
    ----------
    hold_id : str
        Asking again with the same id opens no second hold.
    option_id : str or None
        The option whose units are kept; None for the cheapest one, the earliest of those.
    """

    hold_id: str
    expires_in: timedelta
    customer_id: str | None = None
    option_id: str | None = None


@dataclass(frozen=True, slots=True)
class HeldPromise:
    """A promise, the hold, and the option that it keeps."""

    promises: Promises
    hold: Hold
    option_id: str


def hold_promise(
    engine: Engine,
    decider: Decider,
    request: PromiseRequest,
    wish: HoldWish,
    *,
    clock: Clock,
    ids: IdSource,
    actor: str,
) -> HeldPromise:
    """Promise a basket and hold one option's units, all or none.

    When somebody else takes a unit in between, the options are looked for again on fresh balances.

    Raises
    ------
    InsufficientStock
        When no option has the whole basket, or units were taken again and again.
    NotFound
        When there is no option of that id.
    ReservationClosed
        When the hold has ended.
    StaleVersion
        When somebody else changes it again and again.
    """
    for attempt in range(1, ATTEMPTS_MAX + 1):
        now = clock.now()
        known = read_snapshot(engine, lambda connection: read_holds(connection, [wish.hold_id]))
        hold = known.get(wish.hold_id)
        if hold is not None and (hold.state is not HoldState.ACTIVE or hold.has_expired(now)):
            hold = None  # it is closed, which `open_hold` says
        promises = promise(decider, request, now, hold.units_by_position() if hold else None)
        option = _chosen(promises, request, wish.option_id)
        try:
            held = _keep(engine, hold, request, wish, _units(option), clock=clock, ids=ids, actor=actor)
        except (InsufficientStock, StaleVersion):
            if attempt == ATTEMPTS_MAX:
                raise
            _look_again(engine, decider, {sku_id for parcel in option.parcels for sku_id in parcel.units})
        else:
            return HeldPromise(promises, held, option.option_id)
    raise ValueError("at least one attempt is made")


def _keep(
    engine: Engine,
    known: Hold | None,
    request: PromiseRequest,
    wish: HoldWish,
    units: tuple[HeldUnits, ...],
    *,
    clock: Clock,
    ids: IdSource,
    actor: str,
) -> Hold:
    expires_at = clock.now() + wish.expires_in
    if known is None:
        opened = OpenHold(
            hold_id=wish.hold_id,
            channel=request.channel,
            units=units,
            expires_at=expires_at,
            customer_id=wish.customer_id,
        )
        return open_hold(engine, opened, clock=clock, ids=ids, actor=actor)
    changed = ChangeHold(
        hold_id=wish.hold_id,
        units=units,
        expires_at=expires_at,
        channel=request.channel,
        customer_id=wish.customer_id,
        expected_version=known.version,
    )
    return change_hold(engine, changed, clock=clock, ids=ids, actor=actor)


def _chosen(promises: Promises, request: PromiseRequest, option_id: str | None) -> Option:
    whole = [option for option in promises.options if not option.unfilled]
    if option_id is not None:
        whole = [option for option in whole if option.option_id == option_id]
        if not whole and any(option.option_id == option_id for option in promises.options):
            raise _short(promises, request)
        if not whole:
            raise NotFound(f"there is no option {option_id} now", kind="option", id=option_id)
    if not whole:
        raise _short(promises, request)
    return min(whole, key=lambda option: (option.cost_micros, option.arrive_by))


def _short(promises: Promises, request: PromiseRequest) -> InsufficientStock:
    """Say what lacks in the option that has most of the basket."""
    lacking = [option.unfilled for option in promises.options] or [
        way.reasons for way in promises.unavailable
    ]
    least = min(lacking, key=lambda units: sum(each.qty for each in units), default=())
    asked: dict[str, int] = {}
    for line in request.lines:
        asked[line.sku_id] = asked.get(line.sku_id, 0) + line.qty
    missing: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for units in least:
        missing[units.sku_id] = missing.get(units.sku_id, 0) + units.qty
        reasons.setdefault(units.sku_id, units.reason)
    return InsufficientStock(
        [
            Shortfall("", sku_id, asked[sku_id], asked[sku_id] - qty, reasons[sku_id])
            for sku_id, qty in sorted(missing.items())
        ]
    )


def _units(option: Option) -> tuple[HeldUnits, ...]:
    units: dict[tuple[str, str], int] = {}
    for parcel in option.parcels:
        for sku_id, qty in parcel.units.items():
            at = (parcel.node_id, sku_id)
            units[at] = units.get(at, 0) + qty
    return tuple(HeldUnits(node_id, sku_id, qty) for (node_id, sku_id), qty in sorted(units.items()))


def _look_again(engine: Engine, decider: Decider, sku_ids: set[str]) -> None:
    balances = read_snapshot(engine, lambda connection: balances_of_skus(connection, sku_ids))
    decider.view.refresh(balances)
