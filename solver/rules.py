"""Checks of the arrays that hold a problem's rules; each may be empty, which stands for its default."""

from typing import TYPE_CHECKING

import numpy as np

from solver.validation import COST_MAX, QTY_MAX, ascends, check_pointer, check_range, require

if TYPE_CHECKING:
    from solver.problem import AllocationProblem

USE_MAX = 2**30 - 1  # a parcel of one unit is within UNLIMITED_PARCELS


def check_rules(p: "AllocationProblem") -> None:
    """Check the rules of a problem whose other arrays are right."""
    _check_sizes(p)
    _check_alternatives(p)
    _check_recipes(p)
    for name, low, high in (
        ("list_fixed", 0, COST_MAX),
        ("node_parcel_use", 0, USE_MAX),
        ("pos_capacity_use", 0, USE_MAX),
        ("stock_tail", 0, QTY_MAX),
        ("stock_tail_cost", 0, COST_MAX),
        ("node_tail", 0, QTY_MAX),
        ("node_tail_cost", 0, COST_MAX),
        ("order_parcels_max", 1, QTY_MAX),
        ("order_complete", 0, 1),
    ):
        check_range(name, getattr(p, name), low, high)
    _check_sums(p)


def _check_sizes(p: "AllocationProblem") -> None:
    for name, size in (
        ("list_fixed", len(p.list_ptr) - 1),
        ("node_parcel_use", p.n_nodes),
        ("pos_capacity_use", p.n_positions),
        ("stock_tail", p.n_stock),
        ("stock_tail_cost", p.n_stock),
        ("node_tail", p.n_nodes),
        ("node_tail_cost", p.n_nodes),
        ("order_parcels_max", p.n_orders),
        ("order_complete", p.n_orders),
    ):
        require(len(getattr(p, name)) in (0, size), name, f"must have {size} entries, or none")


def _check_alternatives(p: "AllocationProblem") -> None:
    n = len(p.alternative_destination)
    if n > 0 or len(p.alternative_ptr) > 0:
        check_pointer("alternative_ptr", p.alternative_ptr, p.n_orders, n)
    require(len(p.alternative_promise_class) == n, "alternative_promise_class", f"must have {n} entries")
    check_range("alternative_destination", p.alternative_destination, 0, p.lane_band.shape[0] - 1)
    check_range("alternative_promise_class", p.alternative_promise_class, 0, p.transit_slack.shape[0] - 1)


def _check_recipes(p: "AllocationProblem") -> None:
    n_compound, n_components = p.n_positions - p.n_stock, len(p.recipe_pos)
    require(n_compound >= 0, "pos_free", f"must have at most {p.n_positions} entries")
    if n_compound > 0 or n_components > 0 or len(p.recipe_ptr) > 0:
        check_pointer("recipe_ptr", p.recipe_ptr, n_compound, n_components)
        require(bool(np.all(np.diff(p.recipe_ptr) >= 1)), "recipe_ptr", "every recipe needs a component")
    require(len(p.recipe_qty) == n_components, "recipe_qty", f"must have {n_components} entries")
    check_range("recipe_pos", p.recipe_pos, 0, p.n_stock - 1)
    check_range("recipe_qty", p.recipe_qty, 1, QTY_MAX)
    if n_compound == 0:
        return
    node = np.repeat(p.pos_node[p.n_stock :], np.diff(p.recipe_ptr))
    is_there = bool(np.all(p.pos_node[p.recipe_pos] == node))
    require(is_there, "recipe_pos", "the components of a position must be at its node")
    require(ascends(p.recipe_pos, p.recipe_ptr), "recipe_pos", "must ascend within a recipe")
    apart = p.n_stock in p.sku_ptr
    require(apart, "sku_ptr", "a SKU is stocked or compound, not both; the stocked ones come first")


def _check_sums(p: "AllocationProblem") -> None:
    """Check that products and sums of values, each within its range, stay within 64 bits."""
    penalty = np.concatenate(([0.0], np.cumsum(p.line_qty.astype(float) * p.line_penalty)))
    dearest = float(np.diff(penalty[p.order_ptr]).max(initial=0))  # no price above it changes a decision
    for name in ("node_parcel_use", "pos_capacity_use", "recipe_qty"):
        most = int(getattr(p, name).max(initial=0))
        fits = dearest * most <= 2**60
        require(fits, name, "times what the dearest order costs unfilled must be at most 2**60 micros")
    require(
        not p.order_complete.any() or penalty[-1] <= 2**59,
        "line_penalty",
        "all lines unfilled must cost at most 2**59 micros where orders are sent complete",
    )
    for tail, cost in (("stock_tail", "stock_tail_cost"), ("node_tail", "node_tail_cost")):
        units, micros = getattr(p, tail), getattr(p, cost)
        require(len(units) == len(micros), cost, f"must have {len(units)} entries, as {tail} has")
        fits = float(units.astype(float) @ micros) <= 2**62
        require(fits, cost, f"all units of {tail} must cost at most 2**62 micros")
