"""A warm start may be as wrong as it likes: the plan stays feasible, the bound valid, and good ones gain."""

from dataclasses import replace

import numpy as np
import pytest

from solver.check import check_plan
from solver.patterns import rows_that_bind
from solver.price_search import PriceSearch
from solver.problem import OWN_WAY, UNLIMITED_PARCELS, AllocationPlan, AllocationProblem
from solver.shards import ThreadShards
from solver.solve import Result, SolveParams, Status, solve
from solver.start import Start
from solver.stop import MaxGap, MaxPasses
from tests.solver.batch_twin import best_batch
from tests.solver.plans import QUICK
from tests.solver.small_problems import random_problem
from tests.solver.small_rules import EACH_AND_MIXED
from tests.solver.test_patterns import batch

HUGE = 2**62
DAY_PARAMS = SolveParams(cycles=1, improvement_rounds=3, blocks=20, block_orders=40, threads=1)


def claims_of(p: AllocationProblem, plan: AllocationPlan) -> dict[str, np.ndarray]:
    """What each order takes of stock rows, components included, and of capacity."""
    item = np.repeat(np.arange(p.n_skus), np.diff(p.sku_ptr)).tolist()
    at = {key: pos for pos, key in enumerate(zip(item, p.pos_node.tolist(), strict=True))}
    claims = []
    for q, (order, node) in enumerate(
        zip(plan.parcel_order.tolist(), plan.parcel_node.tolist(), strict=True)
    ):
        use = int(p.node_parcel_use[node]) if p.node_parcel_use.size else 1
        for e in range(plan.parcel_ptr[q], plan.parcel_ptr[q + 1]):
            pos, qty = at[int(p.line_sku[plan.entry_line[e]]), node], int(plan.entry_qty[e])
            use += qty * int(p.pos_capacity_use[pos]) if p.pos_capacity_use.size else 0
            if pos < p.n_stock:
                claims.append((order, pos, qty))
                continue
            i = pos - p.n_stock
            for r in range(p.recipe_ptr[i], p.recipe_ptr[i + 1]):
                claims.append((order, int(p.recipe_pos[r]), qty * int(p.recipe_qty[r])))
        claims.append((order, p.n_stock + node, use))
    columns = np.array([claim for claim in claims if claim[2] > 0], np.int64).reshape(-1, 3).T
    return dict(zip(("claim_order", "claim_row", "claim_qty"), columns.copy(), strict=True))


def start_of(p: AllocationProblem, result: Result) -> Start:
    return Start(result.prices.stock, result.prices.capacity, **claims_of(p, result.plan))


def absurd_starts(p: AllocationProblem, rng: np.random.Generator) -> dict[str, Start]:
    nil = np.zeros(p.n_stock, np.int64), np.zeros(p.n_nodes, np.int64)
    n = 3 * p.n_orders
    claims = {
        "claim_order": rng.integers(0, p.n_orders, n),
        "claim_row": rng.integers(0, p.n_stock + p.n_nodes, n),
        "claim_qty": rng.integers(1, 9, n),
    }
    return {
        "nothing": Start(*nil),
        "dear": Start(nil[0] + HUGE, nil[1] + HUGE),
        "random": Start(rng.integers(0, 200, p.n_stock), rng.integers(0, 200, p.n_nodes)),
        "claims": Start(*nil, **claims),
        "both": Start(
            rng.integers(0, 200, p.n_stock), nil[1] + HUGE, **claims | {"claim_qty": np.full(n, HUGE)}
        ),
    }


def assert_sound(p: AllocationProblem, result: Result) -> None:
    found = check_plan(p, result.plan)
    assert found.violations == ()
    assert found.total_micros == result.cost
    assert result.lower_bound <= result.cost <= result.first_come_cost


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_from_any_start_plan_and_bound_enclose_the_optimum(rules: str) -> None:
    for seed in range(6):
        p = batch(seed, rules, n_orders=3, n_nodes=3, stock_max=2)
        optimum = best_batch(p)
        for name, start in absurd_starts(p, np.random.default_rng(seed)).items():
            for passes in (1, 2, 3, 99):
                result = solve(p, MaxPasses(passes), params=QUICK, start=start)
                assert_sound(p, result)
                assert result.lower_bound <= optimum <= result.cost, (seed, name, passes)


def test_prices_that_nobody_cut_are_caught() -> None:
    """The broken twin charges for capacity that has no limit, and counts it as if there were none."""

    wrong = 0
    for seed in range(6):
        p = random_problem(np.random.default_rng(seed), n_orders=3, n_nodes=3, stock_max=2)
        rng = np.random.default_rng(seed)
        twin = PriceSearch(p, ThreadShards(p, 1), 1, rng, on_pass=lambda: None)
        start = Start(np.zeros(p.n_stock, np.int64), np.where(p.node_capacity < UNLIMITED_PARCELS, 0, 200))
        twin.begin(start.stock, start.capacity)
        wrong += twin.prices.lower_bound > best_batch(p)
        assert not start.prices(p, rows_that_bind(p))[1].any()
    assert wrong > 0


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_the_plan_before_is_there_again_at_once(rules: str) -> None:
    for seed in range(4):
        p = batch(seed, rules, n_orders=40, n_nodes=6, n_skus=8, stock_max=8)
        before = solve(p, params=QUICK)
        again = solve(p, MaxPasses(2), params=QUICK, start=start_of(p, before))
        assert_sound(p, again)
        assert again.cost <= before.cost, seed
        assert again.prices.lower_bound >= before.prices.lower_bound, seed


def next_window(p: AllocationProblem, rng: np.random.Generator) -> AllocationProblem:
    """One order in ten wants something else, somewhere else; one stock row in five has other units."""
    new = rng.random(p.n_orders) < 0.1
    destination = np.where(new, rng.permutation(p.order_destination), p.order_destination)
    qty = np.where(np.repeat(new, np.diff(p.order_ptr)), rng.permutation(p.line_qty), p.line_qty)
    counted = rng.random(p.n_stock) < 0.2
    free = np.where(counted, np.maximum(0, p.pos_free + rng.integers(-2, 3, p.n_stock)), p.pos_free)
    return replace(p, order_destination=destination.astype(np.int32), line_qty=qty, pos_free=free)


def contested_day(seed: int) -> AllocationProblem:
    return random_problem(
        np.random.default_rng(seed), n_orders=400, n_nodes=12, n_skus=20, lines_max=3, stock_max=16
    )


def test_the_next_window_is_near_at_once_and_reaches_a_gap_in_fewer_passes() -> None:
    cold_passes = warm_passes = 0
    for seed in range(3):
        p = contested_day(seed)
        yesterday = solve(p, params=DAY_PARAMS)
        today = next_window(p, np.random.default_rng(seed))
        start = start_of(p, yesterday)
        gap = 0.02
        cold = solve(today, MaxGap(gap), params=DAY_PARAMS)
        warm = solve(today, MaxGap(gap), params=DAY_PARAMS, start=start)
        assert_sound(today, warm)
        assert warm.gap <= gap
        cold_passes += cold.passes
        warm_passes += warm.passes
        soon = MaxPasses(4)
        at_once = solve(today, soon, params=DAY_PARAMS, start=start).gap
        assert at_once <= solve(today, soon, params=DAY_PARAMS).gap / 5
    assert warm_passes < cold_passes


def test_the_same_start_gives_the_same_plan_with_any_number_of_threads() -> None:
    p = contested_day(0)
    start = start_of(p, solve(p, params=QUICK))
    today = next_window(p, np.random.default_rng(0))
    one, same, many = (
        solve(today, seed=3, params=replace(QUICK, threads=threads), start=start) for threads in (1, 1, 3)
    )
    for other in (same, many):
        assert other.cost == one.cost
        assert other.lower_bound == one.lower_bound
        assert other.plan.parcel_node.tolist() == one.plan.parcel_node.tolist()
        assert other.plan.entry_qty.tolist() == one.plan.entry_qty.tolist()
    assert one.repeatable


def test_a_start_changes_neither_the_baseline_nor_what_a_solve_may_take() -> None:
    p = contested_day(1)
    cold = solve(p, params=QUICK)
    warm = solve(p, params=QUICK, start=start_of(p, cold))
    assert warm.first_come_cost == cold.first_come_cost
    assert warm.passes <= QUICK.warm_passes_planned


def test_an_empty_problem_starts_from_an_empty_start() -> None:
    p = random_problem(np.random.default_rng(0), n_orders=1)
    none = np.zeros(0, np.int64)
    empty = replace(
        p,
        order_ptr=np.zeros(1, np.int64),
        order_destination=none.astype(np.int32),
        order_promise_class=none.astype(np.int32),
        line_sku=none.astype(np.int32),
        line_qty=none,
        line_penalty=none,
    )
    start = Start(np.zeros(p.n_stock, np.int64), np.zeros(p.n_nodes, np.int64))
    result = solve(empty, params=QUICK, start=start)
    assert (result.status, result.cost) == (Status.OPTIMAL, 0)
    assert result.plan.order_alternative.tolist() in ([], [OWN_WAY])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"stock": np.array([-1])}, "prices must be at least 0"),
        ({"capacity": np.array([-1])}, "prices must be at least 0"),
        ({"stock": np.array([1.5])}, "stock: must be an array of int64"),
        ({"capacity": np.zeros((1, 1), np.int64)}, "capacity: must be an array of int64"),
        ({"claim_order": np.array([0])}, "as many entries each"),
        ({"claim_order": np.array([0]), "claim_row": np.array([0]), "claim_qty": np.array([0])}, "claim_qty"),
    ],
)
def test_nonsense_is_refused(wrong: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Start(**{"stock": np.zeros(1, np.int64), "capacity": np.zeros(1, np.int64)} | wrong)


def test_a_start_of_another_problem_is_refused() -> None:
    p = random_problem(np.random.default_rng(0), n_orders=2)
    stock, capacity = np.zeros(p.n_stock, np.int64), np.zeros(p.n_nodes, np.int64)
    one = np.ones(1, np.int64)
    for start, message in (
        (Start(stock[1:], capacity), "must have"),
        (Start(stock, capacity[1:]), "must have"),
        (Start(stock, capacity, one * p.n_orders, one, one), "claim_order: must be from 0"),
        (Start(stock, capacity, one, one * (p.n_stock + p.n_nodes), one), "claim_row: must be from 0"),
        (Start(stock, capacity, -one, one, one), "claim_order: must be from 0"),
    ):
        with pytest.raises(ValueError, match=message):
            solve(p, start=start)
