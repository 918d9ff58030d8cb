"""The special rules of a policy, as the solver's arrays; a rule that says nothing is an empty array."""

import numpy as np
import numpy.typing as npt

from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.domain.policy import Policy
from fulfillment.planning.items import Items, kind_of_nodes
from fulfillment.planning.lines import Lines
from fulfillment.scenario.tables import METHODS, MICROS_PER_CENT, UNLIMITED_PARCELS, Nodes, Scenario

Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


def parcels_max(scenario: Scenario, policy: Policy, lines: Lines) -> Int64s:
    """Most parcels of each order; int64[o]."""
    rules = policy.parcels
    if rules.max_per_order == 0 and rules.single_below_cents == 0:
        return _none()
    n_orders = len(lines.order_ptr) - 1
    value = np.zeros(n_orders, np.int64)
    order_of_line = np.repeat(np.arange(n_orders), np.diff(lines.order_ptr))
    np.add.at(value, order_of_line, scenario.skus.price_micros[lines.sku] * lines.qty)
    most = rules.max_per_order or UNLIMITED_PARCELS
    return np.where(value < rules.single_below_cents * MICROS_PER_CENT, 1, most).astype(np.int64)


def complete_orders(scenario: Scenario, policy: Policy, arrival: Int64s) -> Bytes:
    """Mark the orders that leave complete or not at all; uint8[o]."""
    methods = policy.completion.ship_complete_methods
    if not methods:
        return np.zeros(0, np.uint8)
    is_complete = np.array([Method(method) in methods for method in scenario.orders.method], np.uint8)
    return np.ascontiguousarray(is_complete[arrival])


def vendor_parcel_weights(nodes: Nodes, policy: Policy) -> Int64s:
    """Micros that a parcel of each node weighs for coming from a vendor; int64[n]."""
    is_vendor = np.array([kind is NodeKind.VENDOR for kind in kind_of_nodes(nodes)], np.int64)
    return is_vendor * (policy.vendors_last.cents_per_parcel * MICROS_PER_CENT)


def last_units(nodes: Nodes, policy: Policy, items: Items) -> tuple[Int64s, Int64s]:
    """Last units of each stock row that cost more, and what one does; int64[h] twice, units and micros."""
    if policy.last_units.costs_nothing:
        return _none(), _none()
    rules = [policy.last_units.of(kind) for kind in kind_of_nodes(nodes)]
    node = items.pos_node[: len(items.pos_free)]
    units = np.array([rule.units for rule in rules], np.int64)[node]
    micros = np.array([rule.cents_per_unit * MICROS_PER_CENT for rule in rules], np.int64)[node]
    return np.minimum(units, items.pos_free), micros


def balanced_load(nodes: Nodes, policy: Policy) -> tuple[Int64s, Int64s]:
    """Last parcels of each node that cost more, and what one does; int64[n] twice, parcels and micros."""
    if policy.balance.costs_nothing:
        return _none(), _none()
    limited = nodes.capacity_parcels < UNLIMITED_PARCELS
    capacity = np.where(limited, nodes.capacity_parcels, 0)
    light = capacity * policy.balance.from_percent // 100
    micros = np.full(len(nodes), policy.balance.cents_per_parcel * MICROS_PER_CENT, np.int64)
    return capacity - light, micros


def methods_of_alternatives(scenario: Scenario) -> list[str]:
    """Name the method of each of the scenario's alternatives."""
    return [METHODS[at] for at in scenario.alternatives.method.tolist()]


def _none() -> Int64s:
    return np.zeros(0, np.int64)
