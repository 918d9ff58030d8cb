"""Small random problems in which everything that can bite is common.

Positions with fewer units than asked for, nodes with one parcel left, weight steps that make two parcels
cheaper than one, parcels beyond the last step, commissions dearer than the penalty, closed lanes, late nodes.
"""

import numpy as np

from solver.problem import NO_LANE, NO_TARIFF, UNLIMITED_PARCELS, AllocationProblem


def random_problem(
    rng: np.random.Generator,
    *,
    n_orders: int = 1,
    n_nodes: int = 4,
    n_skus: int = 3,
    lines_max: int = 2,
    qty_max: int = 2,
    stock_max: int = 3,
) -> AllocationProblem:
    n_lists, n_bands, n_slacks, n_classes, n_departures, n_destinations = 4, 3, 3, 2, 2, 3
    lists = [np.sort(rng.choice(np.arange(1, 40), rng.integers(1, 4), replace=False)) for _ in range(n_lists)]
    costs = [np.sort(rng.integers(0, 60, len(steps))) for steps in lists]
    tariffs = [np.sort(rng.choice(n_lists, rng.integers(1, 3), replace=False)) for _ in range(4)]
    tariff_of = rng.integers(0, len(tariffs), (n_bands, n_slacks))
    tariff_of[rng.random((n_bands, n_slacks)) < 0.15] = NO_TARIFF
    lane_band = rng.integers(0, n_bands, (n_destinations, n_nodes))
    lane_band[rng.random(lane_band.shape) < 0.1] = NO_LANE
    nodes_of_sku = [np.flatnonzero(rng.random(n_nodes) < 0.75) for _ in range(n_skus)]
    n_positions = sum(map(len, nodes_of_sku))
    skus_of_order = [
        np.sort(rng.choice(n_skus, rng.integers(1, min(lines_max, n_skus) + 1), replace=False))
        for _ in range(n_orders)
    ]
    n_lines = sum(map(len, skus_of_order))
    capacity = np.where(rng.random(n_nodes) < 0.5, UNLIMITED_PARCELS, rng.integers(0, 3, n_nodes))
    return AllocationProblem(
        node_parcel_cost=rng.integers(0, 20, n_nodes),
        node_capacity=capacity.astype(np.int64),
        node_departure_class=rng.integers(0, n_departures, n_nodes).astype(np.int32),
        sku_ptr=pointers(nodes_of_sku),
        sku_weight=rng.integers(1, 30, n_skus),
        pos_node=joined(nodes_of_sku, np.int32),
        pos_free=rng.integers(0, stock_max + 1, n_positions),
        pos_unit_cost=rng.integers(0, 30, n_positions),
        order_ptr=pointers(skus_of_order),
        order_destination=rng.integers(0, n_destinations, n_orders).astype(np.int32),
        order_promise_class=rng.integers(0, n_classes, n_orders).astype(np.int32),
        line_sku=joined(skus_of_order, np.int32),
        line_qty=rng.integers(1, qty_max + 1, n_lines),
        line_penalty=rng.integers(0, 150, n_lines),
        lane_band=lane_band.astype(np.int16),
        transit_slack=rng.integers(-1, n_slacks, (n_classes, n_departures)).astype(np.int16),
        tariff_of=tariff_of.astype(np.int32),
        tariff_ptr=pointers(tariffs),
        tariff_list=joined(tariffs, np.int32),
        list_ptr=pointers(lists),
        list_weight=joined(lists, np.int64),
        list_cost=joined(costs, np.int64),
    )


def pointers(groups) -> np.ndarray:
    return np.concatenate(([0], np.cumsum([len(group) for group in groups]))).astype(np.int64)


def joined(groups, dtype) -> np.ndarray:
    return np.concatenate([np.asarray(group) for group in groups]).astype(dtype)
