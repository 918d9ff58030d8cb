"""What a plan's folder says of its own quality, and that prices survive being written."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfillment.domain.errors import InvariantViolation
from fulfillment.domain.policy import Policy
from fulfillment.planning.build import build_problem
from fulfillment.planning.certificate import EXACT_IN_CENTS, certificate, in_cents
from fulfillment.planning.plan_day import PlannedDay, plan_day
from fulfillment.planning.plan_facts import PlanFacts
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.tables import Scenario
from solver.prices import lower_bound
from solver.stop import MaxSeconds
from tests.solver.plans import QUICK

PRIORITY_ONE_COUNTS_TWICE = (
    'version = 7\nname = "gold first"\n[unfilled.percent_by_priority]\n1 = 200\n3 = 50\n'
)
FLOORS = 'version = 2\nname = "floors"\n[safety_floor_units]\nstore = 1\n'


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    params = GeneratorParams(
        orders=120, stores=8, warehouses=1, vendors=1, skus=30, postal_codes=40, scarcity=0.6, tight_nodes=0.8
    )
    return generate(params, seed=5)


@pytest.fixture(scope="module")
def planned(scenario: Scenario) -> PlannedDay:
    return plan_day(scenario, Policy.default(), params=QUICK)


def test_the_default_certificate_is_the_solvers_own_claim(planned: PlannedDay) -> None:
    document = certificate(planned)
    assert document["total_cents"] == document["policy_total_cents"] == planned.cost.in_cents()["total_cents"]
    assert document["lower_bound_cents"] == document["policy_lower_bound_cents"]
    assert document["lower_bound_cents"] == planned.result.lower_bound // 10_000 > 0
    assert document["gap"] == pytest.approx(planned.result.gap, abs=1e-6)
    assert document["policy"] == {
        "name": "default",
        "version": 1,
        "digest": Policy.default().digest,
        "has_pinned_meaning": True,
    }


@pytest.mark.parametrize("text", [PRIORITY_ONE_COUNTS_TWICE, FLOORS])
def test_under_a_policy_the_head_still_speaks_of_the_pinned_meaning(scenario: Scenario, text: str) -> None:
    day = plan_day(scenario, Policy.from_toml(text), params=QUICK)
    document = certificate(day)
    prices = day.result.prices
    pinned = build_problem(scenario, Policy.default()).problem
    bound = lower_bound(pinned, prices.stock, prices.capacity)
    assert document["lower_bound_cents"] == bound // 10_000
    assert document["policy_lower_bound_cents"] == day.result.lower_bound // 10_000
    assert document["lower_bound_cents"] != document["policy_lower_bound_cents"]
    assert document["total_cents"] == day.cost.in_cents()["total_cents"]
    assert document["policy"]["has_pinned_meaning"] is False  # type: ignore[index]
    assert document["total_cents"] >= document["lower_bound_cents"]  # type: ignore[operator]


def test_a_search_stopped_at_once_proves_what_no_prices_prove(scenario: Scenario) -> None:
    day = plan_day(scenario, Policy.default(), params=QUICK, stop=MaxSeconds(0))
    assert not day.result.prices.stock.any()
    assert not day.result.prices.capacity.any()
    assert certificate(day)["lower_bound_cents"] == day.result.lower_bound // 10_000 > 0


def test_the_tables_hold_every_price_that_is_not_zero_exactly(planned: PlannedDay, tmp_path: Path) -> None:
    PlanFacts.of(planned, {}).write(tmp_path)
    assert json.loads((tmp_path / "certificate.json").read_text()) == certificate(planned)
    stock = pq.read_table(tmp_path / "stock_prices.parquet")
    capacity = pq.read_table(tmp_path / "capacity_prices.parquet")
    assert stock.column_names == ["node_id", "sku_id", "price_cents"]
    assert capacity.column_names == ["node_id", "price_cents"]
    prices, problem, scenario = planned.result.prices, planned.built.problem, planned.scenario
    expected = {
        (scenario.nodes.node_id[problem.pos_node[at]], scenario.skus.sku_id[sku]): int(prices.stock[at])
        for sku in range(problem.n_skus)
        for at in range(problem.sku_ptr[sku], problem.sku_ptr[sku + 1])
        if prices.stock[at]
    }
    written = {
        (row["node_id"], row["sku_id"]): round(row["price_cents"] * 10_000) for row in stock.to_pylist()
    }
    assert written == expected
    assert len(written) > 10
    assert {row["node_id"]: round(row["price_cents"] * 10_000) for row in capacity.to_pylist()} == {
        name: int(price) for name, price in zip(scenario.nodes.node_id, prices.capacity, strict=True) if price
    }


@given(st.integers(0, EXACT_IN_CENTS - 1) | st.integers(EXACT_IN_CENTS - 10_000, EXACT_IN_CENTS - 1))
def test_micros_survive_being_written_as_cents(micros: int) -> None:
    cents = in_cents(np.array([micros]))
    assert cents.dtype == np.float64
    assert int(np.rint(cents * 10_000)[0]) == micros


def test_a_price_too_large_to_be_written_exactly_is_refused() -> None:
    with pytest.raises(InvariantViolation):
        in_cents(np.array([EXACT_IN_CENTS]))
