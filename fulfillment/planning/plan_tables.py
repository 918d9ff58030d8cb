"""A plan as tables, in the retailer's words: the files of its folder that planners read and sum up."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fulfillment.planning.cost import UNFILLED_CENTS_PER_UNIT
from fulfillment.planning.parcels import Parcels, sums
from fulfillment.planning.plan_day import PlannedDay
from fulfillment.scenario.tables import MICROS_PER_CENT, NO_INDEX, UNLIMITED_PARCELS

Int64s = npt.NDArray[np.int64]

NODES_LEFT = (
    "nodes_with_stock",
    "nodes_in_reach",
    "nodes_in_time",
    "nodes_with_units_left",
    "nodes_with_capacity_left",
)


def allocations_table(day: PlannedDay) -> pa.Table:
    """Tabulate what parcels hold: one row a (parcel, line).

    Where the scenario has alternatives, a last column tells which one the order takes, null for its own way.
    """
    scenario, allocations = day.scenario, day.allocations
    lists, lines = day.built.tariffs.lists, scenario.order_lines
    table = pa.table(
        {
            "order_id": _take(scenario.orders.order_id, allocations.order),
            "line_no": pa.array(lines.line_no[allocations.line]),
            "sku_id": _take(scenario.skus.sku_id, lines.sku[allocations.line]),
            "node_id": _take(scenario.nodes.node_id, allocations.node),
            "parcel_id": pa.array(allocations.parcel_ids(scenario), pa.string()),
            "carrier": _take([each.carrier for each in lists], allocations.price_list),
            "service": _take([each.service for each in lists], allocations.price_list),
            "qty": pa.array(allocations.qty),
        }
    )
    if not len(scenario.alternatives):
        return table
    is_own = allocations.alternative == NO_INDEX
    number = np.append(scenario.alternatives.number, 0)[allocations.alternative]
    return table.append_column("alternative", pa.array(number, mask=is_own))


def unfilled_table(day: PlannedDay) -> pa.Table:
    """Tabulate the units that no parcel holds, with the reason, in words and in counts."""
    scenario, lines, unfilled = day.scenario, day.scenario.order_lines, day.unfilled
    return pa.table(
        {
            "order_id": _take(scenario.orders.order_id, lines.order[unfilled.line]),
            "line_no": pa.array(lines.line_no[unfilled.line]),
            "sku_id": _take(scenario.skus.sku_id, lines.sku[unfilled.line]),
            "qty": pa.array(unfilled.qty),
            "reason": pa.array([str(reason) for reason in unfilled.reason], pa.string()),
            "in_words": pa.array([reason.in_words for reason in unfilled.reason], pa.string()),
            **{name: pa.array(unfilled.nodes_left[:, k]) for k, name in enumerate(NODES_LEFT)},
        }
    )


def parcels_table(day: PlannedDay, parcels: Parcels) -> pa.Table:
    """Tabulate the parcels: where each leaves, how far and how heavy it is, and what it costs."""
    scenario, lists = day.scenario, day.built.tariffs.lists
    ids, methods = day.allocations.parcel_ids(scenario), day.allocations.methods(scenario)
    return pa.table(
        {
            "parcel_id": pa.array([ids[k] for k in parcels.first.tolist()], pa.string()),
            "order_id": _take(scenario.orders.order_id, parcels.order),
            "node_id": _take(scenario.nodes.node_id, parcels.node),
            "method": pa.array([methods[k] for k in parcels.first.tolist()], pa.string()),
            "carrier": _take([each.carrier for each in lists], parcels.price_list),
            "service": _take([each.service for each in lists], parcels.price_list),
            "units": parcels.units,
            "weight_g": parcels.weight_g,
            "km": parcels.km.round(1),
            "transport_cents": parcels.transport_micros / MICROS_PER_CENT,
            "handling_cents": parcels.handling_micros / MICROS_PER_CENT,
        }
    )


def orders_table(day: PlannedDay, parcels: Parcels) -> pa.Table:
    """Tabulate the orders: how each is served, and what it costs."""
    scenario, lines, unfilled = day.scenario, day.scenario.order_lines, day.unfilled
    n = len(scenario.orders)
    method = np.array(scenario.orders.method, dtype=object)
    taken = np.array(day.allocations.methods(scenario), dtype=object)
    method[parcels.order] = taken[parcels.first]  # of its alternatives, the one it takes
    km = np.zeros(n)
    np.add.at(km, parcels.order, parcels.km)
    penalty = UNFILLED_CENTS_PER_UNIT * MICROS_PER_CENT + scenario.skus.price_micros[lines.sku[unfilled.line]]
    short = lines.order[unfilled.line]
    cost = {
        "transport": sums(parcels.order, parcels.transport_micros, n),
        "handling": sums(parcels.order, parcels.handling_micros, n),
        "unfilled": sums(short, unfilled.qty * penalty, n),
    }
    return pa.table(
        {
            "order_id": pa.array(scenario.orders.order_id, pa.string()),
            "method": pa.array(method.tolist(), pa.string()),
            "priority": scenario.orders.priority,
            "units": sums(lines.order, lines.qty, n),
            "units_unfilled": sums(short, unfilled.qty, n),
            "parcels": np.bincount(parcels.order, minlength=n),
            "km": km.round(1),
            **{f"{part}_cents": micros / MICROS_PER_CENT for part, micros in cost.items()},
            "total_cents": sum(cost.values()) / MICROS_PER_CENT,
        }
    )


def nodes_table(day: PlannedDay, parcels: Parcels) -> pa.Table:
    """Tabulate the nodes: what each sends, out of what it could, and what one more parcel there is worth."""
    nodes, n = day.scenario.nodes, len(day.scenario.nodes)
    unlimited = nodes.capacity_parcels >= UNLIMITED_PARCELS
    return pa.table(
        {
            "node_id": pa.array(nodes.node_id, pa.string()),
            "name": pa.array(nodes.name, pa.string()),
            "kind": pa.array(nodes.kind, pa.string()),
            "capacity_parcels": pa.array(nodes.capacity_parcels, mask=unlimited),
            "parcels": np.bincount(parcels.node, minlength=n),
            "units": sums(parcels.node, parcels.units, n),
            "capacity_price_cents": day.result.prices.capacity / MICROS_PER_CENT,
        }
    )


def _take(names: list[str], at: Int64s) -> pa.Array:
    return pa.array(names, pa.string()).take(pa.array(at))
