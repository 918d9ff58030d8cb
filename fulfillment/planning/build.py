"""From a scenario and a policy to the arrays that the solver reads."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fulfillment.domain.policy import Policy
from fulfillment.network.departures import DepartureClasses
from fulfillment.network.lanes import destinations, promise_classes
from fulfillment.network.tariffs import Tariffs
from fulfillment.scenario.tables import MICROS_PER_CENT, Scenario
from solver.problem import AllocationProblem

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BuiltProblem:
    """A problem and the way back to the scenario it was built from.

    The solver's orders and nodes are the scenario's, in the same order; its lines are the scenario's lines with
    equal SKUs of an order added up.
    """

    problem: AllocationProblem
    tariffs: Tariffs
    departures: DepartureClasses
    merged_line: Int64s  # [scenario line] the solver's line that holds it


def build_problem(scenario: Scenario, policy: Policy) -> BuiltProblem:
    """Build the allocation problem of a scenario under a policy."""
    nodes, skus, orders = scenario.nodes, scenario.skus, scenario.orders
    tariffs = Tariffs.of(scenario.rates)
    departures = DepartureClasses.of(nodes)
    lanes = destinations(
        orders.method,
        orders.postal,
        orders.pickup_node,
        scenario.postal_codes.lat,
        scenario.postal_codes.lon,
        nodes,
        tariffs,
    )
    promises = promise_classes(orders.placed_at, orders.promise_by, departures, tariffs.transit_levels_days)
    positions = _positions(scenario)
    lines = _merge_lines(scenario)
    problem = AllocationProblem(
        node_parcel_cost=nodes.handling_micros_per_parcel,
        node_capacity=nodes.capacity_parcels,
        node_departure_class=departures.of_node,
        sku_ptr=positions.sku_ptr,
        sku_weight=skus.weight_g,
        pos_node=positions.node,
        pos_free=positions.free,
        pos_unit_cost=positions.unit_cost,
        order_ptr=lines.order_ptr,
        order_destination=lanes.of_order,
        order_promise_class=promises.of_order,
        line_sku=lines.sku,
        line_qty=lines.qty,
        line_penalty=policy.unfilled_penalty_cents_per_unit * MICROS_PER_CENT + skus.price_micros[lines.sku],
        lane_band=lanes.lane_band,
        transit_slack=promises.transit_slack,
        tariff_of=tariffs.tariff_of,
        tariff_ptr=tariffs.tariff_ptr,
        tariff_list=tariffs.tariff_list,
        list_ptr=tariffs.list_ptr,
        list_weight=tariffs.list_weight,
        list_cost=tariffs.list_cost,
    )
    return BuiltProblem(problem, tariffs, departures, lines.merged_line)


@dataclass(frozen=True, slots=True)
class _Positions:
    sku_ptr: Int64s
    node: npt.NDArray[np.int32]
    free: Int64s
    unit_cost: Int64s


def _positions(scenario: Scenario) -> _Positions:
    """Positions by SKU, then node, with what may be taken and what a unit costs to hand over."""
    stock, nodes, skus = scenario.stock, scenario.nodes, scenario.skus
    by_sku = np.lexsort((stock.node, stock.sku))
    node, sku = stock.node[by_sku], stock.sku[by_sku]
    hundredths_pct = np.rint(nodes.commission_pct * 100).astype(np.int64)
    commission = skus.price_micros[sku] * hundredths_pct[node] // 10_000
    return _Positions(
        sku_ptr=np.searchsorted(sku, np.arange(len(skus) + 1)).astype(np.int64),
        node=node.astype(np.int32),
        free=np.maximum(0, stock.available - stock.safety_stock)[by_sku],
        unit_cost=nodes.handling_micros_per_unit[node] + commission,
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    order_ptr: Int64s
    sku: npt.NDArray[np.int32]
    qty: Int64s
    merged_line: Int64s


def _merge_lines(scenario: Scenario) -> _Lines:
    """Add up the lines of an order that ask for the same SKU."""
    lines = scenario.order_lines
    key = lines.order * len(scenario.skus) + lines.sku
    keys, merged_line = np.unique(key, return_inverse=True)
    qty = np.bincount(merged_line, weights=lines.qty, minlength=len(keys)).astype(np.int64)
    order = keys // max(1, len(scenario.skus))
    return _Lines(
        order_ptr=np.searchsorted(order, np.arange(len(scenario.orders) + 1)).astype(np.int64),
        sku=(keys % max(1, len(scenario.skus))).astype(np.int32),
        qty=qty,
        merged_line=merged_line.astype(np.int64),
    )
