"""Each reason for a unit left unfilled, provoked by the smallest day that has it."""

import pytest

from fulfillment.domain.policy import Policy, SafetyFloor
from fulfillment.planning.plan_day import PlannedDay, plan_day
from fulfillment.planning.unfilled import Reason
from fulfillment.scenario.tables import Scenario
from tests.planning.days import day, node, order
from tests.solver.plans import QUICK


def planned(scenario: Scenario, policy: Policy | None = None) -> PlannedDay:
    return plan_day(scenario, policy or Policy.default(), params=QUICK)


def told(scenario: Scenario, policy: Policy | None = None) -> list[tuple[str, int, list[int]]]:
    """Reason, units and how many nodes passed each test, for every line left short."""
    unfilled = planned(scenario, policy).unfilled
    return [
        (str(reason), int(qty), nodes.tolist())
        for reason, qty, nodes in zip(unfilled.reason, unfilled.qty, unfilled.nodes_left, strict=True)
    ]


def test_no_stock() -> None:
    """Neither an empty position nor one within its safety stock counts, nor one of another SKU."""
    scenario = day(
        {"L1": node(), "L2": node()},
        {("L1", "V"): 0, ("L2", "V"): (3, 3), ("L1", "W"): 9},
        {"O1": order(("V", 2))},
    )
    assert told(scenario) == [("no_stock", 2, [0, 0, 0, 0, 0])]


def test_a_floor_of_the_policy_is_no_stock_either() -> None:
    scenario = day({"S1": node(kind="store")}, {("S1", "V"): 2}, {"O1": order(("V", 1))})
    assert told(scenario) == []
    assert told(scenario, Policy(version=2, safety_floor=SafetyFloor(store=2))) == [
        ("no_stock", 1, [0, 0, 0, 0, 0])
    ]


def test_pickup_not_offered() -> None:
    scenario = day(
        {"L1": node(pickup=False), "L2": node()},
        {("L1", "V"): 5, ("L2", "V"): 5},
        {"O1": order(("V", 1), method="PICK_UP", pickup="L1")},
    )
    assert told(scenario) == [("pickup_not_offered", 1, [2, 0, 0, 0, 0])]


@pytest.mark.parametrize(
    ("columns", "method"),
    [
        ({"ships": False}, "SHIPPING"),
        ({"same_day_radius_km": 100.0, "lat": 41.0}, "LOCAL"),
        ({"same_day_radius_km": 30.0, "lat": 40.3}, "LOCAL"),
    ],
    ids=["does not ship", "beyond the courier's zones", "beyond the node's radius"],
)
def test_out_of_reach(columns: dict[str, object], method: str) -> None:
    """A degree of latitude is 111 km."""
    scenario = day({"L1": node(**columns)}, {("L1", "V"): 5}, {"O1": order(("V", 1), method=method)})
    assert told(scenario) == [("out_of_reach", 1, [1, 0, 0, 0, 0])]


@pytest.mark.parametrize("promise_by", ["2026-11-20T09:59", "2026-11-22T11:59"], ids=["ready", "transit"])
def test_too_late(promise_by: str) -> None:
    """Ready at 10:00, leaves at 12:00, two days on the road."""
    scenario = day({"L1": node()}, {("L1", "V"): 5}, {"O1": order(("V", 1), promise_by=promise_by)})
    assert told(scenario) == [("too_late", 1, [1, 1, 0, 0, 0])]


def test_on_the_minute_is_in_time() -> None:
    scenario = day({"L1": node()}, {("L1", "V"): 5}, {"O1": order(("V", 1), promise_by="2026-11-22T12:00")})
    assert told(scenario) == []


def test_sold_out() -> None:
    """Four units wanted by two orders, three there."""
    scenario = day({"L1": node()}, {("L1", "V"): 3}, {"O1": order(("V", 2)), "O2": order(("V", 2))})
    assert told(scenario) == [("sold_out", 1, [1, 1, 1, 0, 0])]


def test_no_capacity() -> None:
    """One parcel may leave; the cheaper order to leave out is the one with the smaller penalty."""
    scenario = day(
        {"L1": node(capacity_parcels=1)},
        {("L1", "V"): 5, ("L1", "W"): 5},
        {"O1": order(("V", 1)), "O2": order(("W", 1))},
        skus={"W": (9000, 100)},
    )
    found = planned(scenario)
    assert told(scenario) == [("no_capacity", 1, [1, 1, 1, 1, 0])]
    assert found.scenario.orders.order_id[found.scenario.order_lines.order[found.unfilled.line[0]]] == "O1"


def test_dearer_than_penalty() -> None:
    """A parcel costs 600 and handling 5,500; leaving the unit out costs 6,000."""
    scenario = day({"L1": node(handling_cents_per_parcel=5500)}, {("L1", "V"): 5}, {"O1": order(("V", 1))})
    assert told(scenario) == [("dearer_than_penalty", 1, [1, 1, 1, 1, 1])]
    two_in_a_parcel = day(
        {"L1": node(handling_cents_per_parcel=5500)}, {("L1", "V"): 5}, {"O1": order(("V", 2))}
    )
    assert told(two_in_a_parcel) == []


def test_the_node_that_passes_most_tests_decides() -> None:
    """One node is too late, one is sold out, one has neither stock nor ships: sold out it is."""
    scenario = day(
        {"far": node(processing_hours=99.0), "empty": node(), "shelf": node(ships=False)},
        {("far", "V"): 5, ("empty", "V"): 1, ("shelf", "V"): 4},
        {"O1": order(("V", 2), promise_by="2026-11-22T12:00")},
    )
    assert told(scenario) == [("sold_out", 1, [3, 2, 1, 0, 0])]


def test_every_reason_says_itself_in_words() -> None:
    words = [reason.in_words for reason in Reason]
    assert len(set(words)) == len(Reason) == 10
    assert all(words)
