"""From a scenario and a policy to the arrays that the solver reads."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fulfillment.domain.kinds import Method
from fulfillment.domain.policy import DECIDED_METHODS, Policy
from fulfillment.network.departures import DepartureClasses
from fulfillment.network.lanes import Destinations, destinations, promise_classes
from fulfillment.network.tariffs import Tariffs
from fulfillment.planning.items import Items, kind_of_nodes
from fulfillment.planning.lines import Lines
from fulfillment.planning.rules import (
    balanced_load,
    complete_orders,
    last_units,
    methods_of_alternatives,
    parcels_max,
    vendor_parcel_weights,
)
from fulfillment.scenario.tables import Nodes, Scenario
from solver.problem import AllocationProblem

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class BuiltProblem:
    """A problem and the way back to the scenario it was built from.

    The solver's nodes are the scenario's, in the same order. Its orders stand in the sequence in which they
    were placed, and equal SKUs of an order are one line. Its SKUs are `Items`.
    """

    problem: AllocationProblem
    tariffs: Tariffs
    departures: DepartureClasses
    destinations: Destinations
    items: Items
    order: Int64s  # [o] the scenario's order that the solver's order is
    merged_line: Int64s  # [scenario line] the solver's line that holds it
    alternative: Int64s  # [a] the scenario's alternative that the solver's alternative is


def build_problem(scenario: Scenario, policy: Policy) -> BuiltProblem:
    """Build the allocation problem of a scenario under a policy.

    The solver knows no policy: what one weighs becomes a cost, what it keeps back is not in `pos_free`, what
    it excludes has no lane, what it does not split is one item, and the rest are limits of an order and the
    price of last units and parcels.
    """
    nodes, orders, alternatives = scenario.nodes, scenario.orders, scenario.alternatives
    tariffs = Tariffs.of(scenario.rates, policy.lateness)
    departures = DepartureClasses.of(nodes)
    lanes = _destinations(scenario, policy, tariffs)
    promises = promise_classes(orders.placed_at, orders.promise_by, departures, tariffs.slacks)
    arrival = np.argsort(orders.placed_at, kind="stable")
    rank = np.empty_like(arrival)
    rank[arrival] = np.arange(len(arrival))
    by_arrival = np.argsort(rank[alternatives.order], kind="stable")
    order_of_way = alternatives.order[by_arrival]
    lines = Lines.of(scenario, policy, arrival)
    items = Items.of(scenario, policy, lines.packs)
    is_pack = lines.pack >= 0
    penalty = lines.penalties(scenario, policy, arrival)
    stock_tail, stock_tail_cost = last_units(nodes, policy, items)
    node_tail, node_tail_cost = balanced_load(nodes, policy)
    problem = AllocationProblem(
        node_parcel_cost=nodes.handling_micros_per_parcel + vendor_parcel_weights(nodes, policy),
        node_capacity=nodes.capacity_parcels,
        node_departure_class=departures.of_node,
        sku_ptr=items.sku_ptr,
        sku_weight=items.weight_g,
        pos_node=items.pos_node,
        pos_free=items.pos_free,
        pos_unit_cost=items.pos_unit_cost,
        order_ptr=lines.order_ptr,
        order_destination=lanes.of_order[arrival],
        order_promise_class=promises.of_order[arrival],
        line_sku=np.where(is_pack, len(scenario.skus) + lines.pack, items.of_sku[lines.sku]).astype(np.int32),
        line_qty=np.where(is_pack, 1, lines.qty),
        line_penalty=np.where(is_pack, lines.qty, 1) * penalty,
        lane_band=lanes.lane_band,
        transit_slack=promises.transit_slack,
        tariff_of=tariffs.tariff_of,
        tariff_ptr=tariffs.tariff_ptr,
        tariff_list=tariffs.tariff_list,
        list_ptr=tariffs.list_ptr,
        list_weight=tariffs.list_weight,
        list_cost=tariffs.list_cost,
        list_fixed=tariffs.list_fixed,
        stock_tail=stock_tail,
        stock_tail_cost=stock_tail_cost,
        node_tail=node_tail,
        node_tail_cost=node_tail_cost,
        order_parcels_max=parcels_max(scenario, policy, lines),
        order_complete=complete_orders(scenario, policy, arrival),
        alternative_ptr=np.searchsorted(rank[order_of_way], np.arange(len(orders) + 1)).astype(np.int64),
        alternative_destination=lanes.of_order[len(orders) :][by_arrival],
        alternative_promise_class=promises.of_order[order_of_way],
        recipe_ptr=items.recipe_ptr,
        recipe_pos=items.recipe_pos,
        recipe_qty=items.recipe_qty,
    )
    return BuiltProblem(problem, tariffs, departures, lanes, items, arrival, lines.merged_line, by_arrival)


def _destinations(scenario: Scenario, policy: Policy, tariffs: Tariffs) -> Destinations:
    """Find the destinations of all orders, and after them of all alternatives, in the scenario's sequence."""
    nodes, orders, alternatives = scenario.nodes, scenario.orders, scenario.alternatives
    return destinations(
        [*orders.method, *methods_of_alternatives(scenario)],
        np.concatenate((orders.postal, orders.postal[alternatives.order])),
        np.concatenate((orders.pickup_node, alternatives.pickup_node)),
        scenario.postal_codes.lat,
        scenario.postal_codes.lon,
        nodes,
        tariffs,
        {method: excluded_nodes(nodes, policy, method) for method in DECIDED_METHODS},
    )


def excluded_nodes(nodes: Nodes, policy: Policy, method: Method) -> npt.NDArray[np.bool_]:
    """Nodes that the policy forbids to send anything for `method`; bool[n]."""
    return np.array(
        [
            policy.excludes(method, node_id, kind)
            for node_id, kind in zip(nodes.node_id, kind_of_nodes(nodes), strict=True)
        ],
        bool,
    )
