"""Plans of generated days, judged by rules written down apart: feasible, and right to the last fraction."""

import dataclasses
from datetime import date
from fractions import Fraction

import pytest

from fulfillment.domain.policy import Policy, Unfilled
from fulfillment.planning.plan_day import PlannedDay, plan_day
from fulfillment.planning.plan_tables import allocations_table
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.tables import MICROS_PER_CENT, Scenario
from tests.planning.days import day, node, order
from tests.planning.pinned import PinnedJudge, Row, Verdict
from tests.solver.plans import QUICK

SMALL = GeneratorParams(orders=150, stores=20, warehouses=2, vendors=2, skus=60, postal_codes=80)


def rows_of(planned: PlannedDay) -> list[Row]:
    return [
        {name: str(value) for name, value in row.items()} for row in allocations_table(planned).to_pylist()
    ]


def judged(planned: PlannedDay) -> Verdict:
    return PinnedJudge(planned.scenario).judge(rows_of(planned))


def assert_agrees(planned: PlannedDay) -> None:
    verdict = judged(planned)
    assert verdict.violations == []
    cost = planned.cost
    assert Fraction(cost.transport_micros, MICROS_PER_CENT) == verdict.transport
    assert Fraction(cost.handling_micros, MICROS_PER_CENT) == verdict.handling
    assert Fraction(cost.unfilled_micros, MICROS_PER_CENT) == verdict.unfilled
    assert Fraction(cost.total_micros, MICROS_PER_CENT) == verdict.total
    in_cents = cost.in_cents()
    assert in_cents["total_cents"] == round(float(verdict.total), 2)


@pytest.mark.parametrize(
    ("changed", "seed"),
    [
        ({}, 1),
        ({"scarcity": 0.9, "tight_nodes": 0.9}, 2),
        ({"lines_per_order": 5.0, "hot_sku_share": 0.5}, 3),
        ({"day": date(2026, 11, 1)}, 4),  # clocks go back in the United States
        ({"day": date(2026, 3, 8)}, 5),  # and forward
        ({"day": date(2026, 12, 31)}, 6),
        ({"warehouses": 0, "vendors": 0, "store_range": 0.1}, 7),
    ],
)
def test_a_plan_costs_what_the_pinned_rules_say(changed: dict[str, object], seed: int) -> None:
    scenario = generate(dataclasses.replace(SMALL, **changed), seed)
    assert_agrees(plan_day(scenario, Policy.default(), seed=seed, params=QUICK))


def test_the_pinned_cost_is_the_same_meaning_under_any_policy() -> None:
    """A policy may weigh unfilled units by a tenth; run.json still prices them in full."""
    scenario = generate(SMALL, 8)
    cheap = Policy(version=2, unfilled=Unfilled(penalty_cents_per_unit=300, price_is_added=False))
    planned = plan_day(scenario, cheap, params=QUICK)
    assert_agrees(planned)
    assert planned.result.cost < planned.cost.total_micros


@pytest.fixture(scope="module")
def planned() -> PlannedDay:
    """By hand: 6 units of which 5 are there; 4 leave the warehouse with W, 1 the vendor at 10 %."""
    scenario = day(
        {
            "L1": node(handling_cents_per_unit=30, handling_cents_per_parcel=50, capacity_parcels=1),
            "V1": node(kind="vendor", lat=41.0, commission_pct=10.0),
        },
        {("L1", "V"): 4, ("V1", "V"): 1, ("L1", "W"): (3, 1)},
        {"O1": order(("V", 3), ("V", 3), ("W", 1), promise_by="2026-11-22T12:00")},
        skus={"W": (250, 7_000)},
        rates=[
            ("post", "ground", "SHIPPING", 1, 100, 1_000, 600, 2),
            ("post", "ground", "SHIPPING", 1, 100, 5_000, 900, 2),
            ("post", "ground", "SHIPPING", 2, 900, 1_000, 700, 2),
            ("post", "ground", "SHIPPING", 2, 900, 5_000, 1_100, 2),
        ],
    )
    return plan_day(scenario, Policy.default(), params=QUICK)


def test_a_plan_by_hand(planned: PlannedDay) -> None:
    """7.4 kg from L1 are one full last step and one of 2.4 kg; 100 g ride 111 km from V1."""
    assert_agrees(planned)
    assert planned.cost.in_cents() == {
        "transport_cents": 2 * 900 + 700,
        "handling_cents": 50 + 5 * 30 + 100,
        "unfilled_cents": 6000,
        "total_cents": 2500 + 300 + 6000,
    }


def row(line_no: str, sku_id: str, node_id: str, parcel_id: str, qty: str) -> Row:
    return {
        "order_id": "O1",
        "line_no": line_no,
        "sku_id": sku_id,
        "node_id": node_id,
        "parcel_id": parcel_id,
        "carrier": "post",
        "service": "ground",
        "qty": qty,
    }


def changed(rows: list[Row], at: int, **cells: str) -> list[Row]:
    return [each | cells if k == at else each for k, each in enumerate(rows)]


def test_the_judges_broken_twins(planned: PlannedDay) -> None:
    """Each wrong plan is caught, by the rule that it breaks."""
    judge = PinnedJudge(planned.scenario)
    rows = [
        row("1", "V", "L1", "O1-1", "3"),
        row("2", "V", "L1", "O1-1", "1"),
        row("3", "W", "L1", "O1-1", "1"),
        row("2", "V", "V1", "O1-2", "1"),
    ]
    assert judge.judge(rows).total * MICROS_PER_CENT == planned.cost.total_micros

    def told(wrong: list[Row]) -> str:
        return " | ".join(judge.judge(wrong).violations)

    assert told(rows) == ""
    assert "gives 5 of 4" in told(changed(rows, 1, qty="2"))
    assert "gets 4 of 3" in told(changed(rows, 0, qty="4"))
    assert "L1 sends 2 parcels of 1" in told(changed(rows, 1, parcel_id="O1-9"))
    assert "no rate goes there" in told(changed(rows, 3, service="express"))
    assert "mixes service" in told(changed(rows, 0, service="express"))
    assert "mixes node_id" in told(changed(rows, 2, node_id="V1"))
    assert "nobody asked" in told(changed(rows, 2, sku_id="V"))
    assert "less than a unit" in told(changed(rows, 2, qty="0"))
    late = dataclasses.replace(planned.scenario.orders, promise_by=planned.scenario.orders.promise_by - 1)
    judge = PinnedJudge(dataclasses.replace(planned.scenario, orders=late))
    assert told(rows).count("arrives") == 2


def pickup_day(**columns: object) -> Scenario:
    return day(
        {"S1": node(kind="store", ships=False), "L1": node(**columns)},
        {("S1", "V"): 1, ("L1", "V"): 5},
        {"O1": order(("V", 3), method="PICK_UP", pickup="S1")},
    )


def test_pickup_takes_own_stock_for_nothing_and_the_rest_by_transfer_if_that_is_cheaper() -> None:
    """Three units by one transfer cost 200; own stock adds nothing, so either way it is 200."""
    planned = plan_day(pickup_day(), Policy.default(), params=QUICK)
    assert_agrees(planned)
    assert planned.cost.in_cents()["total_cents"] == 200
    per_unit = plan_day(pickup_day(handling_cents_per_unit=10), Policy.default(), params=QUICK)
    assert_agrees(per_unit)
    assert per_unit.cost.in_cents()["total_cents"] == 200 + 2 * 10
    sent = {(each["node_id"], each["carrier"], each["service"], each["qty"]) for each in rows_of(per_unit)}
    assert sent == {
        ("S1", "none", "none", "1"),
        ("L1", "truck", "transfer", "2"),
    }
