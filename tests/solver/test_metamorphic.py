"""What may change about a problem without changing what its best plan costs.

The one-order search is exact, so its costs are equal and not only close.
"""

from dataclasses import replace

import numpy as np

from solver.arrays import ProblemArrays, Scratch
from solver.prices import lower_bound
from solver.problem import UNLIMITED_PARCELS, AllocationProblem
from solver.search import search_order
from solver.shards import ThreadShards
from tests.solver.plans import zero_prices
from tests.solver.small_problems import random_problem

SEEDS = range(150)


def any_problem(seed: int) -> AllocationProblem:
    return random_problem(np.random.default_rng(seed), n_orders=3, n_nodes=5, lines_max=3, qty_max=3)


def costs(p: AllocationProblem) -> list[int]:
    """Least cost of each order alone."""
    arrays, scratch = ProblemArrays.of(p), Scratch.for_problem(p)
    return [
        search_order(order, arrays, p.pos_free, p.node_capacity, *zero_prices(p), scratch)[0]
        for order in range(p.n_orders)
    ]


def sort_positions(p: AllocationProblem, node: np.ndarray, **columns: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of positions, by SKU and then node."""
    sku = np.repeat(np.arange(p.n_skus), np.diff(p.sku_ptr))
    rank = np.lexsort((node, sku))
    return {name: array[rank] for name, array in {"pos_node": node, **columns}.items()}


def renumbered(p: AllocationProblem, new_of_old: np.ndarray) -> AllocationProblem:
    old_of_new = np.argsort(new_of_old)
    return replace(
        p,
        node_parcel_cost=p.node_parcel_cost[old_of_new],
        node_capacity=p.node_capacity[old_of_new],
        node_departure_class=p.node_departure_class[old_of_new],
        lane_band=np.ascontiguousarray(p.lane_band[:, old_of_new]),
        **sort_positions(
            p,
            new_of_old[p.pos_node].astype(np.int32),
            pos_free=p.pos_free,
            pos_unit_cost=p.pos_unit_cost,
        ),
    )


def with_node(
    p: AllocationProblem, *, free: int, capacity: int, unit_cost: int, like: int = 0
) -> AllocationProblem:
    """One more node with the lanes of node `like`, that stocks `free` of every SKU."""
    n, at_ends = p.n_nodes, p.sku_ptr[1:]
    return replace(
        p,
        node_parcel_cost=np.append(p.node_parcel_cost, p.node_parcel_cost[like]),
        node_capacity=np.append(p.node_capacity, capacity),
        node_departure_class=np.append(p.node_departure_class, p.node_departure_class[like]),
        lane_band=np.column_stack((p.lane_band, p.lane_band[:, like])),
        sku_ptr=p.sku_ptr + np.arange(p.n_skus + 1),
        pos_node=np.insert(p.pos_node, at_ends, n),
        pos_free=np.insert(p.pos_free, at_ends, free),
        pos_unit_cost=np.insert(p.pos_unit_cost, at_ends, unit_cost),
    )


def test_the_numbers_of_nodes_mean_nothing() -> None:
    for seed in SEEDS:
        p = any_problem(seed)
        shuffled = renumbered(p, np.random.default_rng(seed).permutation(p.n_nodes))
        assert costs(shuffled) == costs(p), seed


def test_all_costs_scaled_scale_the_optimum() -> None:
    names = ("node_parcel_cost", "pos_unit_cost", "line_penalty", "list_cost")
    for seed in SEEDS:
        p = any_problem(seed)
        scaled = replace(p, **{name: getattr(p, name) * 10_000 for name in names})
        assert costs(scaled) == [10_000 * cost for cost in costs(p)], seed


def test_weights_and_steps_in_another_unit_change_nothing() -> None:
    for seed in SEEDS:
        p = any_problem(seed)
        assert costs(replace(p, sku_weight=p.sku_weight * 1000, list_weight=p.list_weight * 1000)) == costs(p)


def test_a_useless_node_changes_nothing() -> None:
    """Without stock, without capacity, or dearer than any penalty."""
    for seed in SEEDS:
        p = any_problem(seed)
        before = costs(p)
        assert costs(with_node(p, free=0, capacity=UNLIMITED_PARCELS, unit_cost=0)) == before, seed
        assert costs(with_node(p, free=9, capacity=0, unit_cost=0)) == before, seed
        assert costs(with_node(p, free=9, capacity=9, unit_cost=1000)) == before, seed


def test_a_useful_node_never_makes_a_plan_dearer_and_often_cheaper() -> None:
    """The broken twin of the test above: it would pass if nodes were ignored."""
    cheaper = 0
    for seed in SEEDS:
        p = any_problem(seed)
        before, after = costs(p), costs(with_node(p, free=9, capacity=9, unit_cost=0))
        assert all(late <= early for late, early in zip(after, before, strict=True)), seed
        cheaper += sum(after) < sum(before)
    assert cheaper > len(SEEDS) / 3


def test_a_position_split_over_two_equal_nodes_costs_no_less() -> None:
    """What one node has, two nodes like it have together: every plan of theirs is a plan of the one node.

    Not the other way round: a parcel may need the units of both.
    """
    for seed in SEEDS:
        p = any_problem(seed)
        p = replace(p, node_capacity=np.full(p.n_nodes, UNLIMITED_PARCELS))
        apart = with_node(p, free=0, capacity=UNLIMITED_PARCELS, unit_cost=0)
        first = np.flatnonzero(apart.pos_node == 0)
        twin = [
            next(k for k in range(*apart.sku_ptr[[sku, sku + 1]]) if apart.pos_node[k] == p.n_nodes)
            for sku in np.searchsorted(apart.sku_ptr, first, side="right") - 1
        ]
        free, unit_cost = apart.pos_free.copy(), apart.pos_unit_cost.copy()
        free[twin] = free[first] // 2
        free[first] -= free[twin]
        unit_cost[twin] = unit_cost[first]
        apart = replace(apart, pos_free=free, pos_unit_cost=unit_cost)
        assert all(two >= one for two, one in zip(costs(apart), costs(p), strict=True)), seed


def test_an_order_placed_twice_is_bounded_twice() -> None:
    """At any prices the bound is a sum over orders less what all there is would pay."""
    for seed in range(30):
        p = any_problem(seed)
        twice = replace(
            p,
            order_ptr=np.concatenate((p.order_ptr, p.order_ptr[1:] + p.n_lines)),
            order_destination=np.tile(p.order_destination, 2),
            order_promise_class=np.tile(p.order_promise_class, 2),
            line_sku=np.tile(p.line_sku, 2),
            line_qty=np.tile(p.line_qty, 2),
            line_penalty=np.tile(p.line_penalty, 2),
        )
        zero = zero_prices(p)
        assert lower_bound(twice, *zero, ThreadShards(twice, 2)) == 2 * lower_bound(p, *zero)
