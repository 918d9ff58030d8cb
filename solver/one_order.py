"""One order as the pattern MIP sees it: its lines, and who can send what at which price.

Plain Python objects, read off the arrays once an order. The exact search has its own, faster view of an order
(`order_kernel.gather_candidates`); orders that need this one are rare and cost seconds, not microseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from solver.arrays import ProblemArrays
from solver.problem import NO_LANE, NO_TARIFF, OWN_WAY, UNLIMITED_PARCELS, Int64s


@dataclass(frozen=True, slots=True)
class PriceList:
    """A price list: its steps, and what riding it adds to a parcel."""

    index: int  # in AllocationProblem.list_ptr
    weights: tuple[int, ...]  # grams, ascending
    costs: tuple[int, ...]  # micros
    fixed: int  # micros a parcel

    def price(self, weight_g: int) -> int:
        """Price a parcel: full multiples of the last step, and the first step that holds the rest; micros."""
        full = (weight_g - 1) // self.weights[-1]
        rest = weight_g - full * self.weights[-1]
        step = next(k for k, weight in enumerate(self.weights) if weight >= rest)
        return self.fixed + full * self.costs[-1] + self.costs[step]


@dataclass(frozen=True, slots=True)
class Tail:
    """Units beyond `free` cost `cost` micros more each."""

    free: int
    cost: int

    def price(self, units: int) -> int:
        """Price the units beyond `free`, in micros."""
        return max(0, units - self.free) * self.cost


@dataclass(frozen=True, slots=True)
class StockRow:
    """A stock row of a sender, and how many of its units one unit of each line takes."""

    index: int  # in AllocationProblem.pos_free
    left: int  # units
    uses: dict[int, int]  # line -> units
    tail: Tail | None

    def taken(self, parcels: Sequence[dict[int, int]]) -> int:
        """Return the units that parcels (line -> units) take."""
        return sum(units * self.uses.get(line, 0) for parcel in parcels for line, units in parcel.items())


@dataclass(frozen=True, slots=True)
class Sender:
    """A node that can send at least one unit of the order in time."""

    node: int
    fixed: int  # micros a parcel before transport, the price of the capacity it uses included
    parcel_use: int  # units of capacity a parcel
    capacity: int | None  # left, None where there is no limit
    capacity_tail: Tail | None
    lists: tuple[PriceList, ...]
    avail: dict[int, int]  # line -> units at most
    unit: dict[int, int]  # line -> micros a unit, prices included
    unit_use: dict[int, int]  # line -> units of capacity a unit
    position: dict[int, int]  # line -> position
    rows: tuple[StockRow, ...]

    def transport(self, weight_g: int) -> tuple[int, int]:
        """Price a parcel on the cheapest of its lists: (micros, the list's index); ties go to the first."""
        return min(((p.price(weight_g), p.index) for p in self.lists), key=lambda found: found[0])

    def capacity_used(self, parcels: Sequence[dict[int, int]]) -> int:
        """Return the units of capacity that parcels (line -> units) use."""
        return sum(
            self.parcel_use + sum(units * self.unit_use[line] for line, units in parcel.items())
            for parcel in parcels
        )


@dataclass(frozen=True, slots=True)
class OneOrder:
    """An order on one of the ways in which it may be served, at prices, on some stock and capacity."""

    first_line: int  # index in AllocationProblem.line_sku
    qty: tuple[int, ...]  # [l] units
    penalty: tuple[int, ...]  # [l] micros a unit left unfilled
    weight: tuple[int, ...]  # [l] grams a unit
    parcels_max: int
    is_complete: bool  # every unit is sent, or none
    senders: tuple[Sender, ...]

    def without_tails(self) -> "OneOrder":
        """Return the order with last units that cost no more than the others."""
        senders = (
            replace(
                sender,
                capacity_tail=None,
                rows=tuple(replace(row, tail=None) for row in sender.rows),
            )
            for sender in self.senders
        )
        return replace(self, senders=tuple(senders))


class Supply(NamedTuple):
    """What an order may take, and at which prices."""

    pos_left: Int64s  # [stock rows] units
    node_left: Int64s  # [n] units of capacity
    pos_price: Int64s  # [stock rows] micros, >= 0
    node_price: Int64s  # [n] micros, >= 0
    with_tails: bool  # whether last units cost more: they do in a plan; in the bound prices speak for them


def ways_of(order: int, p: ProblemArrays) -> list[int]:
    """Return the ways in which an order may be served: its own, then its alternatives."""
    return [OWN_WAY, *range(int(p.alternative_ptr[order]), int(p.alternative_ptr[order + 1]))]


def read_order(order: int, way: int, p: ProblemArrays, supply: Supply) -> OneOrder:
    """Read an order off the arrays, as it looks when it is served in one of its ways."""
    first, end = int(p.order_ptr[order]), int(p.order_ptr[order + 1])
    qty = tuple(p.line_qty[first:end].tolist())
    position_of: dict[int, dict[int, int]] = {}  # node -> line -> position
    for line in range(end - first):
        sku = p.line_sku[first + line]
        for pos in range(int(p.sku_ptr[sku]), int(p.sku_ptr[sku + 1])):
            position_of.setdefault(int(p.pos_node[pos]), {})[line] = pos
    senders = []
    for node, positions in sorted(position_of.items()):
        tariff = _tariff(order, way, node, p)
        if tariff != NO_TARIFF:
            sender = _read_sender(node, positions, qty, tariff, p, supply)
            if sender.avail:
                senders.append(sender)
    return OneOrder(
        first_line=first,
        qty=qty,
        penalty=tuple(p.line_penalty[first:end].tolist()),
        weight=tuple(p.sku_weight[p.line_sku[first:end]].tolist()),
        parcels_max=int(p.order_parcels_max[order]),
        is_complete=bool(p.order_complete[order]),
        senders=tuple(senders),
    )


def _tariff(order: int, way: int, node: int, p: ProblemArrays) -> int:
    own = way == OWN_WAY
    destination = p.order_destination[order] if own else p.alternative_destination[way]
    promise = p.order_promise_class[order] if own else p.alternative_promise_class[way]
    band = p.lane_band[destination, node]
    slack = p.transit_slack[promise, p.node_departure_class[node]]
    return NO_TARIFF if band == NO_LANE or slack < 0 else int(p.tariff_of[band, slack])


def _read_sender(
    node: int, positions: dict[int, int], qty: tuple[int, ...], tariff: int, p: ProblemArrays, supply: Supply
) -> Sender:
    node_price = int(supply.node_price[node])
    uses: dict[int, dict[int, int]] = {}  # stock row -> line -> units
    avail, unit = {}, {}
    for line, pos in positions.items():
        recipe = recipe_of(pos, p)
        units = min(qty[line], *(int(supply.pos_left[row]) // need for row, need in recipe))
        if units <= 0:
            continue
        avail[line] = units
        unit[line] = int(p.pos_unit_cost[pos]) + int(p.pos_capacity_use[pos]) * node_price
        for row, need in recipe:
            uses.setdefault(row, {})[line] = need
            unit[line] += need * int(supply.pos_price[row])
    limited = int(p.node_capacity[node]) < UNLIMITED_PARCELS
    left = int(supply.node_left[node])
    parcel_use = int(p.node_parcel_use[node])
    return Sender(
        node=node,
        fixed=int(p.node_parcel_cost[node]) + parcel_use * node_price,
        parcel_use=parcel_use,
        capacity=left if limited else None,
        capacity_tail=_tail(left, p.node_tail[node], p.node_tail_cost[node], supply),
        lists=tuple(
            _read_list(int(r), p) for r in p.tariff_list[p.tariff_ptr[tariff] : p.tariff_ptr[tariff + 1]]
        ),
        avail=avail,
        unit=unit,
        unit_use={line: int(p.pos_capacity_use[positions[line]]) for line in avail},
        position={line: positions[line] for line in avail},
        rows=tuple(
            StockRow(row, int(supply.pos_left[row]), needs, _tail_of_row(row, p, supply))
            for row, needs in sorted(uses.items())
        ),
    )


def recipe_of(pos: int, p: ProblemArrays) -> list[tuple[int, int]]:
    """Return the stock rows that one unit of a position takes, each with how many units of it."""
    compound = pos - len(p.pos_free)
    if compound < 0:
        return [(pos, 1)]
    begin, end = p.recipe_ptr[compound], p.recipe_ptr[compound + 1]
    return list(zip(p.recipe_pos[begin:end].tolist(), p.recipe_qty[begin:end].tolist(), strict=True))


def _read_list(index: int, p: ProblemArrays) -> PriceList:
    begin, end = p.list_ptr[index], p.list_ptr[index + 1]
    return PriceList(
        index=index,
        weights=tuple(p.list_weight[begin:end].tolist()),
        costs=tuple(p.list_cost[begin:end].tolist()),
        fixed=int(p.list_fixed[index]),
    )


def _tail_of_row(row: int, p: ProblemArrays, supply: Supply) -> Tail | None:
    return _tail(int(supply.pos_left[row]), p.stock_tail[row], p.stock_tail_cost[row], supply)


def _tail(left: int, units: int, cost: int, supply: Supply) -> Tail | None:
    is_priced = supply.with_tails and units > 0 and cost > 0
    return Tail(max(0, left - int(units)), int(cost)) if is_priced else None
