"""Each golden case, planned end to end and priced again by the pinned rules."""

from collections import Counter

import pytest

from fulfillment.domain.policy import Policy
from fulfillment.planning.certificate import certificate
from fulfillment.planning.cost import to_cents
from fulfillment.planning.plan_day import PlannedDay, plan_day
from fulfillment.planning.plan_tables import allocations_table
from tests.golden.case import case_names, load_case
from tests.planning.charged import CHARGES, charges
from tests.solver.plans import QUICK


def facts(planned: PlannedDay) -> dict[str, object]:
    """What a case may name."""
    rows = allocations_table(planned).to_pylist()
    units: dict[str, Counter[str]] = {}
    for row in rows:
        units.setdefault(row["node_id"], Counter())[row["sku_id"]] += row["qty"]
    unfilled = planned.unfilled
    return {
        "parcels": len({row["parcel_id"] for row in rows}),
        "nodes_used": sorted(units),
        "units": units,
        "units_filled": sum(row["qty"] for row in rows),
        "units_unfilled": int(unfilled.qty.sum()),
        "unfilled_reasons": sorted({str(reason) for reason in unfilled.reason}),
        "services": sorted({row["service"] for row in rows}),
        "ways": {row["order_id"]: row.get("alternative") for row in rows},
        "parcels_late": planned.parcels_late,
        "total_cents": planned.cost.in_cents()["total_cents"],
        "policy_cents": to_cents(planned.result.cost),
        "charges_cents": {
            name: cents for name, cents in planned.policy_cost.in_cents().items() if name in CHARGES and cents
        },
        "has_pinned_bound": certificate(planned)["lower_bound_cents"] is not None,
    }


@pytest.mark.parametrize("name", case_names())
def test_golden_case(name: str) -> None:
    case = load_case(name)
    expected = dict(case.expected)
    without = expected.pop("without_the_policy", {})
    for policy, wanted in ((case.policy, expected), (Policy.default(), without)):
        planned = plan_day(case.scenario, policy, params=QUICK)
        found = facts(planned)
        assert {key: found[key] for key in wanted} == wanted, case.about
        rows = [
            {key: str(value) for key, value in row.items()} for row in allocations_table(planned).to_pylist()
        ]
        judged = charges(case.scenario, policy, rows)
        assert judged.violations == []
        assert float(judged.pinned_cents) == found["total_cents"]
        assert {name: cents for name in CHARGES if (cents := getattr(judged, name))} == found["charges_cents"]


def test_every_case_says_what_it_is_about_and_expects_something() -> None:
    names = case_names()
    assert len(names) >= 36
    for name in names:
        case = load_case(name)
        assert case.about.endswith(".")
        assert case.expected.keys() >= {"parcels", "units_unfilled", "total_cents"}
