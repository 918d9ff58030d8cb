"""Each published problem as a batch of orders, exactly.

================== ===================================================================================
uncapacitated      one order, one line a customer; a parcel costs what the facility does, a unit what
plant location     serving the customer does; stock and capacity never bind
capacitated        one order, one line a customer of as many units as its demand, which may be split;
plant location     capacity counts units
generalised        one order of one unit a job, each of a SKU of its own, since what it costs and uses
assignment         depends on the job and the node; capacity counts what units use
assignment         one order a person, all for the same SKU, of which each node has one unit; what it
                   costs is a price list for each distinct cost, by the distance band of order and node
set covering       one order, one line a row; a node for each column, which has the rows it covers, and
                   whose parcel costs what the column does
================== ===================================================================================

Whoever must be served is, since a unit left unfilled costs more than the dearest complete plan.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from benchmarks.or_library.read import (
    Assignment,
    FormatError,
    GeneralisedAssignment,
    PlantLocation,
    SetCovering,
)
from solver.problem import UNLIMITED_PARCELS, AllocationProblem, Int64s

MICROS = 10_000  # at least, for a published unit of cost, so that prices need not be whole units
BANDS_MAX = 2**15 - 1


@dataclass(frozen=True, slots=True)
class Batch:
    """An instance as orders."""

    problem: AllocationProblem
    micros: int  # for a published unit of cost
    grain: int  # micros: every complete plan costs a multiple of it

    def is_complete(self, cost: int) -> bool:
        """Whether a plan of this cost leaves nobody out: one unit left unfilled costs more than all else."""
        return cost < int(self.problem.line_penalty.min())

    def published(self, micros: int) -> Fraction:
        """Return an amount in the unit in which it was published."""
        return Fraction(micros, self.micros)

    def round_up(self, bound: int) -> int:
        """Round a bound up to what a plan can cost; micros."""
        return -(-bound // self.grain) * self.grain


def uncapacitated_plant_location(instance: PlantLocation) -> Batch:
    """Serve every customer from the open facilities, whatever they send."""
    micros, grain = _scale([instance.fixed_cost, *instance.cost])
    fixed, unit = _micros(instance.fixed_cost, micros), [_micros(row, micros) for row in instance.cost]
    everywhere = [range(len(fixed))] * len(unit)
    return Batch(_one_order(fixed, everywhere, unit, [1] * len(unit), grain), micros, grain)


def capacitated_plant_location(instance: PlantLocation) -> Batch:
    """Serve every customer from the open facilities, unit by unit, within what each can send."""
    for name, values in (("demand", instance.demand), ("capacity", instance.capacity)):
        if any(value.denominator != 1 for value in values):
            raise FormatError(f"a {name} that is not whole cannot be split into units")
    if min(instance.demand) < 1:
        raise FormatError("a customer without demand has no line; leave it out of the file")
    qty = [int(demand) for demand in instance.demand]
    per_unit = [[cost / units for cost in row] for row, units in zip(instance.cost, qty, strict=True)]
    micros, grain = _scale([instance.fixed_cost, *per_unit])
    fixed, unit = _micros(instance.fixed_cost, micros), [_micros(row, micros) for row in per_unit]
    everywhere = [range(len(fixed))] * len(unit)
    capacity = np.array([min(int(c), UNLIMITED_PARCELS) for c in instance.capacity], np.int64)
    problem = _one_order(
        fixed,
        everywhere,
        unit,
        qty,
        grain,
        capacity=capacity,
        node_parcel_use=np.zeros(len(fixed), np.int64),
        pos_capacity_use=np.ones(len(fixed) * len(qty), np.int64),
    )
    return Batch(problem, micros, grain)


def set_covering(instance: SetCovering) -> Batch:
    """Cover every row by a column that holds it."""
    micros, grain = _scale([instance.cost])
    rows = [sorted(columns) for columns in instance.covering]
    free = [[0] * len(columns) for columns in rows]
    return Batch(
        _one_order(_micros(instance.cost, micros), rows, free, [1] * len(rows), grain), micros, grain
    )


def generalised_assignment(instance: GeneralisedAssignment) -> Batch:
    """Give every job to one agent, within what each can do."""
    micros, grain = _scale(instance.cost)
    cost = np.array([_micros(row, micros) for row in instance.cost], np.int64)
    m, n = cost.shape
    problem = _problem(
        parcel_cost=np.zeros(m, np.int64),
        capacity=np.array(instance.capacity, np.int64),
        nodes_of_sku=[range(m)] * n,
        units_of_sku=[1] * n,
        unit_cost=cost.T.ravel(),
        skus_of_order=[[j] for j in range(n)],
        qty=np.ones(n, np.int64),
        penalty=grain + int(cost.max(axis=0).sum()),
        node_parcel_use=np.zeros(m, np.int64),
        pos_capacity_use=np.array(instance.use, np.int64).T.ravel(),
    )
    return Batch(problem, micros, grain)


def assignment(instance: Assignment) -> Batch:
    """Give every person one job, and every job one person."""
    micros, grain = _scale(instance.cost)
    cost = np.array([_micros(row, micros) for row in instance.cost], np.int64)
    n = len(cost)
    distinct, band = np.unique(cost, return_inverse=True)
    if len(distinct) > BANDS_MAX:
        raise FormatError(f"{len(distinct)} distinct costs, of which at most {BANDS_MAX} can be bands")
    problem = _problem(
        parcel_cost=np.zeros(n, np.int64),
        capacity=np.full(n, UNLIMITED_PARCELS, np.int64),
        nodes_of_sku=[range(n)],
        units_of_sku=[1],
        unit_cost=np.zeros(n, np.int64),
        skus_of_order=[[0]] * n,
        qty=np.ones(n, np.int64),
        penalty=grain + int(cost.max(axis=1).sum()),
        bands=band.reshape(n, n).astype(np.int16),
        band_cost=distinct,
    )
    return Batch(problem, micros, grain)


def _scale(costs: Iterable[Sequence[Fraction]]) -> tuple[int, int]:
    """Return how many micros a published unit is, so that all costs are whole, and what divides them all."""
    flat = [cost for row in costs for cost in row]
    exact = math.lcm(*(cost.denominator for cost in flat))
    micros = exact * max(1, -(-MICROS // exact))
    return micros, max(1, math.gcd(*(int(cost * micros) for cost in flat)))


def _micros(costs: Sequence[Fraction], micros: int) -> list[int]:
    return [int(cost * micros) for cost in costs]


def _one_order(
    fixed: Sequence[int],
    nodes_of_line: Sequence[Sequence[int]],
    unit_cost: Sequence[Sequence[int]],
    qty: Sequence[int],
    grain: int,
    *,
    capacity: Int64s | None = None,
    **uses: Int64s,
) -> AllocationProblem:
    """Make one order with a line for each SKU; each node that has a line has as many units as it asks for."""
    dearest = sum(max(costs) * units for costs, units in zip(unit_cost, qty, strict=True))
    return _problem(
        parcel_cost=np.array(fixed, np.int64),
        capacity=np.full(len(fixed), UNLIMITED_PARCELS, np.int64) if capacity is None else capacity,
        nodes_of_sku=nodes_of_line,
        units_of_sku=qty,
        unit_cost=np.array([cost for costs in unit_cost for cost in costs], np.int64),
        skus_of_order=[range(len(qty))],
        qty=np.array(qty, np.int64),
        penalty=grain + sum(fixed) + dearest,
        **uses,
    )


def _problem(
    *,
    parcel_cost: Int64s,
    capacity: Int64s,
    nodes_of_sku: Sequence[Sequence[int]],
    units_of_sku: Sequence[int],
    unit_cost: Int64s,
    skus_of_order: Sequence[Sequence[int]],
    qty: Int64s,
    penalty: int,
    bands: np.ndarray | None = None,
    band_cost: Int64s | None = None,
    **uses: Int64s,
) -> AllocationProblem:
    """Make a problem in which weight never matters: one step of a price list holds everything."""
    n_nodes, n_orders = len(parcel_cost), len(skus_of_order)
    if bands is None or band_cost is None:
        bands, band_cost = np.zeros((1, n_nodes), np.int16), np.zeros(1, np.int64)
        destination = np.zeros(n_orders, np.int32)
    else:
        destination = np.arange(n_orders, dtype=np.int32)
    lists = np.arange(len(band_cost))
    line_sku = [sku for skus in skus_of_order for sku in skus]
    units = np.repeat(np.array(units_of_sku, np.int64), [len(nodes) for nodes in nodes_of_sku])
    return AllocationProblem(
        node_parcel_cost=parcel_cost,
        node_capacity=capacity,
        node_departure_class=np.zeros(n_nodes, np.int32),
        sku_ptr=_pointers(nodes_of_sku),
        sku_weight=np.ones(len(nodes_of_sku), np.int64),
        pos_node=np.array([node for nodes in nodes_of_sku for node in nodes], np.int32),
        pos_free=units,
        pos_unit_cost=unit_cost.copy(),
        order_ptr=_pointers(skus_of_order),
        order_destination=destination,
        order_promise_class=np.zeros(n_orders, np.int32),
        line_sku=np.array(line_sku, np.int32),
        line_qty=qty,
        line_penalty=np.full(len(line_sku), penalty, np.int64),
        lane_band=bands,
        transit_slack=np.zeros((1, 1), np.int16),
        tariff_of=lists.astype(np.int32).reshape(-1, 1),
        tariff_ptr=np.arange(len(lists) + 1),
        tariff_list=lists.astype(np.int32),
        list_ptr=np.arange(len(lists) + 1),
        list_weight=np.full(len(lists), int(qty.sum()), np.int64),
        list_cost=band_cost,
        **uses,
    )


def _pointers(groups: Sequence[Sequence[int]]) -> Int64s:
    return np.concatenate(([0], np.cumsum([len(group) for group in groups]))).astype(np.int64)
