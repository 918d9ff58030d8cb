"""Each golden case, planned end to end and priced again by the pinned rules."""

from collections import Counter

import pytest

from fulfillment.planning.plan_day import PlannedDay, plan_day
from fulfillment.planning.plan_tables import allocations_table
from tests.golden.case import case_names, load_case
from tests.planning.pinned import PinnedJudge
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
        "total_cents": planned.cost.in_cents()["total_cents"],
    }


@pytest.mark.parametrize("name", case_names())
def test_golden_case(name: str) -> None:
    case = load_case(name)
    planned = plan_day(case.scenario, case.policy, params=QUICK)
    found = facts(planned)
    assert {key: found[key] for key in case.expected} == case.expected, case.about
    rows = [{key: str(value) for key, value in row.items()} for row in allocations_table(planned).to_pylist()]
    judged = PinnedJudge(case.scenario).judge(rows)
    assert judged.violations == []
    assert float(judged.total) == found["total_cents"]


def test_every_case_says_what_it_is_about_and_expects_something() -> None:
    names = case_names()
    assert len(names) >= 12
    for name in names:
        case = load_case(name)
        assert case.about.endswith(".")
        assert case.expected.keys() >= {"parcels", "units_unfilled", "total_cents"}
