"""The restricted master never makes a plan worse, keeps every rule, and finds what no single move finds."""

from dataclasses import replace

import numpy as np
import pytest

from solver.check import check_plan
from solver.columns import Master
from solver.plan_state import PlanState
from solver.prices import Prices
from solver.problem import NO_LANE, UNLIMITED_PARCELS, AllocationProblem
from tests.solver.batch_twin import best_batch
from tests.solver.plans import checked, first_come
from tests.solver.small_rules import EACH_AND_MIXED
from tests.solver.test_patterns import _zero, batch, started


def mastered(
    p: AllocationProblem, seed: int, size: int = 100, samples: int = 6
) -> tuple[PlanState, PlanState]:
    """A first-come plan, and what the master makes of it."""
    before = first_come(p)
    search = started(p, seed)
    search.begin(*_zero(p))
    search.learn(before)
    for temperature in (6.0, 3.0, 1.0, 0.3):
        search.step(temperature, steps=15, samples=samples)
    master = Master(p, search.patterns, search.prices, before.copy(), 1e9, 2, np.random.default_rng(seed))
    while master.improve(size):
        assert master.plan.cost() <= before.cost()
        checked(p, master.plan)
    return before, master.plan


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
def test_the_master_of_tiny_batches_finds_the_best_plan_nearly_always(rules: str) -> None:
    found = improved = worse = 0
    for seed in range(20):
        p = batch(seed, rules, n_orders=3, n_nodes=3, stock_max=2)
        best = best_batch(p)
        before, after = mastered(p, seed)
        assert best <= after.cost() <= before.cost(), f"seed {seed}"
        found += after.cost() == best
        worse += before.cost() > best
        improved += after.cost() < before.cost()
    assert found >= 16
    assert improved >= worse // 3


@pytest.mark.parametrize("size", [3, 20, 500])
def test_blocks_of_any_size_improve_a_contested_day(size: int) -> None:
    p = batch(2, "plain", n_orders=80, n_nodes=6, n_skus=10, stock_max=6)
    before, after = mastered(p, 0, size, samples=2)
    assert after.cost() < before.cost()


def test_a_master_that_forgets_what_others_hold_is_caught() -> None:
    """The broken twin offers each block all stock, as if nobody else had any."""

    class Greedy(Master):
        def _program(self, block, left):
            everything = np.concatenate((self._problem.pos_free, self._problem.node_capacity)).astype(float)
            return super()._program(block, everything)

    p = batch(2, "plain", n_orders=80, n_nodes=6, n_skus=10, stock_max=6)
    plan = first_come(p)
    search = started(p)
    search.begin(*_zero(p))
    search.learn(plan)
    search.step(3.0, steps=15, samples=3)
    master = Greedy(p, search.patterns, search.prices, plan, 1e9, 1, np.random.default_rng(0))
    while master.improve(10):
        pass
    assert check_plan(p, master.plan.to_plan()).violations


def test_the_plan_of_a_master_repeats() -> None:
    p = batch(4, "mix", n_orders=60, n_nodes=6, n_skus=10, stock_max=5)
    one, other = (mastered(p, 1, 15, samples=1)[1] for _ in range(2))
    assert [array.tolist() for array in one] == [array.tolist() for array in other]


def test_where_nobody_competes_there_is_no_block() -> None:
    p = batch(0, "plain")
    p = replace(
        p, pos_free=p.pos_free * 0 + 1_000, node_capacity=np.full(p.n_nodes, UNLIMITED_PARCELS, np.int64)
    )
    plan, search = first_come(p), started(p)
    search.begin(*_zero(p))
    search.learn(plan)
    master = Master(p, search.patterns, Prices.zero(p), plan, 1e9, 1, np.random.default_rng(0))
    assert master.improve(10) == 0


def test_with_fewer_columns_than_are_known_the_nearest_are_used() -> None:
    p = batch(2, "plain", n_orders=80, n_nodes=6, n_skus=10, stock_max=6)
    plan, search = first_come(p), started(p)
    search.begin(*_zero(p))
    search.learn(plan)
    for temperature in (6.0, 3.0, 1.0, 0.3):
        search.step(temperature, steps=15, samples=2)
    known, most = len(search.patterns.order), 20
    assert known > 2 * most
    few, all_of_them = (
        Master(
            p, search.patterns, search.prices, plan.copy(), 1e9, 1, np.random.default_rng(0), columns_max=n
        )
        for n in (most, None)
    )
    left_out = np.sort(all_of_them.columns.excess)[most]
    assert len(all_of_them.columns.excess) == known
    assert len(few.columns.excess) < known
    assert np.sum(few.columns.excess <= left_out) >= most
    while few.improve(20, at_once=3):
        checked(p, few.plan)
    assert few.plan.cost() < plan.cost()


def two_scarce_units_and_one_spare() -> AllocationProblem:
    """By hand: one SKU, a unit each at nodes 0, 1 and 2, four orders of one unit each.

    Orders 0 and 1 reach node 0 and orders 2 and 3 node 1, each pair one scarce unit; orders 0 and 2 could
    take the spare unit of node 2 instead. First come leaves orders 1 and 3 with nothing.
    """
    near, far, shut = 0, 1, NO_LANE
    return AllocationProblem(
        node_parcel_cost=np.zeros(3, np.int64),
        node_capacity=np.full(3, UNLIMITED_PARCELS, np.int64),
        node_departure_class=np.zeros(3, np.int32),
        sku_ptr=np.array([0, 3]),
        sku_weight=np.array([1]),
        pos_node=np.arange(3, dtype=np.int32),
        pos_free=np.ones(3, np.int64),
        pos_unit_cost=np.zeros(3, np.int64),
        order_ptr=np.arange(5),
        order_destination=np.arange(4, dtype=np.int32),
        order_promise_class=np.zeros(4, np.int32),
        line_sku=np.zeros(4, np.int32),
        line_qty=np.ones(4, np.int64),
        line_penalty=np.full(4, 100),
        lane_band=np.array(
            [[near, shut, far], [near, shut, shut], [shut, near, far], [shut, near, shut]], np.int16
        ),
        transit_slack=np.zeros((1, 1), np.int16),
        tariff_of=np.array([[0], [1]], np.int32),
        tariff_ptr=np.array([0, 1, 2]),
        tariff_list=np.array([0, 1], np.int32),
        list_ptr=np.array([0, 1, 2]),
        list_weight=np.array([10, 10]),
        list_cost=np.array([10, 20]),
    )


def two_blocks_at_once(master: type[Master]) -> PlanState:
    """Let each pair be a block; either would hand the scarce unit on and take the spare one."""
    p = two_scarce_units_and_one_spare()
    plan, search = first_come(p), started(p)
    assert plan.pos_left.tolist() == [0, 0, 1]
    search.learn(plan)
    scarce = np.array([50, 50, 0])
    for stock in (0 * scarce, scarce):  # at these prices orders 0 and 2 would take the spare unit
        search.begin(stock, np.zeros(3, np.int64))
    master_of = master(p, search.patterns, Prices.zero(p), plan, 1e9, 1, np.random.default_rng(0))
    assert master_of.improve(2) == 2
    return master_of.plan


def test_two_blocks_at_once_never_take_the_same_units() -> None:
    """Neither block alone can exhaust the row, so neither has it for a limit; both together can."""
    plan = two_blocks_at_once(Master)
    assert plan.pos_left.tolist() == [0, 0, 0]
    assert plan.cost() == 100 + 20 + 10 + 10


def test_blocks_that_keep_nothing_from_each_other_are_caught() -> None:
    """The broken twin keeps from the second block only the rows that the first alone could exhaust."""

    class Careless(Master):
        def _program(self, block, left):
            program = super()._program(block, left)
            limits_it = np.isin(np.arange(len(left)), program.rows)
            return replace(program, could_take=np.where(limits_it, left, 0.0))

    assert two_blocks_at_once(Careless).pos_left.min() < 0
