"""Orders with too many states for the exact search: a good plan, and apart from it a valid bound."""

from dataclasses import replace

import numpy as np
import pytest

from solver.arrays import ProblemArrays, Scratch
from solver.large_order import bound_large_order, serve_large_order
from solver.order_kernel import STATES_MAX, count_states
from solver.plan_state import PlanState
from solver.problem import AllocationProblem
from solver.search import search_order
from tests.solver.plans import checked, zero_prices
from tests.solver.small_problems import joined, pointers, random_problem


def served(p: AllocationProblem, pos_price=None, node_price=None) -> PlanState:
    """Serve the first order by the heuristic, however small it is."""
    zero = zero_prices(p)
    plan, scratch = PlanState.empty(p), Scratch.for_problem(p)
    prices = zero[0] if pos_price is None else pos_price, zero[1] if node_price is None else node_price
    serve_large_order(0, ProblemArrays.of(p), *prices, scratch.slot_of_node, plan)
    assert (scratch.slot_of_node == -1).all()
    return plan


def bound(p: AllocationProblem, pos_price: np.ndarray, node_price: np.ndarray) -> int:
    scratch = Scratch.for_problem(p)
    return bound_large_order(0, ProblemArrays.of(p), pos_price, node_price, scratch.slot_of_node)


def exact(p: AllocationProblem, pos_price: np.ndarray, node_price: np.ndarray) -> int:
    scratch = Scratch.for_problem(p)
    found = search_order(0, ProblemArrays.of(p), p.pos_free, p.node_capacity, pos_price, node_price, scratch)
    return found[0]


def unfilled_cost(p: AllocationProblem) -> int:
    return int(p.line_qty @ p.line_penalty)


def small_order(seed: int) -> AllocationProblem:
    rng = np.random.default_rng(seed)
    return random_problem(rng, n_nodes=int(rng.integers(1, 6)), lines_max=3, qty_max=3)


def large_order(seed: int, n_lines: int = 12) -> AllocationProblem:
    """One order of twelve lines of one to nine units over eight nodes."""
    rng = np.random.default_rng(seed)
    p = random_problem(rng, n_nodes=8, n_skus=n_lines, stock_max=12)
    return replace(
        p,
        order_ptr=pointers([range(n_lines)]),
        line_sku=joined([range(n_lines)], np.int32),
        line_qty=rng.integers(1, 10, n_lines),
        line_penalty=rng.integers(40, 200, n_lines),
    )


def test_a_large_order_gets_a_feasible_plan_no_dearer_than_leaving_it_and_no_cheaper_than_its_bound() -> None:
    filled = 0
    for seed in range(150):
        p = large_order(seed)
        assert count_states(p.line_qty) == STATES_MAX + 1
        found = checked(p, served(p))
        assert bound(p, *zero_prices(p)) <= found.total_micros <= unfilled_cost(p), seed
        filled += int((p.line_qty - found.unfilled).sum())
    assert filled > 0


def test_on_small_orders_it_costs_at_least_the_optimum_and_on_average_little_more() -> None:
    """1,000 orders. Costs include what stays unfilled, as the planner counts it."""
    heuristic, optimum = [], []
    for seed in range(1000):
        p = small_order(seed)
        heuristic.append(checked(p, served(p)).total_micros)
        optimum.append(exact(p, *zero_prices(p)))
    assert all(found >= least for found, least in zip(heuristic, optimum, strict=True))
    assert sum(heuristic) <= 1.05 * sum(optimum)
    optimal = sum(found == least for found, least in zip(heuristic, optimum, strict=True))
    assert optimal >= 700


def test_its_bound_is_never_above_the_optimum_at_any_prices() -> None:
    """1,000 small orders, where the exact search says what the optimum is."""
    tight = 0
    for seed in range(1000):
        p = small_order(seed)
        rng = np.random.default_rng(seed)
        prices = rng.integers(0, 50, p.n_stock), rng.integers(0, 30, p.n_nodes)
        least = exact(p, *prices)
        assert bound(p, *prices) <= least, seed
        tight += bound(p, *prices) == least
    assert tight > 0  # where nothing can be sent at least


def test_the_bound_counts_each_unit_at_its_cheapest_node_or_its_penalty() -> None:
    """By hand: two units at 7 (handling 4, price 3) from the cheaper node, then at the penalty of 6."""
    p = one_sku_two_nodes(qty=2, unit_cost=[4, 9], penalty=50)
    assert bound(p, np.array([3, 0]), np.array([0, 0])) == 14
    assert bound(p, np.array([30, 1]), np.array([0, 0])) == 20
    assert bound(p, np.array([3, 0]), np.array([100, 100])) == 14  # parcels count for nothing
    cheap_to_leave = one_sku_two_nodes(qty=2, unit_cost=[4, 9], penalty=6)
    assert bound(cheap_to_leave, np.array([3, 0]), np.array([0, 0])) == 12


def one_sku_two_nodes(qty: int, unit_cost: list[int], penalty: int) -> AllocationProblem:
    one = np.ones(1, np.int64)
    return AllocationProblem(
        node_parcel_cost=np.array([10, 10]),
        node_capacity=np.array([5, 5]),
        node_departure_class=np.zeros(2, np.int32),
        sku_ptr=np.array([0, 2]),
        sku_weight=one,
        pos_node=np.array([0, 1], np.int32),
        pos_free=np.array([1000, 1000]),
        pos_unit_cost=np.array(unit_cost),
        order_ptr=np.array([0, 1]),
        order_destination=np.zeros(1, np.int32),
        order_promise_class=np.zeros(1, np.int32),
        line_sku=np.zeros(1, np.int32),
        line_qty=np.array([qty]),
        line_penalty=np.array([penalty]),
        lane_band=np.zeros((1, 2), np.int16),
        transit_slack=np.zeros((1, 1), np.int16),
        tariff_of=np.zeros((1, 1), np.int32),
        tariff_ptr=np.array([0, 1]),
        tariff_list=np.zeros(1, np.int32),
        list_ptr=np.array([0, 1]),
        list_weight=np.array([100]),
        list_cost=np.array([20]),
    )


def test_an_order_of_700_units_fills_what_is_worth_it_from_one_node() -> None:
    """By hand: one parcel of 700 g is seven full steps of 20, handled at 10 + 700 x 4."""
    p = one_sku_two_nodes(qty=700, unit_cost=[4, 9], penalty=50)
    found = checked(p, served(p))
    assert found.total_micros == 7 * 20 + 10 + 700 * 4
    assert found.unfilled.tolist() == [0]


@pytest.mark.parametrize("taken_away", ["stock", "capacity"])
def test_nothing_left_leaves_all_unfilled(taken_away: str) -> None:
    p = one_sku_two_nodes(qty=700, unit_cost=[4, 9], penalty=50)
    p = (
        replace(p, pos_free=p.pos_free * 0)
        if taken_away == "stock"
        else replace(p, node_capacity=p.node_capacity * 0)
    )
    assert checked(p, served(p)).unfilled.tolist() == [700]
    assert bound(p, *zero_prices(p)) == 700 * 50
