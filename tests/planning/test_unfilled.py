"""Each reason for a unit left unfilled, provoked by the smallest day that has it."""

import pytest

from fulfillment.domain.kinds import Method
from fulfillment.domain.policy import Completion, ParcelRules, Policy, SafetyFloor
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


def test_not_together_is_told_from_no_stock_and_sold_out() -> None:
    """A set is a cup and two plates: apart; without cups; its only place taken; what is left is apart."""
    sets = {"SET": {"CUP": 1, "PLATE": 2}}
    one = {"O1": order(("SET", 1))}
    nodes = {"L1": node(), "L2": node()}
    apart = day(nodes, {("L1", "CUP"): 9, ("L2", "PLATE"): 9}, one, kits=sets)
    assert told(apart) == [("not_together", 1, [0, 0, 0, 0, 0])]
    cups_missing = day(nodes, {("L1", "CUP"): 0, ("L1", "PLATE"): 9}, one, kits=sets)
    assert told(cups_missing) == [("no_stock", 1, [0, 0, 0, 0, 0])]
    first = {"first": order(("SET", 1), placed_at="2026-11-20T08:00", priority=1)}
    taken = day({"L1": node()}, {("L1", "CUP"): 1, ("L1", "PLATE"): 9}, first | one, kits=sets)
    assert told(taken) == [("sold_out", 1, [1, 1, 1, 0, 0])]
    left_apart = day(nodes, {("L1", "CUP"): 1, ("L1", "PLATE"): 9, ("L2", "CUP"): 5}, first | one, kits=sets)
    assert told(left_apart) == [("not_together", 1, [1, 1, 1, 0, 0])]


def test_what_is_not_split_is_short_as_a_whole() -> None:
    policy = Policy(version=2, parcels=ParcelRules(unsplit_skus=frozenset({"V"})))
    scenario = day({"L1": node(), "L2": node()}, {("L1", "V"): 3, ("L2", "V"): 2}, {"O1": order(("V", 4))})
    assert told(scenario, policy) == [("not_together", 4, [0, 0, 0, 0, 0])]
    short = day({"L1": node()}, {("L1", "V"): 3}, {"O1": order(("V", 2)), "O2": order(("V", 2))})
    assert told(short, policy) == [("not_together", 2, [1, 1, 1, 0, 0])]


ONE_PARCEL = Policy(version=2, parcels=ParcelRules(max_per_order=1))
COMPLETE = Policy(version=2, completion=Completion(ship_complete_methods=frozenset({Method.SHIPPING})))


def two_nodes(second_parcel_cents: int = 0, **columns: object) -> Scenario:
    """V is at L1, W at L2 only."""
    return day(
        {"L1": node(), "L2": node(handling_cents_per_parcel=second_parcel_cents)},
        {("L1", "V"): 5, ("L2", "W"): 5},
        {"O1": order(("V", 1), ("W", 1), **columns)},
    )


def test_parcel_limit_is_told_where_another_parcel_would_have_paid() -> None:
    assert [reason for reason, _, _ in told(two_nodes(), ONE_PARCEL)] == ["parcel_limit"]
    # At 5,500 and 600 it would not: 6,000 is what the unit costs unfilled.
    assert [reason for reason, _, _ in told(two_nodes(5500), ONE_PARCEL)] == ["dearer_than_penalty"]
    assert told(two_nodes()) == []


def test_ship_complete_is_told_where_another_line_is_missing() -> None:
    scenario = day({"L1": node()}, {("L1", "V"): 5}, {"O1": order(("V", 1), ("W", 1))})
    assert [reason for reason, _, _ in told(scenario, COMPLETE)] == ["ship_complete", "no_stock"]
    in_part = day({"L1": node()}, {("L1", "V"): 5}, {"O1": order(("V", 6))})
    assert told(in_part, COMPLETE) == [("ship_complete", 6, [1, 1, 1, 1, 1])]
    dear = day({"L1": node(handling_cents_per_parcel=5500)}, {("L1", "V"): 5}, {"O1": order(("V", 1))})
    assert [reason for reason, _, _ in told(dear, COMPLETE)] == ["dearer_than_penalty"]


def test_complete_in_one_parcel_that_no_node_can_send() -> None:
    both = Policy(version=2, parcels=ONE_PARCEL.parcels, completion=COMPLETE.completion)
    assert [reason for reason, _, _ in told(two_nodes(), both)] == ["parcel_limit", "parcel_limit"]
    assert told(two_nodes(), COMPLETE) == []


def test_a_flexible_order_is_judged_by_all_its_ways() -> None:
    """Nothing can be collected at S1, but the order may be shipped: then another order was first."""
    flexible = day(
        {"S1": node(kind="store", pickup=False), "L1": node()},
        {("L1", "W"): 1},
        {
            "O1": order(("W", 1), placed_at="2026-11-20T08:00"),
            "O2": order(("W", 1), method="PICK_UP", pickup="S1", alternatives=[("SHIPPING", None)]),
        },
    )
    assert told(flexible) == [("sold_out", 1, [1, 1, 1, 0, 0])]
    nowhere = day(
        {"S1": node(kind="store", pickup=False), "L1": node()},
        {("L1", "W"): 1},
        {"O2": order(("W", 1), method="PICK_UP", pickup="S1", alternatives=[("PICK_UP", "S1")])},
    )
    assert told(nowhere) == [("pickup_not_offered", 1, [1, 0, 0, 0, 0])]


def test_every_reason_says_itself_in_words() -> None:
    words = [reason.in_words for reason in Reason]
    assert len(set(words)) == len(Reason) == 10
    assert all(words)
