"""From a scenario's tables to the solver's arrays."""

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from fulfillment.domain.policy import Policy
from fulfillment.planning.build import build_problem
from fulfillment.scenario.tables import Scenario


@pytest.mark.benchmark(group="build")
def test_build(benchmark: BenchmarkFixture, scenario: Scenario) -> None:
    policy = Policy.default()
    build_problem(scenario, policy)  # compiles the distance kernel
    problem = benchmark(build_problem, scenario, policy).problem
    benchmark.extra_info |= {
        "nodes": problem.n_nodes,
        "orders": problem.n_orders,
        "lines": problem.n_lines,
        "positions": problem.n_positions,
        "destinations": problem.lane_band.shape[0],
        "promise_classes": problem.transit_slack.shape[0],
    }
    assert problem.n_orders == len(scenario.orders)
