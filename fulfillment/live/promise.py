"""Promises: for each way to reach a customer, the options that no other one beats on both arrival and cost.

They are the exact one-order plans of every deadline that tells two of them apart, so no option is missed.
`promise_sweep` finds them all in one call of the solver, or else `promise_rounds` a deadline a time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import NamedTuple

from fulfillment.domain.errors import InvalidRequest, NotFound
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.placing import PlannedParcel, UnfilledUnits
from fulfillment.live.decide import Decider, Scratches
from fulfillment.live.departures import Moments
from fulfillment.live.group import Wanted, basket_of
from fulfillment.live.network import LiveNetwork, Place, Point
from fulfillment.live.parcels import Plan, PlannedOnce, SolverParcel
from fulfillment.live.promise_rounds import Rounds
from fulfillment.live.promise_sweep import Sweep, can_sweep
from fulfillment.live.reasons import unknown_units
from fulfillment.live.stock_view import Position, StockView

PICKUP_NODES = 3
"""Pickup nodes that are looked at where the caller names none: those next to the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRequest:
    """A basket and where it should go.

    Attributes
    ----------
    postal_code, point
        One of them, for what is brought to the customer and to find pickup nodes near him; neither if he
        collects it at nodes that are named.
    pickup_node_ids : tuple of str or None
        Where he would collect it; None for the nodes next to him.
    """

    channel: str
    lines: tuple[Line, ...]
    postal_code: str | None = None
    point: Point | None = None
    pickup_node_ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to have the basket.

    Attributes
    ----------
    option_id : str
        Names it within its promise.
    pickup_node_id : str or None
        Where it is collected.
    arrive_by : datetime
        UTC; when the last parcel arrives or can be collected.
    cost_micros : int
        Transport and handling of all parcels.
    unfilled : tuple of UnfilledUnits
        What no option of this way has more of.
    """

    option_id: str
    method: Method
    pickup_node_id: str | None
    arrive_by: datetime
    cost_micros: int
    parcels: tuple[PlannedParcel, ...]
    unfilled: tuple[UnfilledUnits, ...]


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A way that has nothing of the basket, and why."""

    method: Method
    pickup_node_id: str | None
    reasons: tuple[UnfilledUnits, ...]


@dataclass(frozen=True, slots=True)
class Promises:
    """All options, way by way and the earliest first, and the ways that are closed."""

    options: tuple[Option, ...]
    unavailable: tuple[Unavailable, ...]
    position: str  # the ledger's cursor that the view had reached

    @property
    def has_all(self) -> bool:
        """Whether some option has the whole basket."""
        return any(not option.unfilled for option in self.options)


def promise(
    decider: Decider, request: PromiseRequest, now: datetime, held: Mapping[Position, int] | None = None
) -> Promises:
    """Find the options for a basket as they are at `now` (UTC); nothing is reserved.

    held : units by position that a hold reserves for this basket already.

    Raises
    ------
    NotFound
        When the postal code or a pickup node is not known.
    InvalidRequest
        When it says neither where to bring it nor where to collect it.
    """
    network, view = decider.world
    places = _places(request, network)
    basket = basket_of(request.lines, network)
    wanted = [Wanted(order_id="", channel=request.channel, basket=basket, place=place) for place in places]
    unknown = unknown_units(basket)
    if not basket.lines:
        return Promises((), tuple([_closed(way, network, unknown) for way in wanted]), view.position)
    moments = network.moments(now)
    once = PlannedOnce(wanted[0], network, moments)
    options, closed = list[Option](), list[Unavailable]()
    found = _search(wanted, (network, view), moments, held or {}, decider.scratches)
    for way, (plans, lacking) in zip(wanted, found, strict=True):
        if plans:
            options += _options(way, _unbeaten(plans, once), network, lacking, unknown)
        else:
            closed.append(_closed(way, network, (*lacking(()), *unknown)))
    return Promises(tuple(options), tuple(closed), view.position)


Lacking = Callable[[Sequence[SolverParcel]], tuple[UnfilledUnits, ...]]
"""Names what a plan lacks of the basket, and why."""


def _search(
    ways: Sequence[Wanted],
    world: tuple[LiveNetwork, StockView],
    moments: Moments,
    held: Mapping[Position, int],
    scratches: Scratches,
) -> list[tuple[list[Plan], Lacking]]:
    """Find the plans of every way that differ in arrival, among them all that no other one beats."""
    network, view = world
    found = dict[int, tuple[list[Plan], Lacking]]()
    if can_sweep(ways[0].basket, network):
        sweep = Sweep(ways, network, view, moments, held)
        for w in range(len(ways)):
            plans = sweep.plans(w)
            if plans is not None:
                found[w] = plans, partial(sweep.lacking, w)
    if left := [w for w in range(len(ways)) if w not in found]:
        rounds = Rounds([ways[w] for w in left], network, view, moments, held, scratches)
        for number, w in enumerate(left):
            found[w] = rounds.plans(number), partial(rounds.lacking, number)
    return [found[w] for w in range(len(ways))]


class _Dated(NamedTuple):
    """A plan with its parcels in the retailer's words; sorts by arrival, then by cost."""

    arrive_by: datetime
    cost_micros: int
    units: int
    parcels: tuple[PlannedParcel, ...]
    plan: Plan


def _unbeaten(plans: list[Plan], once: PlannedOnce) -> list[_Dated]:
    """Keep the plans with most units that no other one beats, the earliest first."""
    dated = [_dated(plan, once.of(plan)) for plan in plans]
    most = max([each.units for each in dated])
    kept = list[_Dated]()
    for each in sorted(dated, key=_ARRIVAL_AND_COST):
        if each.units == most and (not kept or each.cost_micros < kept[-1].cost_micros):
            kept.append(each)
    return kept


_ARRIVAL_AND_COST = itemgetter(0, 1)


def _dated(plan: Plan, parcels: tuple[PlannedParcel, ...]) -> _Dated:
    return _Dated(
        max([parcel.arrives_at for parcel in parcels]),
        sum([parcel.cost_micros for parcel in parcels]),
        sum([line.qty for parcel in parcels for line in parcel.lines]),
        parcels,
        plan,
    )


def _options(
    way: Wanted,
    unbeaten: Sequence[_Dated],
    network: LiveNetwork,
    lacking: Lacking,
    unknown: tuple[UnfilledUnits, ...],
) -> list[Option]:
    node_id = _pickup_node_id(way, network)
    method = way.place[0]
    name = f"{method}-{node_id}" if node_id else str(method)
    is_whole = unbeaten[0].units == way.basket.units  # they all have as many
    return [
        Option(
            option_id=f"{name}-{number}",
            method=method,
            pickup_node_id=node_id,
            arrive_by=each.arrive_by,
            cost_micros=each.cost_micros,
            parcels=each.parcels,
            unfilled=unknown if is_whole else (*lacking(each.plan), *unknown),
        )
        for number, each in enumerate(unbeaten, start=1)
    ]


def _places(request: PromiseRequest, network: LiveNetwork) -> list[Place]:
    """Find the ways that a request asks about."""
    point = request.point
    places = list[Place]()
    if request.postal_code is not None:
        at = network.place_index.get(request.postal_code)
        point = network.point_of(request.postal_code)
        if at is None or point is None:
            raise NotFound(
                f"there is no postal code {request.postal_code}",
                kind="postal_code",
                id=request.postal_code,
            )
        places += [(Method.SHIPPING, at), (Method.LOCAL, at)]
    elif point is not None:
        places += [(Method.SHIPPING, point), (Method.LOCAL, point)]
    if request.pickup_node_ids is not None:
        return places + [(Method.PICK_UP, _node(node_id, network)) for node_id in request.pickup_node_ids]
    if point is None:
        raise InvalidRequest(
            "the basket has no destination",
            remedy="give a postal_code, a lat and a lon, or pickup_node_ids",
            key="postal_code",
        )
    return places + [(Method.PICK_UP, node) for node in network.pickup_nodes_near(point, PICKUP_NODES)]


def _node(node_id: str, network: LiveNetwork) -> int:
    node = network.node_index.get(node_id)
    if node is None:
        raise NotFound(f"there is no node {node_id}", kind="node", id=node_id)
    return node


def _pickup_node_id(wanted: Wanted, network: LiveNetwork) -> str | None:
    method, at = wanted.place
    return network.nodes.node_id[at] if method is Method.PICK_UP and isinstance(at, int) else None


def _closed(wanted: Wanted, network: LiveNetwork, reasons: Sequence[UnfilledUnits]) -> Unavailable:
    return Unavailable(wanted.place[0], _pickup_node_id(wanted, network), tuple(reasons))
