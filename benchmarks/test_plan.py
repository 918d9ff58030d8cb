"""A whole plan, with what it is worth beside the time it took."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fulfillment.domain.policy import Policy
from fulfillment.planning.cost import to_cents
from fulfillment.planning.plan_day import plan_day
from fulfillment.scenario.tables import Scenario


@pytest.mark.benchmark(group="plan")
def test_plan(benchmark: BenchmarkFixture, scenario: Scenario) -> None:
    """Once: a plan takes seconds, and repeats itself to the cent."""
    planned = benchmark.pedantic(plan_day, (scenario, Policy.default()), rounds=1, warmup_rounds=0)
    result = planned.result
    benchmark.extra_info |= {
        "total_cents": to_cents(planned.cost.total_micros),
        "first_come_cents": to_cents(result.first_come_cost),
        "lower_bound_cents": to_cents(result.lower_bound),
        "gap": round(result.gap, 6),
        "units_unfilled": int(planned.unfilled.qty.sum()),
        "passes": result.passes,
    }
    assert result.lower_bound <= result.cost <= result.first_come_cost
