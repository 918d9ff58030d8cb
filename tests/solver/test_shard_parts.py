"""A problem cut into network and orders, and put together again."""

from dataclasses import fields, replace

import numpy as np
import pytest

from solver.arrays import ProblemArrays
from solver.problem import AllocationProblem
from solver.shard_parts import network_fields, network_of, take_orders, with_orders
from tests.solver.small_problems import random_problem


def day(seed: int = 0) -> AllocationProblem:
    return random_problem(np.random.default_rng(seed), n_orders=41, n_nodes=7, n_skus=11, lines_max=3)


def with_rules(p: AllocationProblem, rng: np.random.Generator) -> AllocationProblem:
    """Give each order up to three further ways, a most number of parcels, and some a wish to be whole."""
    ways = rng.integers(0, 4, p.n_orders)
    n_ways = int(ways.sum())
    return replace(
        p,
        order_parcels_max=rng.integers(1, 4, p.n_orders),
        order_complete=rng.integers(0, 2, p.n_orders).astype(np.uint8),
        alternative_ptr=np.concatenate(([0], np.cumsum(ways))),
        alternative_destination=rng.integers(0, len(p.lane_band), n_ways).astype(np.int32),
        alternative_promise_class=rng.integers(0, len(p.transit_slack), n_ways).astype(np.int32),
    )


def differing_fields(one: AllocationProblem, other: AllocationProblem) -> list[str]:
    return [
        f.name
        for f in fields(one)
        if not np.array_equal(getattr(one, f.name), getattr(other, f.name))
        or getattr(one, f.name).dtype != getattr(other, f.name).dtype
    ]


@pytest.mark.parametrize("has_rules", [False, True])
def test_all_orders_on_the_network_are_the_problem(has_rules: bool) -> None:
    p = with_rules(day(), np.random.default_rng(1)) if has_rules else day()
    network = network_of(p)
    assert network.n_orders == network.n_lines == 0
    assert differing_fields(replace(network, **take_orders(p, np.arange(p.n_orders))), p) == []


def test_a_shard_has_its_orders_with_all_that_is_theirs() -> None:
    p = with_rules(day(), np.random.default_rng(2))
    orders = np.arange(3, p.n_orders, 8)
    shard = replace(p, **take_orders(p, orders))
    assert shard.n_orders == len(orders)
    for here, there in enumerate(orders):
        for ptr, names in (
            ("order_ptr", ("line_sku", "line_qty", "line_penalty")),
            ("alternative_ptr", ("alternative_destination", "alternative_promise_class")),
        ):
            mine = slice(*getattr(shard, ptr)[here : here + 2])
            theirs = slice(*getattr(p, ptr)[there : there + 2])
            for name in names:
                assert getattr(shard, name)[mine].tolist() == getattr(p, name)[theirs].tolist()
        for name in ("order_destination", "order_promise_class", "order_parcels_max", "order_complete"):
            assert getattr(shard, name)[here] == getattr(p, name)[there]


def test_no_field_of_the_network_counts_orders_or_lines() -> None:
    """So a new field that belongs to orders is not sent whole to everybody; all sizes here are distinct."""
    p = day()
    sizes = {p.n_orders, p.n_orders + 1, p.n_lines, p.n_lines + 1}
    assert [name for name in network_fields() if sizes & set(getattr(p, name).shape)] == []
    assert {"order_ptr", "line_sku"}.isdisjoint(network_fields())
    assert {"lane_band", "pos_free", "sku_ptr"} <= set(network_fields())


def test_shards_share_the_networks_arrays() -> None:
    p = day()
    network = network_of(p)
    arrays = ProblemArrays.of(network)
    problem, own = with_orders(network, arrays, take_orders(p, np.arange(5)))
    assert own.lane_band is arrays.lane_band
    assert own.stock_tail is arrays.stock_tail  # brought to full size once, not once a shard
    assert problem.n_orders == len(own.order_parcels_max) == 5
