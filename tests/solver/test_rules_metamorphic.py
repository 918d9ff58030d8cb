"""Rules that do not bind change nothing, and rules said in two ways mean the same."""

from dataclasses import replace

import numpy as np

from solver.problem import UNLIMITED_PARCELS, AllocationProblem
from tests.solver.small_problems import random_problem
from tests.solver.small_rules import alternatives, complete_orders, most_parcels, recipes, tails
from tests.solver.test_metamorphic import costs

SEEDS = range(100)


def any_problem(seed: int) -> tuple[np.random.Generator, AllocationProblem]:
    rng = np.random.default_rng(seed)
    return rng, random_problem(rng, n_orders=3, n_nodes=5, lines_max=3, qty_max=3)


def first_order(p: AllocationProblem) -> AllocationProblem:
    n = p.order_ptr[1]
    return replace(
        p,
        order_ptr=p.order_ptr[:2],
        order_destination=p.order_destination[:1],
        order_promise_class=p.order_promise_class[:1],
        line_sku=p.line_sku[:n],
        line_qty=p.line_qty[:n],
        line_penalty=p.line_penalty[:n],
    )


def test_as_many_parcels_as_units_are_no_limit() -> None:
    for seed in SEEDS:
        _, p = any_problem(seed)
        units = np.add.reduceat(p.line_qty, p.order_ptr[:-1])
        assert costs(replace(p, order_parcels_max=units)) == costs(p), seed


def test_fewer_parcels_never_cost_less_and_often_more() -> None:
    dearer = 0
    for seed in SEEDS:
        _, p = any_problem(seed)
        one, two = (costs(replace(p, order_parcels_max=np.full(p.n_orders, k))) for k in (1, 2))
        assert all(a >= b >= c for a, b, c in zip(one, two, costs(p), strict=True)), seed
        dearer += one > costs(p)
    assert dearer > 10


def test_complete_or_nothing_costs_the_same_where_all_is_sent_or_nothing() -> None:
    """A penalty above every cost sends all there is; where that is all that is asked for, it is idle."""
    for seed in SEEDS:
        _, p = any_problem(seed)
        p = replace(
            p,
            line_penalty=p.line_penalty * 0 + 10_000,
            pos_free=p.pos_free + 9,
            node_capacity=np.full(p.n_nodes, UNLIMITED_PARCELS),
        )
        complete = replace(p, order_complete=np.ones(p.n_orders, np.uint8))
        for whole, free in zip(costs(complete), costs(p), strict=True):
            assert whole >= free, seed
            assert whole == free or free >= 10_000, seed


def test_a_complete_order_never_costs_less_and_never_more_than_nothing() -> None:
    between = 0
    for seed in SEEDS:
        _, p = any_problem(seed)
        complete = replace(p, order_complete=np.ones(p.n_orders, np.uint8))
        nothing = np.add.reduceat(p.line_qty * p.line_penalty, p.order_ptr[:-1]).tolist()
        for whole, free, none in zip(costs(complete), costs(p), nothing, strict=True):
            assert free <= whole <= none, seed
            between += free < whole < none
    assert between > 5


def test_an_alternative_like_the_own_way_changes_nothing() -> None:
    for seed in SEEDS:
        _, p = any_problem(seed)
        same = replace(
            p,
            alternative_ptr=np.arange(p.n_orders + 1),
            alternative_destination=p.order_destination,
            alternative_promise_class=p.order_promise_class,
        )
        assert costs(same) == costs(p), seed


def test_with_alternatives_an_order_costs_what_its_cheapest_way_costs() -> None:
    for seed in SEEDS:
        rng, p = any_problem(seed)
        free = alternatives(rng, p)
        expected = costs(p)
        for order in range(p.n_orders):
            for way in range(*free.alternative_ptr[[order, order + 1]]):
                destination, promise = p.order_destination.copy(), p.order_promise_class.copy()
                destination[order] = free.alternative_destination[way]
                promise[order] = free.alternative_promise_class[way]
                only = costs(replace(p, order_destination=destination, order_promise_class=promise))
                expected[order] = min(expected[order], only[order])
        assert costs(free) == expected, seed


def test_a_charge_on_every_price_list_is_a_charge_on_every_parcel() -> None:
    for seed in SEEDS:
        _, p = any_problem(seed)
        by_list = replace(p, list_fixed=np.full(len(p.list_ptr) - 1, 7))
        assert costs(by_list) == costs(replace(p, node_parcel_cost=p.node_parcel_cost + 7)), seed


def test_capacity_counted_in_another_unit_changes_nothing() -> None:
    for seed in SEEDS:
        rng, p = any_problem(seed)
        capacity = np.where(p.node_capacity < UNLIMITED_PARCELS, p.node_capacity, 100)
        use = rng.integers(0, 3, p.n_positions)
        by_one = replace(p, node_capacity=capacity, pos_capacity_use=use)
        by_three = replace(
            p,
            node_capacity=capacity * 3,
            node_parcel_use=np.full(p.n_nodes, 3),
            pos_capacity_use=use * 3,
        )
        assert costs(by_one) == costs(by_three), seed


def test_a_node_whose_parcels_use_nothing_has_room_for_all() -> None:
    for seed in SEEDS:
        _, p = any_problem(seed)
        no_use = replace(p, node_parcel_use=np.zeros(p.n_nodes, np.int64))
        assert costs(no_use) == costs(replace(p, node_capacity=np.full(p.n_nodes, UNLIMITED_PARCELS))), seed


def test_a_kit_of_one_unit_of_one_sku_is_that_sku() -> None:
    for seed in SEEDS:
        _, p = any_problem(seed)
        kits = replace(
            p,
            sku_ptr=np.concatenate((p.sku_ptr, p.n_positions + p.sku_ptr[1:])),
            sku_weight=np.tile(p.sku_weight, 2),
            pos_node=np.tile(p.pos_node, 2),
            pos_unit_cost=np.tile(p.pos_unit_cost, 2),
            line_sku=(p.line_sku + p.n_skus).astype(np.int32),
            recipe_ptr=np.arange(p.n_positions + 1),
            recipe_pos=np.arange(p.n_positions),
            recipe_qty=np.ones(p.n_positions, np.int64),
        )
        assert costs(kits) == costs(p), seed


def test_a_pack_of_all_units_of_a_line_costs_no_less_than_the_units() -> None:
    """A line that may not be split, as one unit of a pack: sent whole in one parcel, or not at all."""
    dearer = 0
    for seed in SEEDS:
        _, p = any_problem(seed)
        p = first_order(p)
        first = np.arange(*p.sku_ptr[[p.line_sku[0], p.line_sku[0] + 1]])
        qty, n = int(p.line_qty[0]), len(first)
        packed = replace(
            p,
            sku_ptr=np.append(p.sku_ptr, p.n_positions + n),
            sku_weight=np.append(p.sku_weight, qty * p.sku_weight[p.line_sku[0]]),
            pos_node=np.append(p.pos_node, p.pos_node[first]),
            pos_unit_cost=np.append(p.pos_unit_cost, qty * p.pos_unit_cost[first]),
            line_sku=np.append(np.int32(p.n_skus), p.line_sku[1:]).astype(np.int32),
            line_qty=np.append(1, p.line_qty[1:]),
            line_penalty=np.append(qty * p.line_penalty[0], p.line_penalty[1:]),
            recipe_ptr=np.arange(n + 1),
            recipe_pos=first,
            recipe_qty=np.full(n, qty),
        )
        assert costs(packed)[0] >= costs(p)[0], seed
        assert qty > 1 or costs(packed) == costs(p), seed
        dearer += costs(packed)[0] > costs(p)[0]
    assert dearer > 5


def test_tails_change_no_order_alone_and_rules_of_others_do() -> None:
    """A tail is paid by the plan; every other rule binds somewhere in these problems."""
    for seed in SEEDS:
        rng, p = any_problem(seed)
        assert costs(tails(rng, p)) == costs(p), seed
    for rule in (most_parcels, complete_orders, alternatives, recipes):
        changed = 0
        for seed in SEEDS:
            rng, p = any_problem(seed)
            changed += costs(rule(rng, p)) != costs(p)
        assert changed > 10, rule
