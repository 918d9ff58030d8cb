"""From the solver's slots to the parcels of a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from fulfillment.domain.lines import Line
from fulfillment.domain.parcels import NO_CARRIER
from fulfillment.domain.placing import PlannedParcel
from fulfillment.live.departures import Moments
from fulfillment.live.group import GroupProblem, Wanted
from fulfillment.live.network import LiveNetwork
from solver.plan_state import PlanState
from solver.problem import UNLIMITED_PARCELS

Int64s = npt.NDArray[np.int64]


Entry = tuple[int, int, int]
"""A line of the order, a position and how many items."""


@dataclass(frozen=True, slots=True)
class SolverParcel:
    """A parcel by number."""

    node: int
    price_list: int
    entries: tuple[Entry, ...]


Plan = list[SolverParcel]
"""The parcels of one order."""


def solver_parcels(plan: PlanState, group: GroupProblem, first: int, end: int) -> list[list[SolverParcel]]:
    """Read the parcels of some orders of the group, order by order."""
    base, top = int(plan.slot_ptr[first]), int(plan.slot_ptr[end])
    begins = plan.slot_ptr[first : end + 1].tolist()
    counts = plan.n_parcels[first:end].tolist()
    node, price_list = plan.parcel_node[base:top].tolist(), plan.parcel_list[base:top].tolist()
    entry_end = plan.entry_end[base:top].tolist()
    line, pos = plan.entry_line[base:top].tolist(), plan.entry_pos[base:top].tolist()
    qty = plan.entry_qty[base:top].tolist()
    first_line = group.arrays.order_ptr[first:end].tolist()
    orders = list[list[SolverParcel]]()
    for k, count in enumerate(counts):
        entry, parcels = begins[k], list[SolverParcel]()
        for slot in range(begins[k] - base, begins[k] - base + count):
            stop = entry_end[slot]
            within = range(entry - base, stop - base)
            entries = tuple((line[e] - first_line[k], pos[e], qty[e]) for e in within)
            parcels.append(SolverParcel(node[slot], price_list[slot], entries))
            entry = stop
        orders.append(parcels)
    return orders


def items_by_line(wanted: Wanted, parcels: Sequence[SolverParcel]) -> list[int]:
    """Add up the items that parcels hold of each line of an order."""
    items = [0] * len(wanted.basket.lines)
    for parcel in parcels:
        for line, _, qty in parcel.entries:
            items[line] += qty
    return items


def planned_parcels(
    wanted: Wanted,
    parcels: Sequence[SolverParcel],
    network: LiveNetwork,
    moments: Moments,
) -> tuple[PlannedParcel, ...]:
    """Say the parcels of an order in the retailer's words, equal SKUs handed out by line number."""
    unused = [[(line, line.qty) for line in lines] for _, _, lines in wanted.basket.lines]
    return tuple(_planned(wanted, parcel, network, moments, unused) for parcel in parcels)


class PlannedOnce:
    """The parcels of one basket in the retailer's words, where many plans of it have many in common."""

    def __init__(self, wanted: Wanted, network: LiveNetwork, moments: Moments) -> None:
        self._wanted = wanted
        self._network = network
        self._moments = moments
        self._said: dict[SolverParcel, PlannedParcel] = {}
        # Equal SKUs are handed out by line number: then a parcel depends on those beside it.
        self._is_apart = all(len(lines) == 1 for _, _, lines in wanted.basket.lines)

    def of(self, parcels: Sequence[SolverParcel]) -> tuple[PlannedParcel, ...]:
        """Say the parcels of a plan."""
        if not self._is_apart:
            return planned_parcels(self._wanted, parcels, self._network, self._moments)
        return tuple([self._said.get(parcel) or self._say(parcel) for parcel in parcels])

    def _say(self, parcel: SolverParcel) -> PlannedParcel:
        (said,) = planned_parcels(self._wanted, (parcel,), self._network, self._moments)
        self._said[parcel] = said
        return said


def arrival(parcel: SolverParcel, network: LiveNetwork, moments: Moments) -> datetime:
    """Tell when a parcel arrives, or can be collected; UTC."""
    tariff, k = network.tariffs.lists[parcel.price_list], network.class_of_node[parcel.node]
    if tariff.carrier == NO_CARRIER:
        return moments.ready_at(k)
    return moments.departs_at[k] + timedelta(days=tariff.transit_days)


def take_parcels(
    parcels: Sequence[SolverParcel], group: GroupProblem, stock: Int64s, capacity: Int64s
) -> None:
    """Take parcels off what is left of stock (int64[h]) and capacity (int64[n]), in place."""
    p, n_stock = group.arrays, len(stock)
    for parcel in parcels:
        if p.node_capacity[parcel.node] < UNLIMITED_PARCELS:
            capacity[parcel.node] -= 1
        for _, pos, qty in parcel.entries:
            if pos < n_stock:
                stock[pos] -= qty
            else:
                recipe = slice(*p.recipe_ptr[pos - n_stock : pos - n_stock + 2].tolist())
                stock[p.recipe_pos[recipe]] -= qty * p.recipe_qty[recipe]


def _planned(
    wanted: Wanted,
    parcel: SolverParcel,
    network: LiveNetwork,
    moments: Moments,
    unused: list[list[tuple[Line, int]]],
) -> PlannedParcel:
    node, basket, sku_id = parcel.node, wanted.basket.lines, network.skus.sku_id
    lines, units = list[Line](), dict[str, int]()
    weight = pieces = commission = 0
    for at, _, qty in parcel.entries:
        item = basket[at][0]
        goods = qty * item.units
        weight += goods * network.weight_g[item.sku]
        commission += goods * (network.price_micros[item.sku] * network.commission_bp[node] // 10_000)
        for sku, each in item.pieces:
            units[sku_id[sku]] = units.get(sku_id[sku], 0) + qty * each
            pieces += qty * each
        lines += _hand_out(unused[at], goods)
    tariff, k = network.tariffs.lists[parcel.price_list], network.class_of_node[node]
    is_own = tariff.carrier == NO_CARRIER
    return PlannedParcel(
        node_id=network.nodes.node_id[node],
        carrier=tariff.carrier,
        service=tariff.service,
        departs_at=None if is_own else moments.departs_at[k],
        arrives_at=arrival(parcel, network, moments),
        slot_on=moments.ready_on(k) if is_own else moments.departs_on[k],
        lines=tuple(lines),
        units=units,
        # Without what policies and prices weigh.
        cost_micros=tariff.price_micros(weight)
        - tariff.late_micros
        + network.parcel_handling[node]
        + pieces * network.piece_handling[node]
        + commission,
    )


def _hand_out(unused: list[tuple[Line, int]], qty: int) -> list[Line]:
    """Take units off the lines of one SKU, the lowest number first."""
    if len(unused) == 1:
        line, left = unused[0]
        unused[0] = (line, left - qty)
        return [line if qty == line.qty else Line(line.line_no, line.sku_id, qty)]
    lines = list[Line]()
    while qty:
        line, left = unused[0]
        some = min(left, qty)
        lines.append(Line(line.line_no, line.sku_id, some))
        qty -= some
        if some == left:
            unused.pop(0)
        else:
            unused[0] = (line, left - some)
    return lines
