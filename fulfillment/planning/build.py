"""From a scenario and a policy to the arrays that the solver reads."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.domain.policy import DECIDED_METHODS, Policy
from fulfillment.network.departures import DepartureClasses
from fulfillment.network.lanes import Destinations, destinations, promise_classes
from fulfillment.network.tariffs import Tariffs
from fulfillment.scenario.tables import MICROS_PER_CENT, Nodes, Scenario
from solver.problem import AllocationProblem

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BuiltProblem:
    """A problem and the way back to the scenario it was built from.

    The solver's nodes are the scenario's, in the same order. Its orders stand in the sequence in which they
    were placed, and equal SKUs of an order are one line.
    """

    problem: AllocationProblem
    tariffs: Tariffs
    departures: DepartureClasses
    destinations: Destinations
    order: Int64s  # [o] the scenario's order that the solver's order is
    merged_line: Int64s  # [scenario line] the solver's line that holds it


def build_problem(scenario: Scenario, policy: Policy) -> BuiltProblem:
    """Build the allocation problem of a scenario under a policy.

    The solver knows no policy: what one weighs becomes `line_penalty`, what it keeps back is not in
    `pos_free`, and what it excludes has no lane.
    """
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
        {method: _excluded(nodes, policy, method) for method in DECIDED_METHODS},
    )
    promises = promise_classes(orders.placed_at, orders.promise_by, departures, tariffs.slacks)
    arrival = np.argsort(orders.placed_at, kind="stable")
    positions = _positions(scenario, policy)
    lines = _merge_lines(scenario, arrival)
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
        order_destination=lanes.of_order[arrival],
        order_promise_class=promises.of_order[arrival],
        line_sku=lines.sku,
        line_qty=lines.qty,
        line_penalty=_penalties(scenario, policy, lines, arrival),
        lane_band=lanes.lane_band,
        transit_slack=promises.transit_slack,
        tariff_of=tariffs.tariff_of,
        tariff_ptr=tariffs.tariff_ptr,
        tariff_list=tariffs.tariff_list,
        list_ptr=tariffs.list_ptr,
        list_weight=tariffs.list_weight,
        list_cost=tariffs.list_cost,
    )
    return BuiltProblem(problem, tariffs, departures, lanes, arrival, lines.merged_line)


def _excluded(nodes: Nodes, policy: Policy, method: Method) -> npt.NDArray[np.bool_]:
    """Nodes that the policy forbids to send anything for `method`; bool[n]."""
    return np.array(
        [
            policy.excludes(method, node_id, NodeKind(kind))
            for node_id, kind in zip(nodes.node_id, nodes.kind, strict=True)
        ],
        bool,
    )


@dataclass(frozen=True, slots=True)
class _Positions:
    """Axes as in `AllocationProblem`: ``s`` SKUs, ``p`` positions."""

    sku_ptr: Int64s  # [s+1]
    node: npt.NDArray[np.int32]  # [p]
    free: Int64s  # [p] units
    unit_cost: Int64s  # [p] micros


def _positions(scenario: Scenario, policy: Policy) -> _Positions:
    """Positions by SKU, then node, with what may be taken and what a unit costs to hand over."""
    stock, nodes, skus = scenario.stock, scenario.nodes, scenario.skus
    by_sku = np.lexsort((stock.node, stock.sku))
    node, sku = stock.node[by_sku], stock.sku[by_sku]
    hundredths_pct = np.rint(nodes.commission_pct * 100).astype(np.int64)
    commission = skus.price_micros[sku] * hundredths_pct[node] // 10_000  # which is 100 %
    kept_back = np.array([policy.safety_floor.units(NodeKind(kind)) for kind in nodes.kind], np.int64)
    free = stock.available - stock.safety_stock - kept_back[stock.node]
    return _Positions(
        sku_ptr=np.searchsorted(sku, np.arange(len(skus) + 1)).astype(np.int64),
        node=node.astype(np.int32),
        free=np.maximum(0, free)[by_sku],
        unit_cost=nodes.handling_micros_per_unit[node] + commission,
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """Axes as in `AllocationProblem`: ``o`` orders in the sequence of their arrival, ``l`` merged lines."""

    order_ptr: Int64s  # [o+1]
    sku: npt.NDArray[np.int32]  # [l]
    qty: Int64s  # [l] units
    merged_line: Int64s  # [scenario line] index into the merged lines


def _merge_lines(scenario: Scenario, arrival: Int64s) -> _Lines:
    """Add up the lines of an order that ask for the same SKU; orders in the sequence of `arrival`."""
    lines, n_skus = scenario.order_lines, max(1, len(scenario.skus))
    rank = np.empty_like(arrival)
    rank[arrival] = np.arange(len(arrival))
    keys, merged_line = np.unique(rank[lines.order] * n_skus + lines.sku, return_inverse=True)
    qty = np.zeros(len(keys), np.int64)
    np.add.at(qty, merged_line, lines.qty)
    return _Lines(
        order_ptr=np.searchsorted(keys // n_skus, np.arange(len(arrival) + 1)).astype(np.int64),
        sku=(keys % n_skus).astype(np.int32),
        qty=qty,
        merged_line=merged_line.astype(np.int64),
    )


def _penalties(scenario: Scenario, policy: Policy, lines: _Lines, arrival: Int64s) -> Int64s:
    """Micros for each unit of a line that stays unfilled, weighted by its order's priority; int64[l]."""
    unfilled = policy.unfilled
    penalty = np.full(len(lines.sku), unfilled.penalty_cents_per_unit * MICROS_PER_CENT, np.int64)
    if unfilled.price_is_added:
        penalty += scenario.skus.price_micros[lines.sku]
    priorities, which = np.unique(scenario.orders.priority[arrival], return_inverse=True)
    percent = np.array([unfilled.percent(int(priority)) for priority in priorities], np.int64)
    of_line = np.repeat(percent[which], np.diff(lines.order_ptr)) if len(which) else percent
    return penalty * of_line // 100
