"""Large orders in a batch: planned again on what the others left, and bounded by the integer program."""

from dataclasses import replace

import numpy as np
import pytest

from solver import order_kernel, replan
from solver.arrays import ProblemArrays
from solver.plan_state import PlanState
from solver.prices import Prices, lower_bound
from solver.problem import UNLIMITED_PARCELS, AllocationProblem
from solver.replan import large_orders, prove_large_orders, replan_large_orders
from tests.solver.batch_twin import best_batch
from tests.solver.plans import checked, first_come
from tests.solver.small_problems import joined, pointers, random_problem
from tests.solver.small_rules import EACH_AND_MIXED, with_rules

EFFORT = 0.4  # deterministic seconds for all large orders of a batch; many need hundredths of one


def batch(seed: int) -> AllocationProblem:
    """Two orders of twelve lines of one to nine units, with two small ones between, over eight nodes."""
    rng = np.random.default_rng(seed)
    p = random_problem(rng, n_nodes=8, n_skus=12, stock_max=12)
    skus = [range(12), range(2), range(12), range(3, 5)]
    n_lines = sum(map(len, skus))
    return replace(
        p,
        order_ptr=pointers(skus),
        order_destination=rng.integers(0, 3, len(skus)).astype(np.int32),
        order_promise_class=rng.integers(0, 2, len(skus)).astype(np.int32),
        line_sku=joined(skus, np.int32),
        line_qty=rng.integers(1, 10, n_lines),
        line_penalty=rng.integers(40, 200, n_lines),
    )


def test_large_orders_are_those_the_exact_search_does_not_take() -> None:
    assert large_orders(ProblemArrays.of(batch(0))) == [0, 2]


def test_a_plan_stays_feasible_and_true_and_gets_cheaper_by_what_is_said() -> None:
    saved_by_any = 0
    for seed in range(6):
        p = batch(seed)
        plan = first_come(p)
        before = plan.cost()
        for saved in replan_large_orders(p, plan, EFFORT):
            found = checked(p, plan)  # feasible, and its books are true
            assert found.total_micros == plan.cost() == before - saved
            before = plan.cost()
            saved_by_any += saved > 0
    assert saved_by_any >= 3


def test_no_effort_changes_nothing() -> None:
    p = batch(1)
    plan, same = first_come(p), first_come(p)
    assert list(replan_large_orders(p, plan, 0.0)) == [0, 0]
    for changed, unchanged in zip(plan, same, strict=True):
        assert np.array_equal(changed, unchanged)


def test_planned_again_alone_an_order_costs_what_is_proved() -> None:
    """With every other order taken out, plan and bound meet at prices of zero, where effort suffices."""
    met = 0
    for seed in range(6):
        p = batch(seed)
        p = replace(
            p,
            order_ptr=p.order_ptr[:2],
            order_destination=p.order_destination[:1],
            order_promise_class=p.order_promise_class[:1],
            line_sku=p.line_sku[:12],
            line_qty=p.line_qty[:12],
            line_penalty=p.line_penalty[:12],
        )
        plan = first_come(p)
        list(replan_large_orders(p, plan, EFFORT))
        zero = Prices.zero(p)
        pinned = lower_bound(p, zero.stock, zero.capacity)
        raised = prove_large_orders(p, zero.stock, zero.capacity, EFFORT)
        assert pinned <= pinned + raised <= plan.cost(), seed
        met += pinned + raised == plan.cost()
    assert met >= 3


@pytest.fixture
def every_order_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the integer program take small orders too, where enumeration says what is true."""
    monkeypatch.setattr(replan, "large_orders", lambda p: list(range(len(p.order_destination))))


@pytest.mark.usefixtures("every_order_is_large")
def test_the_bound_of_a_batch_is_never_above_its_optimum_at_any_prices() -> None:
    """100 batches of three small orders; unit by unit, raised by the program, is the exact bound."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        p = random_problem(rng, n_orders=3, n_nodes=3, stock_max=2)
        stock = rng.integers(0, 40, p.n_stock)
        capacity = rng.integers(0, 40, p.n_nodes) * (p.node_capacity < UNLIMITED_PARCELS)
        exact = lower_bound(p, stock, capacity)
        raised = prove_large_orders(p, stock, capacity, 20.0)
        assert exact <= best_batch(p), seed
        assert unit_by_unit(p, stock, capacity) + raised == exact, seed


def unit_by_unit(p: AllocationProblem, stock: np.ndarray, capacity: np.ndarray) -> int:
    """Return the bound in which every order counts unit by unit."""
    arrays, scratch = ProblemArrays.of(p), np.full(p.n_nodes, -1, np.int32)
    least = sum(
        replan.bound_large_order(order, arrays, stock, capacity, scratch) for order in range(p.n_orders)
    )
    limited = np.where(p.node_capacity < UNLIMITED_PARCELS, p.node_capacity, 0)
    return int(least - stock @ p.pos_free - capacity @ limited)


def test_the_states_that_decide_are_the_exact_search_s() -> None:
    assert order_kernel.count_states(np.array([7, 7, 7])) == order_kernel.STATES_MAX
    p = batch(0)
    p = replace(p, line_qty=np.where(np.arange(p.n_lines) < 12, 1, p.line_qty))
    assert large_orders(ProblemArrays.of(p))[0] == 0  # 2**12 states


@pytest.mark.usefixtures("every_order_is_large")
@pytest.mark.parametrize("rule", EACH_AND_MIXED)
def test_planned_again_under_rules_a_plan_stays_feasible_and_true(rule: str) -> None:
    """12 batches of three small orders under each rule, all of them planned by the program."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        p = with_rules(rng, random_problem(rng, n_orders=3, n_nodes=3, stock_max=2), rule)
        plan = PlanState.empty(p)
        before = plan.cost()
        for saved in replan_large_orders(p, plan, 20.0):
            found = checked(p, plan)
            assert found.total_micros == plan.cost() == before - saved
            before = plan.cost()
