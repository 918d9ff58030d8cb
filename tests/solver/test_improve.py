"""Displacing orders: every plan on the way is feasible, a move undone leaves no trace, the books are true."""

import numpy as np
import pytest

from solver import improve
from solver.improve import DisplacementSearch
from solver.occupancy import NO_SLOT, Occupancy
from solver.plan_state import PlanState
from solver.prices import Prices
from solver.problem import UNLIMITED_PARCELS, AllocationProblem
from solver.shards import ThreadShards, least_costs
from tests.solver.plans import checked, first_come
from tests.solver.small_problems import random_problem

NEVER = -1e18
"""A threshold that no move passes: each is made and undone."""


def day(seed: int) -> AllocationProblem:
    """Enough orders to compete, for units and for the parcels of some nodes."""
    return random_problem(
        np.random.default_rng(seed), n_orders=60, n_nodes=6, n_skus=8, lines_max=3, stock_max=8
    )


def search_from(p: AllocationProblem, plan: PlanState, seed: int) -> DisplacementSearch:
    rng = np.random.default_rng(seed)
    limited = p.node_capacity < UNLIMITED_PARCELS
    prices = Prices(rng.integers(0, 30, p.n_stock), rng.integers(0, 30, p.n_nodes) * limited, 0)
    lone_cost = least_costs(ThreadShards(p, 1), np.zeros(p.n_stock, np.int64), np.zeros(p.n_nodes, np.int64))
    return DisplacementSearch(p, plan, prices, lone_cost, rng)


def users(plan: PlanState, occupancy: Occupancy) -> list[set[int]]:
    """Entry slots by position, read from the linked lists, forwards."""
    found = []
    for pos, head in enumerate(occupancy.user_head):
        slots, before, slot = set(), NO_SLOT, int(head)
        while slot != NO_SLOT:
            assert occupancy.user_prev[slot] == before
            assert plan.entry_pos[slot] == pos
            slots.add(slot)
            before, slot = slot, int(occupancy.user_next[slot])
        found.append(slots)
    return found


def members(occupancy: Occupancy) -> list[set[int]]:
    """Parcel slots by node, where capacity is limited."""
    begins = occupancy.member_ptr[:-1]
    return [
        set(occupancy.member[begin : begin + n].tolist())
        for begin, n in zip(begins, occupancy.n_members, strict=True)
    ]


def assert_books_are_true(p: AllocationProblem, search: DisplacementSearch) -> None:
    fresh = Occupancy.of(p, search.plan)
    assert users(search.plan, search._occupancy) == users(search.plan, fresh)
    assert members(search._occupancy) == members(fresh)


def same(one: PlanState, other: PlanState) -> bool:
    plans = (one.to_plan(), other.to_plan())
    return (
        all(np.array_equal(getattr(plans[0], name), getattr(plans[1], name)) for name in plans[0].__slots__)
        and np.array_equal(one.pos_left, other.pos_left)
        and np.array_equal(one.node_left, other.node_left)
        and np.array_equal(one.order_cost, other.order_cost)
    )


def test_every_plan_on_the_way_is_feasible_and_its_books_are_true() -> None:
    for seed in range(12):
        p = day(seed)
        search = search_from(p, first_come(p), seed)
        for threshold in (40.0, 5.0, 0.0):
            search.run(60, threshold)
            checked(p, search.plan)
            assert_books_are_true(p, search)


def test_no_move_raises_the_total_beyond_the_threshold() -> None:
    cheaper = 0
    for seed in range(20):
        p = day(seed)
        search = search_from(p, first_come(p), seed)
        for threshold in (30.0, 0.0):
            for _ in range(40):
                before = search.plan.cost()
                search.run(1, threshold)
                assert search.plan.cost() <= before + threshold
        cheaper += search.plan.cost() < first_come(p).cost()
    assert cheaper >= 15


def test_a_move_undone_leaves_no_trace() -> None:
    for seed in range(20):
        p = day(seed)
        plan = first_come(p)
        search = search_from(p, plan, seed)
        search.run(200, NEVER)
        assert same(search.plan, plan), f"seed {seed}"
        assert_books_are_true(p, search)


def test_the_search_leaves_the_plan_it_began_with_alone() -> None:
    p = day(3)
    plan = first_come(p)
    search = search_from(p, plan, 3)
    search.run(200, 0.0)
    assert search.plan.cost() < plan.cost()
    assert same(plan, first_come(p))


def test_the_same_seed_makes_the_same_moves() -> None:
    p = day(4)
    one, other, third = (search_from(p, first_come(p), seed) for seed in (7, 7, 8))
    for search in (one, other, third):
        search.run(200, 5.0)
    assert same(one.plan, other.plan)
    assert not same(one.plan, third.plan)


def test_a_search_that_forgets_to_undo_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broken twin, run in plain Python over its kernels: refused moves stay half made."""
    monkeypatch.setattr(improve, "improve_by_displacing", improve.improve_by_displacing.py_func)
    p = day(0)
    whole = search_from(p, first_come(p), 0)
    whole.run(40, NEVER)
    assert same(whole.plan, first_come(p))
    monkeypatch.setattr(improve, "restore", lambda *_: None)
    broken = search_from(p, first_come(p), 0)
    broken.run(40, NEVER)
    assert not same(broken.plan, first_come(p))
