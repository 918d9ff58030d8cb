"""No plan that breaks a rule, or does not cost what it says, leaves `plan_day`."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fulfillment.domain.errors import InvariantViolation
from fulfillment.domain.policy import Policy
from fulfillment.planning import plan_day as module
from fulfillment.planning.plan_day import plan_day
from fulfillment.scenario.tables import Scenario
from solver.prices import Prices
from solver.solve import Result
from tests.planning.days import day, node, order
from tests.solver.plans import QUICK


@pytest.fixture
def scenario() -> Scenario:
    return day(
        {"L1": node(capacity_parcels=1), "L2": node()},
        {("L1", "V"): 2, ("L2", "V"): 1, ("L2", "W"): 1},
        {"O1": order(("V", 2)), "O2": order(("V", 2), ("W", 1))},
    )


def one_unit_too_many(result: Result) -> Result:
    return replace(result, plan=replace(result.plan, entry_qty=result.plan.entry_qty + 1))


def all_from_one_node(result: Result) -> Result:
    return replace(result, plan=replace(result.plan, parcel_node=np.zeros_like(result.plan.parcel_node)))


def cheaper_than_it_is(result: Result) -> Result:
    return replace(result, cost=result.cost - 1)


def bound_above_the_cost(result: Result) -> Result:
    prices = result.prices
    return replace(result, prices=Prices(prices.stock, prices.capacity, result.cost + 1))


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (one_unit_too_many, "a plan breaks no rule"),
        (all_from_one_node, "a plan breaks no rule"),
        (cheaper_than_it_is, "a plan costs what the solver says"),
        (bound_above_the_cost, "no plan costs less than the bound"),
    ],
)
def test_a_solver_that_errs_is_found_out(
    scenario: Scenario,
    monkeypatch: pytest.MonkeyPatch,
    break_it: Callable[[Result], Result],
    told: str,
) -> None:
    solve = module.solve
    monkeypatch.setattr(module, "solve", lambda *arguments: break_it(solve(*arguments)))
    with pytest.raises(InvariantViolation, match=told):
        plan_day(scenario, Policy.default(), params=QUICK)


def test_a_sound_solver_is_believed(scenario: Scenario) -> None:
    """Three units for four wanted, two parcels at most from L2 and one from L1."""
    planned = plan_day(scenario, Policy.default(), params=QUICK)
    assert planned.cost.in_cents()["total_cents"] == 2 * 600 + 6000
    assert set(planned.seconds) == {"build", "solve", "check"}


def test_no_price_rises_above_what_a_unit_left_unfilled_costs() -> None:
    """Three units for two orders of two: the dual is a straight line, along which steps once left 64 bits."""
    scenario = day({"L1": node()}, {("L1", "V"): 3}, {"O1": order(("V", 2)), "O2": order(("V", 2))})
    result = plan_day(scenario, Policy.default(), params=QUICK).result
    assert 0 <= result.prices.stock.min() <= result.prices.stock.max() <= 60_000_000
    assert result.lower_bound <= result.cost


def test_the_same_day_is_planned_the_same_way_twice(scenario: Scenario) -> None:
    one, other = (plan_day(scenario, Policy.default(), seed=4, params=QUICK) for _ in range(2))
    assert one.allocations.qty.tolist() == other.allocations.qty.tolist()
    assert one.allocations.node.tolist() == other.allocations.node.tolist()
    assert one.cost == other.cost


def test_an_order_of_a_thousand_units_is_planned() -> None:
    """Beyond the exact search: filled from both nodes as far as stock goes, 100 kg at 30 kg a step."""
    scenario = day(
        {"L1": node(), "L2": node(lat=41.0)},
        {("L1", "V"): 700, ("L2", "V"): 200},
        {"O1": order(("V", 1000)), "O2": order(("V", 1))},
    )
    planned = plan_day(scenario, Policy.default(), params=QUICK)
    assert int(planned.allocations.qty.sum()) == 900
    assert [str(reason) for reason in set(planned.unfilled.reason)] == ["sold_out"]
    assert planned.result.lower_bound <= planned.result.cost
