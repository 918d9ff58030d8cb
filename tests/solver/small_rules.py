"""Rules for the small random problems, each so that it often binds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from solver.problem import UNLIMITED_PARCELS, AllocationProblem
from tests.solver.small_problems import joined, pointers

Rule = Callable[[np.random.Generator, AllocationProblem], AllocationProblem]


def fixed_charges(rng: np.random.Generator, p: AllocationProblem) -> AllocationProblem:
    return replace(p, list_fixed=rng.integers(0, 25, len(p.list_ptr) - 1))


def capacity_use(rng: np.random.Generator, p: AllocationProblem) -> AllocationProblem:
    """Some parcels and some units use nothing, some two or three units of a capacity of at most seven."""
    capacity = np.where(rng.random(p.n_nodes) < 0.3, UNLIMITED_PARCELS, rng.integers(0, 8, p.n_nodes))
    return replace(
        p,
        node_capacity=capacity,
        node_parcel_use=rng.integers(0, 3, p.n_nodes),
        pos_capacity_use=rng.integers(0, 4, p.n_positions),
    )


def tails(rng: np.random.Generator, p: AllocationProblem) -> AllocationProblem:
    return replace(
        p,
        stock_tail=rng.integers(0, 4, p.n_stock),
        stock_tail_cost=rng.integers(0, 60, p.n_stock),
        node_tail=rng.integers(0, 3, p.n_nodes),
        node_tail_cost=rng.integers(0, 60, p.n_nodes),
    )


def most_parcels(rng: np.random.Generator, p: AllocationProblem) -> AllocationProblem:
    limits = rng.choice([1, 1, 2, 3, UNLIMITED_PARCELS], p.n_orders)
    return replace(p, order_parcels_max=limits.astype(np.int64))


def complete_orders(rng: np.random.Generator, p: AllocationProblem) -> AllocationProblem:
    return replace(p, order_complete=(rng.random(p.n_orders) < 0.7).astype(np.uint8))


def alternatives(rng: np.random.Generator, p: AllocationProblem) -> AllocationProblem:
    counts = rng.integers(0, 3, p.n_orders)
    n = int(counts.sum())
    return replace(
        p,
        alternative_ptr=np.concatenate(([0], np.cumsum(counts))),
        alternative_destination=rng.integers(0, p.lane_band.shape[0], n).astype(np.int32),
        alternative_promise_class=rng.integers(0, p.transit_slack.shape[0], n).astype(np.int32),
    )


def recipes(rng: np.random.Generator, p: AllocationProblem) -> AllocationProblem:
    """Two kits of one or two SKUs, at the nodes that stock those; orders ask for them as for any SKU."""
    kits = [rng.choice(p.n_skus, rng.integers(1, min(2, p.n_skus) + 1), replace=False) for _ in range(2)]
    amounts = [rng.integers(1, 3, len(kit)) for kit in kits]
    row_of = {
        (sku, int(p.pos_node[row])): row
        for sku in range(p.n_skus)
        for row in range(p.sku_ptr[sku], p.sku_ptr[sku + 1])
    }
    nodes_of_kit = [[n for n in range(p.n_nodes) if all((s, n) in row_of for s in kit)] for kit in kits]
    made = [
        sorted((row_of[s, n], k) for s, k in zip(kit, amount, strict=True))
        for kit, amount, nodes in zip(kits, amounts, nodes_of_kit, strict=True)
        for n in nodes
    ]
    n_items = p.n_skus + len(kits)
    return replace(
        p,
        sku_ptr=np.concatenate((p.sku_ptr, p.n_positions + np.cumsum([len(n) for n in nodes_of_kit]))),
        sku_weight=np.append(p.sku_weight, rng.integers(1, 30, len(kits))),
        pos_node=np.concatenate((p.pos_node, joined(nodes_of_kit, np.int32))),
        pos_unit_cost=np.append(p.pos_unit_cost, rng.integers(0, 30, len(made))),
        line_sku=joined(
            [np.sort(rng.choice(n_items, k, replace=False)) for k in np.diff(p.order_ptr)], np.int32
        ),
        recipe_ptr=pointers(made),
        recipe_pos=np.array([row for rows in made for row, _ in rows], np.int64),
        recipe_qty=np.array([k for rows in made for _, k in rows], np.int64),
    )


RULES: dict[str, Rule] = {
    "recipes": recipes,  # first: it adds positions
    "fixed charges": fixed_charges,
    "capacity use": capacity_use,
    "tails": tails,
    "most parcels": most_parcels,
    "complete orders": complete_orders,
    "alternatives": alternatives,
}


def with_rules(rng: np.random.Generator, p: AllocationProblem, names: str) -> AllocationProblem:
    """Add one rule by its name, or a random mix of them."""
    for name, add in RULES.items():
        if name == names or (names == "mix" and rng.random() < 0.6):
            p = add(rng, p)
    return p


EACH_AND_MIXED = (*RULES, "mix")
