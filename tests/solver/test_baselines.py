"""Rules: always feasible, never below their bound, and doing what they say."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from solver.baselines import BASELINES, solve_by_rule
from solver.baselines.node_by_node import DISTANCE, NO_WEIGHTS, SIGHTS, node_by_node
from solver.baselines.places import NO_NODE, Places
from solver.baselines.rule_list import Rule, RuleListParams
from solver.baselines.weighted_sum import WeightedSumParams
from solver.check import check_plan
from solver.plan_state import PlanState
from solver.prices import Prices, lower_bound
from solver.problem import NO_LANE, AllocationPlan, AllocationProblem
from solver.solve import Status
from tests.solver import rule_twin
from tests.solver.plans import first_come
from tests.solver.small_problems import random_problem
from tests.solver.small_rules import EACH_AND_MIXED, with_rules

CLASSES = {
    "small": {"n_orders": 5, "lines_max": 3, "qty_max": 3},
    "one line": {"n_orders": 8, "lines_max": 1, "qty_max": 5, "stock_max": 6},
    "large orders": {"n_orders": 2, "n_skus": 6, "lines_max": 6, "qty_max": 6, "stock_max": 9},
}


def random_places(rng: np.random.Generator, p: AllocationProblem) -> Places:
    """Points all over the world; some destinations are a node's own counter."""
    points = rng.normal(size=(p.lane_band.shape[0] + p.n_nodes, 3))
    points /= np.linalg.norm(points, axis=1)[:, None]
    d = p.lane_band.shape[0]
    return Places(
        destination=points[:d].copy(),
        node=points[d:].copy(),
        node_kind=rng.integers(0, 3, p.n_nodes),
        own_node=np.where(rng.random(d) < 0.5, NO_NODE, rng.integers(0, p.n_nodes, d)),
    )


@pytest.mark.parametrize("shape", CLASSES)
@pytest.mark.parametrize("name", BASELINES)
def test_a_rule_gives_a_feasible_plan_at_its_cost_above_the_bound(name: str, shape: str) -> None:
    for seed in range(25):
        rng = np.random.default_rng(seed)
        p = random_problem(rng, **CLASSES[shape])
        places = random_places(rng, p)
        result = solve_by_rule(name, p, places, threads=1)
        checked = check_plan(p, result.plan)
        assert checked.violations == ()
        assert checked.total_micros == result.cost
        zero = Prices.zero(p)
        assert result.lower_bound == lower_bound(p, zero.stock, zero.capacity) <= result.cost
        assert (result.status is Status.OPTIMAL) == (result.cost == result.lower_bound)
        assert result.first_come_cost == first_come(p).cost()
        assert not result.prices.stock.any()
        assert (result.repeatable, result.passes, len(result.trace)) == (True, 1, 1)
        again = solve_by_rule(name, p, places, threads=2)
        assert again.cost == result.cost
        assert again.plan.entry_qty.tolist() == result.plan.entry_qty.tolist()


@pytest.mark.parametrize("rules", EACH_AND_MIXED)
@pytest.mark.parametrize("name", BASELINES)
def test_a_rule_keeps_to_the_rules_of_the_problem(name: str, rules: str) -> None:
    """Kits, limits, alternatives and the rest: feasible at its cost, above the bound, and not by idleness."""
    sent = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sizes = {"n_orders": 5, "lines_max": 3, "qty_max": 8 if seed % 4 == 0 else 2}  # some are large
        p = with_rules(rng, random_problem(rng, **sizes), rules)
        result = solve_by_rule(name, p, random_places(rng, p), threads=1)
        checked = check_plan(p, result.plan)
        assert checked.violations == ()
        assert checked.total_micros == result.cost
        assert result.lower_bound <= result.cost
        sent += len(result.plan.parcel_node)
    assert sent > 20


def test_an_order_takes_the_first_way_that_serves_it_whole_and_else_the_one_that_lacks_least() -> None:
    rng = np.random.default_rng(0)
    ways = lacking = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p = with_rules(rng, random_problem(rng, lines_max=2, qty_max=3), "alternatives")
        places = random_places(rng, p)
        plan = solve_by_rule("nearest", p, places, threads=1).plan
        taken = int(plan.order_alternative[0])
        short = {way: penalty_of_way(p, places, way) for way in range(-1, int(p.alternative_ptr[1]))}
        best = next((way for way, penalty in short.items() if penalty == 0), None)
        if best is None:
            best = min(short, key=lambda way: (short[way], way))
        if len(plan.parcel_node):
            assert taken == best
        ways += taken >= 0
        lacking += short[best] > 0
    assert ways > 5
    assert lacking > 5


def penalty_of_way(p: AllocationProblem, places: Places, way: int) -> int:
    """What `nearest` leaves unfilled of the only order when it has this way alone."""
    only = replace(
        p,
        alternative_ptr=np.zeros(0, np.int64),
        alternative_destination=np.zeros(0, np.int32),
        alternative_promise_class=np.zeros(0, np.int32),
        **(
            {}
            if way < 0
            else {
                "order_destination": p.alternative_destination[way : way + 1],
                "order_promise_class": p.alternative_promise_class[way : way + 1],
            }
        ),
    )
    return check_plan(only, solve_by_rule("nearest", only, places, threads=1).plan).unfilled_micros


def test_first_come_is_what_the_optimiser_starts_from() -> None:
    p = random_problem(np.random.default_rng(4), n_orders=9)
    result = solve_by_rule("first-come", p)
    assert result.cost == result.first_come_cost == first_come(p).cost()


def parcels(plan: AllocationPlan) -> rule_twin.Parcels:
    return [
        (
            int(plan.parcel_order[q]),
            int(plan.parcel_node[q]),
            tuple(
                (int(plan.entry_line[e]), int(plan.entry_qty[e]))
                for e in range(plan.parcel_ptr[q], plan.parcel_ptr[q + 1])
            ),
        )
        for q in range(len(plan.parcel_order))
    ]


def served(p: AllocationProblem, places: Places, rank_by: tuple[int, ...], weights) -> rule_twin.Parcels:
    plan = PlanState.empty(p)
    node_by_node(p, places, rank_by, weights)(np.arange(p.n_orders), plan)
    return parcels(plan.to_plan())


@pytest.mark.parametrize("shape", CLASSES)
def test_node_by_node_does_what_its_plain_twin_does(shape: str) -> None:
    """Whatever the nodes are ranked by."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        p = random_problem(rng, **CLASSES[shape])
        places = random_places(rng, p)
        rank_by = tuple(rng.permutation(SIGHTS)[: rng.integers(1, SIGHTS + 1)].tolist())
        weights = rng.random(4) * [1, 0.01, 50, 50]
        assert served(p, places, rank_by, weights) == rule_twin.serve(p, places, rank_by, weights)


def test_the_twin_would_see_another_ranking() -> None:
    """The broken twin: nodes ranked from the far end."""
    differs = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        p = random_problem(rng, **CLASSES["small"])
        places = random_places(rng, p)
        turned = places._replace(node=-places.node)
        differs += served(p, turned, (DISTANCE,), NO_WEIGHTS) != rule_twin.serve(
            p, places, (DISTANCE,), NO_WEIGHTS
        )
    assert differs > 5


def most_units_fewest_parcels_least_km(p: AllocationProblem, places: Places) -> tuple[int, int, float]:
    """What is best for a problem of one order, by trying every way to serve it."""
    lines = range(p.n_lines)
    nodes = [
        n
        for n in range(p.n_nodes)
        if rule_twin.tariff_of(p, 0, n) >= 0 and p.node_capacity[n] > 0
    ]  # fmt: skip
    best = (0, 0, 0.0)
    for used in product((False, True), repeat=len(nodes)):
        chosen = [n for n, is_used in zip(nodes, used, strict=True) if is_used]
        filled = 0
        for line in lines:
            at = slice(p.sku_ptr[p.line_sku[line]], p.sku_ptr[p.line_sku[line] + 1])
            has = p.pos_free[at][np.isin(p.pos_node[at], chosen)].sum()
            filled += min(int(p.line_qty[line]), int(has))
        to = places.destination[p.order_destination[0]]
        km = sum(6371.0 * 2 * np.arcsin(np.linalg.norm(to - places.node[n]) / 2) for n in chosen)
        if (-filled, len(chosen), km) < (-best[0], best[1], best[2]):
            best = (filled, len(chosen), km)
    return best


def test_fewest_parcels_is_exact() -> None:
    some_split = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        p = random_problem(rng, n_nodes=6, n_skus=4, lines_max=4, qty_max=3)
        places = random_places(rng, p)
        plan = solve_by_rule("fewest-parcels", p, places, threads=1).plan
        to = places.destination[p.order_destination[0]]
        km = sum(6371.0 * 2 * np.arcsin(np.linalg.norm(to - places.node[n]) / 2) for n in plan.parcel_node)
        filled, count, least_km = most_units_fewest_parcels_least_km(p, places)
        assert (plan.entry_qty.sum(), len(plan.parcel_node)) == (filled, count)
        assert km == pytest.approx(least_km, abs=0.01)
        some_split += count > 1
    assert some_split > 20


def test_an_interrupt_keeps_what_was_served() -> None:
    p = random_problem(np.random.default_rng(1), n_orders=40, stock_max=30)

    def interrupt(progress) -> None:
        if progress.passes == 10:
            raise KeyboardInterrupt

    result = solve_by_rule("nearest", p, on_progress=interrupt)
    assert (result.status, result.stop_reason, result.repeatable) == (Status.STOPPED, "interrupted", False)
    assert check_plan(p, result.plan).total_micros == result.cost
    assert set(result.plan.parcel_order.tolist()) <= set(range(20))
    assert len(result.plan.parcel_order)


def test_an_order_that_nobody_reaches_stays_unfilled() -> None:
    p = random_problem(np.random.default_rng(0), n_orders=1)
    nowhere = p.lane_band.copy()
    nowhere[:] = NO_LANE
    for name in BASELINES:
        closed = {name: getattr(p, name) for name in p.__slots__} | {"lane_band": nowhere}
        result = solve_by_rule(name, AllocationProblem(**closed))
        assert len(result.plan.parcel_order) == 0
        assert result.status is Status.OPTIMAL


def test_parameters_are_checked() -> None:
    with pytest.raises(ValueError, match="at least one rule"):
        RuleListParams(rules=())
    with pytest.raises(ValueError, match="each rule once"):
        RuleListParams(rules=(Rule.NEAREST, Rule.NEAREST))
    with pytest.raises(ValueError, match="at least 0"):
        WeightedSumParams(cents_per_100_km=-1)
