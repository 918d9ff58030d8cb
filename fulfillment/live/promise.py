"""Promises: for each way to reach a customer, the options that no other one beats on both arrival and cost.

The cheapest plan of the basket comes first; then the cheapest one that arrives before it; and so on until
fewer units can be had. Each is the exact one-order plan under that deadline, so no option is missed: where
two differ in arrival, the earlier one is the cheapest of its deadline. All ways go hand in hand, one call of
the solver a round.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from fulfillment.domain.buffers import EVERY_CHANNEL
from fulfillment.domain.errors import InvalidRequest, NotFound
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.placing import PlannedParcel, UnfilledUnits
from fulfillment.live.decide import Decider, own_slot
from fulfillment.live.departures import Moments
from fulfillment.live.group import GroupProblem, Wanted, basket_of, lay_out, slack_rows, units_of_hold
from fulfillment.live.network import LiveNetwork, Place, Point
from fulfillment.live.parcels import (
    SolverParcel,
    arrival,
    items_by_line,
    parcel_cost,
    planned_parcels,
    solver_parcels,
    take_parcels,
)
from fulfillment.live.reasons import unfilled_units, unknown_units
from fulfillment.live.stock_view import Position, StockView
from solver.arrays import Scratch
from solver.plan_state import PlanState
from solver.sequence import plan_in_sequence

Int64s = npt.NDArray[np.int64]

PICKUP_NODES = 3
"""Pickup nodes that are looked at where the caller names none: those next to the customer."""
ROUNDS_MAX = 64
_INSTANT = timedelta(microseconds=1)


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


@dataclass(slots=True)
class _Way:
    """A way while its options are looked for."""

    wanted: Wanted
    filled: int = -1  # units of the best plan
    deadline: datetime | None = None
    found: list[tuple[datetime, int, list[SolverParcel]]] | None = None


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
    if not basket.lines:
        closed = [_closed(each, network, unknown_units(basket)) for each in wanted]
        return Promises((), tuple(closed), view.position)
    moments = network.moments(now)
    group = lay_out(wanted, network, view, moments, now)
    search = _Search(group, network, view, moments, decider.scratches.of(group.arrays), held or {})
    options, unavailable = search.run()
    return Promises(options, unavailable, view.position)


class _Search:
    """The search for the options of one basket."""

    def __init__(
        self,
        group: GroupProblem,
        network: LiveNetwork,
        view: StockView,
        moments: Moments,
        scratch: Scratch,
        held: Mapping[Position, int],
    ) -> None:
        self._group = group
        self._network = network
        self._view = view
        self._moments = moments
        self._scratch = scratch
        channel = group.orders[0].channel
        floor = group.floor.get(channel, group.floor[EVERY_CHANNEL])
        self._free = np.maximum(0, group.left - floor) + units_of_hold(group, network, held)
        self._ways = [_Way(each) for each in group.orders]

    def run(self) -> tuple[tuple[Option, ...], tuple[Unavailable, ...]]:
        """Find the options of all ways."""
        slots = [own_slot(way.wanted.place, self._network, self._moments) for way in self._ways]
        self._find([w for w, slot in enumerate(slots) if slot is None], self._group.node_left)
        for w, slot in enumerate(slots):
            if slot is not None:
                capacity = self._group.node_left.copy()
                capacity[slot[0]] = self._view.capacity_left_at(*slot)
                self._find([w], capacity)
        options, closed = list[Option](), list[Unavailable]()
        for w, way in enumerate(self._ways):
            if way.found:
                options += self._options(w, way)
            else:
                reasons = self._lacking(w, [], self._group.node_left)
                closed.append(_closed(way.wanted, self._network, reasons))
        return tuple(options), tuple(closed)

    def _find(self, active: list[int], capacity: Int64s) -> None:
        """Go from the cheapest plan of some ways to ever earlier ones."""
        group, n = self._group, len(self._group.orders)
        slack = np.empty((n, len(self._moments.clocks)), np.int16)
        arrays = group.arrays._replace(order_promise_class=np.arange(n, dtype=np.int32), transit_slack=slack)
        no_cost = np.zeros(n, np.int64)
        plan = PlanState.of_slots(group.slot_ptr, no_cost, self._free.copy(), capacity.copy())
        if arrays.has_tails:
            arrays = arrays._replace(stock_tail=np.minimum(arrays.stock_tail, self._free))
        for _ in range(ROUNDS_MAX):
            if not active:
                return
            slack[active] = slack_rows([self._ways[w].deadline for w in active], self._network, self._moments)
            sequence = np.array([turn for w in active for turn in (w, -1 - w)], np.int64)
            plan.n_parcels[:] = 0
            plan_in_sequence(
                sequence,
                arrays,
                group.pos_price,
                group.node_price,
                self._scratch,
                plan,
            )
            found = solver_parcels(plan, group, 0, n)
            active = [w for w in active if self._goes_on(self._ways[w], found[w])]

    def _goes_on(self, way: _Way, parcels: list[SolverParcel]) -> bool:
        """Note a plan of a way; return whether an earlier one may have as many units."""
        items = items_by_line(way.wanted, parcels)
        units = sum(
            item.units * qty for (item, _, _), qty in zip(way.wanted.basket.lines, items, strict=True)
        )
        if units == 0 or units < way.filled:
            return False
        arrives_at = max(arrival(parcel, self._network, self._moments) for parcel in parcels)
        cost = sum(parcel_cost(way.wanted, parcel, self._network) for parcel in parcels)
        way.filled, way.deadline = units, arrives_at - _INSTANT
        way.found = [*(way.found or ()), (arrives_at, cost, parcels)]
        return True

    def _options(self, w: int, way: _Way) -> list[Option]:
        """Keep the plans that no other one beats, the earliest first."""
        kept = list[tuple[datetime, int, list[SolverParcel]]]()
        for arrives_at, cost, parcels in sorted(way.found or (), key=_arrival_and_cost):
            if not kept or cost < kept[-1][1]:
                kept.append((arrives_at, cost, parcels))
        node_id = _pickup_node_id(way.wanted, self._network)
        method = way.wanted.place[0]
        name = "-".join((method, node_id) if node_id else (method,))
        return [
            Option(
                option_id=f"{name}-{number}",
                method=method,
                pickup_node_id=node_id,
                arrive_by=arrives_at,
                cost_micros=cost,
                parcels=planned_parcels(way.wanted, parcels, self._network, self._moments),
                unfilled=self._lacking(w, parcels, self._group.node_left),
            )
            for number, (arrives_at, cost, parcels) in enumerate(kept, start=1)
        ]

    def _lacking(self, w: int, parcels: list[SolverParcel], capacity: Int64s) -> tuple[UnfilledUnits, ...]:
        wanted = self._ways[w].wanted
        items = items_by_line(wanted, parcels)
        missing = [qty - got for (_, qty, _), got in zip(wanted.basket.lines, items, strict=True)]
        unknown = unknown_units(wanted.basket)
        if not any(missing):
            return unknown
        stock, capacity = self._free.copy(), capacity.copy()
        take_parcels(parcels, self._group, stock, capacity)
        return (*unfilled_units(w, missing, self._group, stock, capacity), *unknown)


def _arrival_and_cost(found: tuple[datetime, int, list[SolverParcel]]) -> tuple[datetime, int]:
    return found[:2]


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
