"""Every way in which the arrays of the rules can be wrong is refused, by field and remedy."""

from dataclasses import replace

import numpy as np
import pytest

from solver.problem import AllocationProblem, InvalidProblem
from tests.solver.small_problems import random_problem


@pytest.fixture(scope="module")
def problem() -> AllocationProblem:
    return random_problem(np.random.default_rng(4), n_orders=3, n_nodes=4, n_skus=3, lines_max=3)


@pytest.fixture(scope="module")
def kits(problem: AllocationProblem) -> AllocationProblem:
    """One more SKU: at node 0 a kit of the first two SKUs, if it has them."""
    first = np.flatnonzero(problem.pos_node == 0)[:2]
    assert len(first) == 2
    return with_kit(problem, node=0, recipe_pos=first, recipe_qty=np.array([1, 2]))


def with_kit(
    p: AllocationProblem, *, node: int, recipe_pos: np.ndarray, recipe_qty: np.ndarray
) -> AllocationProblem:
    return replace(
        p,
        sku_ptr=np.append(p.sku_ptr, p.n_positions + 1),
        sku_weight=np.append(p.sku_weight, 5),
        pos_node=np.append(p.pos_node, node).astype(np.int32),
        pos_unit_cost=np.append(p.pos_unit_cost, 3),
        recipe_ptr=np.array([0, len(recipe_pos)]),
        recipe_pos=recipe_pos,
        recipe_qty=recipe_qty,
    )


def told(problem: AllocationProblem, **changed: np.ndarray) -> str:
    with pytest.raises(InvalidProblem) as refused:
        replace(problem, **changed)
    return str(refused.value)


def test_a_position_made_of_stock_has_no_stock_row(kits: AllocationProblem) -> None:
    assert kits.n_positions == kits.n_stock + 1


@pytest.mark.parametrize(
    ("name", "axis", "low", "high"),
    [
        ("list_fixed", "list_ptr", 0, 2**48),
        ("node_parcel_use", "node_capacity", 0, 2**30 - 1),
        ("pos_capacity_use", "pos_node", 0, 2**30 - 1),
        ("order_parcels_max", "order_destination", 1, 2**31 - 1),
        ("order_complete", "order_destination", 0, 1),
    ],
)
def test_a_rule_has_an_entry_for_each_owner_within_its_range(
    problem: AllocationProblem, name: str, axis: str, low: int, high: int
) -> None:
    size = len(getattr(problem, axis)) - (axis == "list_ptr")
    dtype = np.uint8 if name == "order_complete" else np.int64
    assert len(getattr(replace(problem, **{name: np.full(size, low, dtype)}), name)) == size
    assert told(problem, **{name: np.full(size + 1, low, dtype)}) == (
        f"{name}: must have {size} entries, or none"
    )
    if low > 0 or dtype == np.int64:
        assert told(problem, **{name: np.full(size, low - 1, dtype)}) == f"{name}: must be at least {low}"
    assert told(problem, **{name: np.full(size, high + 1, dtype)}) == f"{name}: must be at most {high}"


@pytest.mark.parametrize(("tail", "axis"), [("stock_tail", "pos_free"), ("node_tail", "node_capacity")])
def test_a_tail_has_units_and_costs(problem: AllocationProblem, tail: str, axis: str) -> None:
    ones = np.ones(len(getattr(problem, axis)), np.int64)
    cost = f"{tail}_cost"
    assert replace(problem, **{tail: ones, cost: ones}) is not None
    assert told(problem, **{tail: ones}) == f"{cost}: must have {len(ones)} entries, as {tail} has"
    assert told(problem, **{tail: -ones, cost: ones}) == f"{tail}: must be at least 0"
    assert told(problem, **{tail: ones, cost: -ones}) == f"{cost}: must be at least 0"
    too_much = told(problem, **{tail: ones * (2**31 - 1), cost: ones * 2**48})
    assert too_much == f"{cost}: all units of {tail} must cost at most 2**62 micros"


def test_alternatives_name_destinations_and_promise_classes(problem: AllocationProblem) -> None:
    ways = {
        "alternative_ptr": np.array([0, 0, 1, 1]),
        "alternative_destination": np.zeros(1, np.int32),
        "alternative_promise_class": np.zeros(1, np.int32),
    }
    assert replace(problem, **ways) is not None
    short = ways | {"alternative_ptr": np.array([0, 1])}
    assert told(problem, **short) == "alternative_ptr: must have 4 entries"
    missing = ways | {"alternative_ptr": np.zeros(0, np.int64)}
    assert told(problem, **missing) == "alternative_ptr: must have 4 entries"
    uneven = ways | {"alternative_promise_class": np.zeros(2, np.int32)}
    assert told(problem, **uneven) == "alternative_promise_class: must have 1 entries"
    for name, n in (
        ("alternative_destination", problem.lane_band.shape[0]),
        ("alternative_promise_class", problem.transit_slack.shape[0]),
    ):
        beyond = ways | {name: np.full(1, n, np.int32)}
        assert told(problem, **beyond) == f"{name}: must be at most {n - 1}"


def test_recipes_name_stock_rows_of_their_node(kits: AllocationProblem) -> None:
    assert told(kits, recipe_ptr=np.zeros(0, np.int64)) == f"pos_free: must have {kits.n_positions} entries"
    assert told(kits, recipe_ptr=np.array([0, 2, 2])) == "recipe_ptr: must have 2 entries"
    none = {
        "recipe_ptr": np.array([0, 0]),
        "recipe_pos": kits.recipe_pos[:0],
        "recipe_qty": kits.recipe_qty[:0],
    }
    assert told(kits, **none) == "recipe_ptr: every recipe needs a component"
    assert told(kits, recipe_qty=kits.recipe_qty[:1]) == "recipe_qty: must have 2 entries"
    assert told(kits, recipe_qty=kits.recipe_qty * 0) == "recipe_qty: must be at least 1"
    assert told(kits, recipe_pos=kits.recipe_pos + kits.n_stock) == (
        f"recipe_pos: must be at most {kits.n_stock - 1}"
    )
    assert told(kits, recipe_pos=np.flip(kits.recipe_pos).copy()) == (
        "recipe_pos: must ascend within a recipe"
    )
    elsewhere = np.flatnonzero(kits.pos_node[: kits.n_stock] == 1)[:2]
    assert told(kits, recipe_pos=elsewhere) == "recipe_pos: the components of a position must be at its node"


def test_a_sku_is_stocked_or_compound(kits: AllocationProblem) -> None:
    """A kit may not stand among the positions of a stocked SKU: here the first two SKUs are one."""
    one_sku = {
        "sku_ptr": np.array([0, 1, 3]),
        "sku_weight": kits.sku_weight[:2],
        "pos_node": np.array([1, 0, 1], np.int32),
        "pos_free": np.array([1, 1]),
        "pos_unit_cost": np.zeros(3, np.int64),
        "line_sku": np.zeros(kits.n_orders, np.int32),
        "order_ptr": np.arange(kits.n_orders + 1),
        "line_qty": np.ones(kits.n_orders, np.int64),
        "line_penalty": np.ones(kits.n_orders, np.int64),
        "recipe_ptr": np.array([0, 1]),
        "recipe_pos": np.array([0]),
        "recipe_qty": np.array([1]),
    }
    expected = "sku_ptr: a SKU is stocked or compound, not both; the stocked ones come first"
    assert told(kits, **one_sku) == expected
    apart = one_sku | {"sku_ptr": np.arange(4), "sku_weight": kits.sku_weight[:3]}
    assert replace(kits, **apart).n_stock == 2


def test_what_products_cost_can_be_counted(problem: AllocationProblem) -> None:
    dear = {
        "line_qty": np.full_like(problem.line_qty, 2**10),
        "line_penalty": np.full_like(problem.line_penalty, 2**47),
    }
    heavy = np.full(problem.n_nodes, 2**29)
    expected = "node_parcel_use: times what the dearest order costs unfilled must be at most 2**60 micros"
    assert told(problem, **dear, node_parcel_use=heavy) == expected
    whole = np.ones(problem.n_orders, np.uint8)
    expected = (
        "line_penalty: all lines unfilled must cost at most 2**59 micros where orders are sent complete"
    )
    assert told(problem, **dear, order_complete=whole) == expected
