"""The twin comparison can fail: a search without the strict-node step is caught by it."""

import numpy as np
import pytest

from solver import joint, parcels_max, search, strict_nodes
from solver.arrays import ProblemArrays, Scratch
from tests.solver.small_problems import random_problem
from tests.solver.small_rules import with_rules
from tests.solver.twin import cheapest_plan


def disagreements(seeds, rules: str = "none") -> list[int]:
    """Seeds at which the search, run in plain Python over its kernels, differs from the twin."""
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        p = with_rules(rng, random_problem(rng, lines_max=3, qty_max=3, stock_max=2), rules)
        zero = np.zeros(p.n_stock, np.int64), np.zeros(p.n_nodes, np.int64)
        expected = cheapest_plan(p, 0, p.pos_free, p.node_capacity, *zero)
        cost = search.search_order.py_func(
            0, ProblemArrays.of(p), p.pos_free, p.node_capacity, *zero, Scratch.for_problem(p)
        )[0]
        if cost != expected:
            found.append(seed)
    return found


def test_a_search_that_never_looks_for_overdrawn_nodes_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert disagreements(range(60)) == []
    monkeypatch.setattr(search, "mark_overdrawn", lambda *_: 0)
    assert disagreements(range(60)) != []


def test_a_search_that_forgets_capacity_when_it_looks_for_overdrawn_nodes_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    marks = search.mark_overdrawn

    def blind(n_out, line_qty, pos_left, needs, w):
        plenty = w._replace(cand_left=np.full_like(w.cand_left, 99))
        return marks(n_out, line_qty, pos_left, needs, plenty)

    monkeypatch.setattr(search, "mark_overdrawn", blind)
    assert disagreements(range(200)) != []


def test_a_search_that_lets_lines_share_what_only_one_can_have_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert disagreements(range(40), "recipes") == []
    monkeypatch.setattr(joint, "stock_is_enough", lambda *_: True)
    assert disagreements(range(200), "recipes") != []


def test_a_search_that_forgets_what_units_use_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert disagreements(range(40), "capacity use") == []
    monkeypatch.setattr(joint, "capacity_of_units", lambda *_: 0)
    assert disagreements(range(200), "capacity use") != []


def test_a_search_that_counts_no_parcels_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut within a limit may not cost what is cut without."""
    assert disagreements(range(40), "most parcels") == []

    def unlimited(stride, line_qty, best_cost, best_cand, state_penalty, blocks, cost, cut):
        parcels_max.cut_within(stride, line_qty, best_cost, best_cand, state_penalty, blocks, cost, cut)
        cost[:] = np.minimum(cost, best_cost[: cost.shape[1]])

    monkeypatch.setattr(strict_nodes, "cut_within", unlimited)
    assert disagreements(range(200), "most parcels") != []


def test_a_search_that_sends_complete_orders_in_part_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert disagreements(range(40), "complete orders") == []
    monkeypatch.setattr(search, "NEVER", 0)
    assert disagreements(range(60), "complete orders") != []
