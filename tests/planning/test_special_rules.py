"""Days under every special rule at once, judged by rules written apart: kept, and charged to the cent."""

import dataclasses
from fractions import Fraction

import pytest

from fulfillment.domain.policy import Policy
from fulfillment.planning.certificate import certificate
from fulfillment.planning.plan_day import PlannedDay, plan_day
from fulfillment.planning.plan_tables import allocations_table
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.tables import MICROS_PER_CENT, Scenario
from tests.planning.charged import CHARGES, charges
from tests.planning.days import day, node, order
from tests.planning.pinned import PinnedJudge, Row
from tests.solver.plans import QUICK

SMALL = GeneratorParams(
    orders=120,
    stores=15,
    warehouses=2,
    vendors=3,
    skus=50,
    postal_codes=60,
    scarcity=0.5,
    tight_nodes=0.6,
    kit_share=0.2,
    kit_demand=0.3,
    flexible_orders=0.4,
)
FORBIDS = """
version = 2
[parcels]
max_per_order = 2
single_below_cents = 3000
unsplit_skus = {unsplit}
[completion]
ship_complete_methods = ["LOCAL", "SHIPPING"]
"""
CHARGES_ONLY = """
version = 3
[last_units.store]
units = 2
cents_per_unit = 400
[last_units.vendor]
units = 1
cents_per_unit = 50
[balance]
from_percent = 40
cents_per_parcel = 150
[vendors_last]
cents_per_parcel = 300
cents_per_unit = 75
"""
LATE = "\n[lateness]\ncents_per_day = 250\nmax_days = 2\n"


def rows_of(planned: PlannedDay) -> list[Row]:
    return [
        {name: str(value) for name, value in row.items()} for row in allocations_table(planned).to_pylist()
    ]


def unsplit(scenario: Scenario) -> str:
    """Every third SKU, kits among them."""
    return str(scenario.skus.sku_id[::3]).replace("'", '"')


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return generate(SMALL, seed=3)


@pytest.mark.parametrize(
    "rules",
    [
        FORBIDS,
        CHARGES_ONLY,
        FORBIDS + LATE,
        CHARGES_ONLY + LATE,
        FORBIDS + CHARGES_ONLY.replace("version = 3", "") + LATE,
    ],
)
def test_every_rule_is_kept_and_charged_to_the_cent(scenario: Scenario, rules: str) -> None:
    policy = Policy.from_toml(rules.replace("{unsplit}", unsplit(scenario)))
    planned = plan_day(scenario, policy, params=QUICK)
    found = charges(scenario, policy, rows_of(planned))
    assert found.violations == []
    assert Fraction(planned.cost.total_micros, MICROS_PER_CENT) == found.pinned_cents
    parts = planned.policy_cost.in_cents()
    assert {name: parts[name] for name in CHARGES} == {name: getattr(found, name) for name in CHARGES}
    assert planned.policy_cost.total_micros == planned.result.cost
    assert planned.result.lower_bound <= planned.result.cost
    document = certificate(planned)
    late = PinnedJudge(scenario).judge(rows_of(planned)).violations
    assert len(late) == planned.parcels_late
    assert all("arrives" in each for each in late)
    assert (planned.parcels_late > 0) == (not policy.lateness.is_forbidden)
    if planned.parcels_late:
        assert document["lower_bound_cents"] is document["gap"] is None
        assert "arrive after their promise" in str(document["no_pinned_bound"])
    else:
        assert document["no_pinned_bound"] is None
        assert document["lower_bound_cents"] <= document["total_cents"]  # type: ignore[operator]


def test_these_days_are_no_easy_ones(scenario: Scenario) -> None:
    """Under the default each rule above would be broken, and each charge would be due."""
    planned = plan_day(scenario, Policy.default(), params=QUICK)
    rows = rows_of(planned)
    strict = Policy.from_toml(FORBIDS.replace("{unsplit}", unsplit(scenario)))
    told = " | ".join(charges(scenario, strict, rows).violations)
    assert "is cut into" in told
    assert "at once" in told
    assert "leaves in part" in told
    priced = charges(scenario, Policy.from_toml(CHARGES_ONLY), rows)
    assert min(priced.last_units, priced.balance, priced.vendors_last) > 0
    assert any(row["alternative"] != "None" for row in rows)
    kits = {scenario.skus.sku_id[at] for at in scenario.kits.kit.tolist()}
    assert any(row["sku_id"] in kits for row in rows)


def kit_day() -> Scenario:
    return day(
        {"S1": node(kind="store"), "L1": node(capacity_parcels=9)},
        {("L1", "CUP"): 1, ("L1", "PLATE"): 3, ("S1", "PLATE"): 2},
        {"O1": order(("SET", 1), ("PLATE", 1), alternatives=[("PICK_UP", "S1")])},
        kits={"SET": {"CUP": 1, "PLATE": 2}},
    )


def row(sku_id: str, line_no: str, node_id: str, parcel: str, alternative: str = "None") -> Row:
    carried = ("truck", "transfer") if alternative == "1" else ("post", "ground")
    return {
        "order_id": "O1",
        "line_no": line_no,
        "sku_id": sku_id,
        "node_id": node_id,
        "parcel_id": parcel,
        "carrier": carried[0],
        "service": carried[1],
        "qty": "1",
        "alternative": alternative,
    }


def test_the_judges_broken_twins() -> None:
    """Each wrong plan is caught, by the rule that it breaks."""
    scenario = kit_day()
    judge = PinnedJudge(scenario)
    together = [row("SET", "1", "L1", "O1-1"), row("PLATE", "2", "L1", "O1-1")]
    collected = [row("SET", "1", "L1", "O1-1", "1"), row("PLATE", "2", "L1", "O1-1", "1")]
    assert judge.judge(together).violations == judge.judge(collected).violations == []
    assert (judge.judge(together).total, judge.judge(collected).total) == (600, 200)

    def told(rows: list[Row], rules: str = "") -> str:
        return " | ".join(charges(scenario, Policy.from_toml(f"version = 1\n{rules}"), rows).violations)

    assert "gives 1 of 0" in told([row("SET", "1", "S1", "O1-1")])  # no cup at S1
    assert "served in 2 ways" in told([together[0], row("PLATE", "2", "S1", "O1-2", "1")])
    assert "no rate goes there" in told([together[0] | {"alternative": "1"}])
    apart = [together[0], row("PLATE", "2", "S1", "O1-2")]
    assert told(apart) == ""
    assert "2 parcels of 1" in told(apart, "parcels.max_per_order = 1")
    assert "2 parcels of 1" in told(apart, "parcels.single_below_cents = 2001")
    assert told(apart, "parcels.single_below_cents = 2000") == ""
    assert "leaves in part" in told(together[:1], 'completion.ship_complete_methods = ["SHIPPING"]')
    assert told(together, 'completion.ship_complete_methods = ["SHIPPING"]') == ""
    two = dataclasses.replace(scenario.order_lines, qty=scenario.order_lines.qty * 2)
    half = charges(
        dataclasses.replace(scenario, order_lines=two),
        Policy.from_toml('version = 1\nparcels.unsplit_skus = ["PLATE"]'),
        together,
    )
    assert "1 of 2 PLATE at once" in " | ".join(half.violations)


def test_a_kits_components_are_handled_and_its_last_units_charged() -> None:
    """One cup and three plates leave L1; two of its last three plates are more than the first."""
    policy = Policy.from_toml("version = 1\n[last_units.warehouse]\nunits = 2\ncents_per_unit = 10\n")
    found = charges(kit_day(), policy, [row("SET", "1", "L1", "O1-1"), row("PLATE", "2", "L1", "O1-1")])
    assert found.last_units == (1 + 2) * 10  # its only cup, and two of three plates
