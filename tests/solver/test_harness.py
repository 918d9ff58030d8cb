"""The twin comparison can fail: a search without the strict-node step is caught by it."""

import numpy as np
import pytest

from solver import search
from solver.arrays import ProblemArrays, Scratch
from tests.solver.small_problems import random_problem
from tests.solver.twin import cheapest_plan


def disagreements(seeds) -> list[int]:
    """Seeds at which the search, run in plain Python over its kernels, differs from the twin."""
    found = []
    for seed in seeds:
        p = random_problem(np.random.default_rng(seed), lines_max=3, qty_max=3, stock_max=2)
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
