"""The soft minimum of one order and what it expects to take, against a twin in plain Python.

The twin adds up the weight of every plan, states and nodes as tuples, with no best plan to measure from; what
an order expects to take is its derivative by each price, taken by differences.
"""

import math
from functools import cache

import numpy as np
import pytest

from solver.arrays import ProblemArrays, Scratch
from solver.problem import AllocationProblem
from solver.soft_kernel import SoftScratch, soften_order
from tests.solver.small_problems import random_problem
from tests.solver.twin import OrderView, cheapest_plan, minus, within

TEMPERATURE = 25.0
DROPPED = 1e-4
"""Of a temperature: what the plans that the kernel leaves out may weigh, for orders this small."""


def soften(p: AllocationProblem, pos_price, node_price, *, chain: bool, temperature: float = TEMPERATURE):
    """Soften the first order; (soft, hard, demand, load)."""
    demand, load = np.zeros(p.n_stock), np.zeros(p.n_nodes)
    soft, hard = soften_order(
        0, ProblemArrays.of(p), pos_price, node_price, temperature, chain,
        Scratch.for_problem(p), SoftScratch.for_problem(p), demand, load,
    )  # fmt: skip
    return soft, hard, demand, load


def soft_twin(p: AllocationProblem, pos_price, node_price, *, chain: bool) -> float:
    view = OrderView(p, 0, p.pos_free, p.node_capacity, pos_price.astype(object), node_price.astype(object))
    avail = [tuple(min(a, q) for a, q in zip(node[2], view.qty, strict=True)) for node in view.nodes]
    useful = [n for n, units in enumerate(avail) if any(units)]
    partial = [n for n in useful if chain and any(0 < a < q for a, q in zip(avail[n], view.qty, strict=True))]
    others = [n for n in useful if n not in partial]

    def weight(cost: float) -> float:
        return math.exp(-cost / TEMPERATURE)

    def parcels(n: int, rest: tuple[int, ...]):
        """What node `n` may put in one parcel for `rest`, and the weight of that."""
        for content in within(tuple(map(min, avail[n], rest))):
            if any(content):
                yield content, weight(float_cost(view, n, content))

    @cache
    def blocks(rest: tuple[int, ...]) -> float:
        """Cut `rest` into parcels of the other nodes and units left unfilled, first line first."""
        if not any(rest):
            return 1.0
        first = next(line for line, units in enumerate(rest) if units)
        one = tuple(int(line == first) for line in range(len(rest)))
        total = weight(view.unfilled_cost(one)) * blocks(minus(rest, one))
        for n in others:
            for content, its_weight in parcels(n, rest):
                if content[first]:
                    total += its_weight * blocks(minus(rest, content))
        return total

    @cache
    def chained(k: int, rest: tuple[int, ...]) -> float:
        """As `blocks`, and each of the first `k` partial nodes may send one parcel."""
        if k == 0:
            return blocks(rest)
        return chained(k - 1, rest) + sum(
            its_weight * chained(k - 1, minus(rest, content))
            for content, its_weight in parcels(partial[k - 1], rest)
        )

    return -TEMPERATURE * math.log(chained(len(partial), view.qty))


def float_cost(view: OrderView, n: int, content: tuple[int, ...]) -> float:
    return float(view.parcel_cost(n, content))


def problem_and_prices(seed: int):
    rng = np.random.default_rng(seed)
    p = random_problem(rng, lines_max=3, qty_max=3, n_nodes=int(rng.integers(1, 5)))
    return p, rng.integers(0, 40, p.n_stock), rng.integers(0, 25, p.n_nodes)


@pytest.mark.parametrize("chain", [False, True])
def test_the_soft_minimum_is_the_weight_of_all_plans(chain: bool) -> None:
    for seed in range(150):
        p, pos_price, node_price = problem_and_prices(seed)
        soft = soften(p, pos_price, node_price, chain=chain)[0]
        assert soft == pytest.approx(
            soft_twin(p, pos_price, node_price, chain=chain), abs=DROPPED * TEMPERATURE
        ), f"seed {seed}"


def test_the_harness_sees_a_partial_node_that_is_not_chained() -> None:
    """The broken twin: its units are counted for every parcel that may hold them."""
    off = 0
    for seed in range(150):
        p, pos_price, node_price = problem_and_prices(seed)
        soft = soften(p, pos_price, node_price, chain=False)[0]
        off += abs(soft - soft_twin(p, pos_price, node_price, chain=True)) > DROPPED * TEMPERATURE
    assert off > 10


@pytest.mark.parametrize("chain", [False, True])
def test_what_an_order_expects_to_take_is_the_derivative_by_price(chain: bool) -> None:
    moved = 0
    for seed in range(40):
        p, pos_price, node_price = problem_and_prices(seed)
        _, _, demand, load = soften(p, pos_price, node_price, chain=chain)
        expected = slopes(p, pos_price, node_price, chain=chain)
        np.testing.assert_allclose(
            np.concatenate((demand, load)), expected, atol=3e-3, err_msg=f"seed {seed}"
        )
        moved += bool(np.any((expected > 0.05) & (expected < 0.95)))
    assert moved >= 10  # orders that are of two minds, without whom any 0 and 1 would do


def slopes(p: AllocationProblem, pos_price, node_price, *, chain: bool) -> np.ndarray:
    """Central differences of the twin by every price, one micro to either side."""
    prices = np.concatenate((pos_price, node_price))
    found = np.zeros(len(prices))
    for k in range(len(prices)):
        up, down = prices.copy(), prices.copy()
        up[k] += 1
        down[k] -= 1
        values = [soft_twin(p, each[: p.n_stock], each[p.n_stock :], chain=chain) for each in (up, down)]
        found[k] = (values[0] - values[1]) / 2
    return found


def test_the_hard_minimum_beside_it_is_exact_when_chained_and_never_above_otherwise() -> None:
    relaxed_lower = 0
    for seed in range(200):
        p, pos_price, node_price = problem_and_prices(seed)
        exact = cheapest_plan(p, 0, p.pos_free, p.node_capacity, pos_price, node_price)
        assert soften(p, pos_price, node_price, chain=True)[1] == exact, f"seed {seed}"
        relaxed = soften(p, pos_price, node_price, chain=False)[1]
        assert relaxed <= exact, f"seed {seed}"
        relaxed_lower += relaxed < exact
    assert relaxed_lower > 0


def test_the_soft_minimum_tends_to_the_hard_one_from_below_as_it_cools() -> None:
    for seed in range(60):
        p, pos_price, node_price = problem_and_prices(seed)
        gaps = []
        for temperature in (100.0, 10.0, 1.0, 0.1):
            soft, hard, _, _ = soften(p, pos_price, node_price, chain=False, temperature=temperature)
            gaps.append(hard - soft)
        assert gaps == sorted(gaps, reverse=True), f"seed {seed}"
        assert gaps[-1] >= -1e-6
        assert gaps[-1] <= 0.1 * math.log(1000), f"seed {seed}"  # fewer than 1,000 plans tie
