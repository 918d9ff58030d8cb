"""The one way in: feasible and bounded whenever it stops, repeatable, and never worse than first-come."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from solver.check import check_plan
from solver.problem import UNLIMITED_PARCELS, AllocationProblem
from solver.solve import Result, SolveParams, Status, solve
from solver.stop import FirstOf, MaxGap, MaxPasses, MaxSeconds, Progress
from tests.solver.batch_twin import best_batch
from tests.solver.plans import QUICK, checked, first_come
from tests.solver.small_problems import random_problem


def tiny(seed: int) -> AllocationProblem:
    return random_problem(np.random.default_rng(seed), n_orders=3, n_nodes=3, stock_max=2)


def day(seed: int = 0, n_orders: int = 120) -> AllocationProblem:
    """Enough orders to compete, on stock for about half of them."""
    return random_problem(
        np.random.default_rng(seed), n_orders=n_orders, n_nodes=8, n_skus=12, lines_max=3, stock_max=12
    )


def assert_sound(p: AllocationProblem, result: Result) -> None:
    found = check_plan(p, result.plan)
    assert found.violations == ()
    assert found.total_micros == result.cost
    assert result.lower_bound <= result.cost <= result.first_come_cost
    assert result.gap == ((result.cost - result.lower_bound) / result.cost if result.cost else 0)


def same_plan(one: Result, other: Result) -> bool:
    return all(
        np.array_equal(getattr(one.plan, name), getattr(other.plan, name))
        for name in ("parcel_order", "parcel_node", "parcel_list", "parcel_ptr", "entry_line", "entry_qty")
    )


def test_bound_and_plan_enclose_the_optimum_of_tiny_batches() -> None:
    optimal = 0
    for seed in range(60):
        p = tiny(seed)
        result = solve(p, params=QUICK)
        assert_sound(p, result)
        optimum = best_batch(p)
        assert result.lower_bound <= optimum <= result.cost, seed
        optimal += result.cost == optimum
        assert (result.status == Status.OPTIMAL) == (result.cost == result.lower_bound)
    assert optimal >= 50


@pytest.mark.parametrize("seed", range(3))
def test_a_stop_after_any_pass_leaves_a_feasible_plan_and_a_valid_bound(seed: int) -> None:
    p = tiny(seed)
    optimum = best_batch(p)
    costs, bounds = [], []
    for passes in range(1, QUICK.passes_planned + 1):
        result = solve(p, MaxPasses(passes), params=QUICK)
        assert_sound(p, result)
        assert result.lower_bound <= optimum <= result.cost
        assert result.passes <= passes
        assert result.repeatable
        costs.append(result.cost)
        bounds.append(result.lower_bound)
    assert costs[0] >= costs[-1]
    assert bounds[0] <= bounds[-1]


def test_a_stop_after_any_pass_of_a_day_is_sound() -> None:
    p = day()
    for passes in range(1, QUICK.passes_planned + 1, 3):
        assert_sound(p, solve(p, MaxPasses(passes), params=QUICK))


@pytest.mark.parametrize("after", [1, 2, 4, 6, 8, 11])
def test_an_interrupt_leaves_what_was_reached(after: int) -> None:
    p = day()

    def interrupt(progress: Progress) -> None:
        if progress.passes == after:
            raise KeyboardInterrupt

    result = solve(p, params=QUICK, on_progress=interrupt)
    assert_sound(p, result)
    assert (result.status, result.stop_reason, result.repeatable) == (Status.STOPPED, "interrupted", False)
    assert result.passes == after


def test_first_come_is_the_plain_sequence_and_the_plan_beats_it() -> None:
    cheaper = 0
    for seed in range(8):
        p = day(seed)
        result = solve(p, params=QUICK)
        assert_sound(p, result)
        assert result.first_come_cost == checked(p, first_come(p)).total_micros
        cheaper += result.cost < result.first_come_cost
    assert cheaper >= 6


@pytest.mark.parametrize("threads", [2, 3])
def test_the_plan_and_its_prices_do_not_depend_on_the_number_of_threads(threads: int) -> None:
    p = day()
    alone = solve(p, seed=5, params=QUICK)
    many = solve(p, seed=5, params=replace(QUICK, threads=threads))
    assert same_plan(alone, many)
    assert many.cost == alone.cost
    assert many.lower_bound == alone.lower_bound
    assert many.prices.stock.tolist() == alone.prices.stock.tolist()
    assert many.prices.capacity.tolist() == alone.prices.capacity.tolist()


def test_the_same_seed_gives_the_same_plan() -> None:
    p = day()
    assert same_plan(solve(p, seed=7, params=QUICK), solve(p, seed=7, params=QUICK))


def test_progress_only_gets_better_and_the_trace_keeps_what_changed() -> None:
    told: list[Progress] = []
    result = solve(day(), params=QUICK, on_progress=told.append)
    assert [progress.passes for progress in told] == list(range(1, result.passes + 1))
    for early, late in pairwise(told):
        assert late.cost <= early.cost
        assert late.lower_bound >= early.lower_bound
        assert late.seconds >= early.seconds
    assert told[0].cost == result.first_come_cost
    reached = [(point.cost, point.lower_bound) for point in result.trace]
    assert len(set(reached)) == len(reached)
    assert set(reached) <= {(progress.cost, progress.lower_bound) for progress in told}


def test_no_solve_makes_more_passes_than_planned() -> None:
    """A progress bar is as long as `passes_planned`."""
    for seed in range(6):
        assert solve(day(seed), params=QUICK).passes <= QUICK.passes_planned


def test_each_stop_says_why() -> None:
    p = day()
    assert solve(p, MaxPasses(2), params=QUICK).stop_reason == "passes done"
    timed = solve(p, MaxSeconds(0.0), params=QUICK)
    assert (timed.stop_reason, timed.repeatable, timed.passes) == ("time limit", False, 1)
    near = solve(p, MaxGap(1.0), params=QUICK)
    assert (near.stop_reason, near.repeatable, near.passes) == ("gap reached", True, 1)
    both = FirstOf((MaxPasses(3), MaxSeconds(1e9)))
    assert not both.repeatable
    assert solve(p, both, params=QUICK).passes == 3
    assert FirstOf((MaxPasses(3), MaxGap(0.1))).repeatable


def test_a_batch_without_orders_costs_nothing() -> None:
    p = random_problem(np.random.default_rng(0))
    empty = replace(
        p,
        order_ptr=p.order_ptr[:1],
        order_destination=p.order_destination[:0],
        order_promise_class=p.order_promise_class[:0],
        line_sku=p.line_sku[:0],
        line_qty=p.line_qty[:0],
        line_penalty=p.line_penalty[:0],
    )
    result = solve(empty, params=QUICK)
    assert (result.cost, result.lower_bound, result.gap, result.status) == (0, 0, 0.0, Status.OPTIMAL)
    assert len(result.plan.parcel_order) == 0


def test_a_day_on_which_nothing_can_run_out_has_no_prices_to_find() -> None:
    """First-come is then the best plan, and the bound at zero prices proves it."""
    p = day()
    plenty = replace(
        p,
        pos_free=np.full_like(p.pos_free, 10_000),
        node_capacity=np.full_like(p.node_capacity, UNLIMITED_PARCELS),
    )
    result = solve(plenty, params=QUICK)
    assert result.cost == result.first_come_cost == result.lower_bound
    assert result.status == Status.OPTIMAL


def test_orders_too_large_for_the_exact_search_are_planned_and_bounded_too() -> None:
    """The first line of every fifth order asks for 600 units more: 601 states or more."""
    for seed in range(4):
        p = day(seed, n_orders=60)
        qty = p.line_qty.copy()
        qty[p.order_ptr[:-1:5]] += 600
        large = replace(p, line_qty=qty, pos_free=p.pos_free * 50)
        result = solve(large, params=QUICK)
        assert_sound(large, result)
        for passes in (1, 4, 9):
            assert_sound(large, solve(large, MaxPasses(passes), params=QUICK))


def test_nothing_in_stock_leaves_everything_unfilled_and_proves_it() -> None:
    p = day()
    bare = replace(p, pos_free=p.pos_free * 0)
    result = solve(bare, params=QUICK)
    assert result.cost == result.lower_bound == int(p.line_qty @ p.line_penalty)
    assert result.status == Status.OPTIMAL


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"threads": 0}, "at least 1"),
        ({"climb_steps": 0}, "at least 1"),
        ({"improvement_rounds": -1}, "at least 0"),
        ({"blocks": -1}, "at least 0"),
        ({"blocks_at_once": 0}, "at least 1"),
        ({"block_columns": -1.0}, "at least 0"),
        ({"threshold": -0.1}, "at least 0"),
        ({"climbs": -1}, "at least 0"),
        ({"climb_pays": -0.1}, "at least 0"),
        ({"temperature": 0.0}, "above 0"),
        ({"warm_temperature": float("nan")}, "above 0"),
        ({"coolest": -1.0}, "above 0"),
        ({"cooling": 1.0}, "between 0 and 1"),
    ],
)
def test_params_check_themselves(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SolveParams(**wrong)
