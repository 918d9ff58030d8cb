"""A day planned by each rule, in cases small enough to check by hand."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.policy import Policy
from fulfillment.planning.build import build_problem
from fulfillment.planning.methods import METHODS, OPTIMAL, places_of, require_method
from fulfillment.planning.plan_day import PlannedDay, plan_day
from fulfillment.planning.plan_tables import allocations_table
from fulfillment.scenario.tables import Kits, Scenario
from solver.baselines import BASELINES, rule_list
from solver.baselines.rule_list import Rule, RuleListParams
from solver.plan_state import PlanState
from tests.planning.days import day, node, order
from tests.planning.pinned import PinnedJudge

Shipped = dict[str, dict[str, int]]


def planned(scenario: Scenario, method: str) -> PlannedDay:
    found = plan_day(scenario, Policy.default(), method=method)
    if len(scenario.kits):
        return found  # the judge knows no kits
    rows = [{key: str(value) for key, value in row.items()} for row in allocations_table(found).to_pylist()]
    judged = PinnedJudge(scenario).judge(rows)
    assert judged.violations == []
    assert float(judged.total) == found.cost.in_cents()["total_cents"]
    return found


def shipped(scenario: Scenario, method: str, policy_toml: str = "") -> Shipped:
    """Units by node and SKU; under a policy, if one is named."""
    if policy_toml:
        policy = Policy.from_toml(f"version = 1\n{policy_toml}")
        found = plan_day(scenario, policy, method=method)
    else:
        found = planned(scenario, method)
    units: dict[str, Counter[str]] = {}
    for row in allocations_table(found).to_pylist():
        units.setdefault(row["node_id"], Counter())[row["sku_id"]] += row["qty"]
    return {name: dict(counts) for name, counts in units.items()}


def one_order(stock: dict[str, dict[str, int]], *lines: tuple[str, int], **nodes: dict) -> Scenario:
    """One order; nodes stand on one spot, in the order of their names, unless said otherwise."""
    return day(
        {name: node(**nodes.get(name, {})) for name in stock},
        {(name, sku): units for name, row in stock.items() for sku, units in row.items()},
        {"O1": order(*lines)},
    )


EVERY = ("first-come", "nearest", "fewest-parcels", "rules", "weighted-sum")
# Cases of one order: what it is about, stock, lines, and what each node sends.
ANY_RULE = [
    ("one node has all", {"L1": {"V": 5}}, [("V", 5)], {"L1": {"V": 5}}),
    ("nobody stocks it", {"L1": {"W": 5}}, [("V", 5)], {}),
    ("two nodes make five", {"L1": {"V": 2}, "L2": {"V": 3}}, [("V", 5)], {"L1": {"V": 2}, "L2": {"V": 3}}),
    ("the second node is not needed", {"L1": {"V": 5}, "L2": {"V": 2}}, [("V", 5)], {"L1": {"V": 5}}),
    ("one unit at each", {"L1": {"V": 1}, "L2": {"V": 1}}, [("V", 2)], {"L1": {"V": 1}, "L2": {"V": 1}}),
    (
        "two lines share one stock",
        {"L1": {"V": 5}},
        [("V", 3), ("V", 3)],
        {"L1": {"V": 5}},
    ),
    (
        "the node that covers both lines",
        {"NYC": {"a": 10, "b": 10}, "LA": {"a": 10}},
        [("a", 1), ("b", 1)],
        {"NYC": {"a": 1, "b": 1}},
    ),
]


@pytest.mark.parametrize("method", EVERY)
@pytest.mark.parametrize(
    ("stock", "lines", "sent"), [case[1:] for case in ANY_RULE], ids=[c[0] for c in ANY_RULE]
)
def test_every_rule_serves_plain_orders_alike(method: str, stock, lines, sent: Shipped) -> None:
    assert shipped(one_order(stock, *lines), method) == sent


@pytest.mark.parametrize("method", EVERY)
def test_never_three_parcels_where_two_do(method: str) -> None:
    scenario = one_order({"L1": {"V": 3}, "L2": {"V": 3}, "L3": {"V": 3}}, ("V", 5))
    assert len(planned(scenario, method).result.plan.parcel_node) == 2


def test_in_the_order_of_priority_the_first_gives_all_and_the_second_the_rest() -> None:
    """Not two, two and one."""
    stock = {"A": {"V": 2}, "B": {"V": 4}, "C": {"V": 5}}
    assert shipped(one_order(stock, ("V", 5)), "nearest") == {"A": {"V": 2}, "B": {"V": 3}}
    assert shipped(one_order(stock, ("V", 5)), "fewest-parcels") == {"C": {"V": 5}}
    assert shipped(one_order(stock, ("V", 5)), "rules") == {"C": {"V": 5}}
    ten = {"L1": {"V": 10}, "L2": {"V": 15}}
    assert shipped(one_order(ten, ("V", 13)), "nearest") == {"L1": {"V": 10}, "L2": {"V": 3}}


def test_fewest_parcels_fills_six_units_from_two_nodes() -> None:
    scenario = one_order({"NYC": {"a": 10, "b": 1}, "LA": {"b": 10}}, ("a", 2), ("b", 4))
    found = planned(scenario, "fewest-parcels")
    assert (len(found.result.plan.parcel_node), len(found.unfilled)) == (2, 0)


def test_nearest_goes_by_distance_and_fewest_parcels_by_distance_among_equals() -> None:
    far, near = {"lat": 44.0}, {"lat": 41.0}
    stock = {"far": {"V": 9}, "near": {"V": 4}}
    scenario = one_order(stock, ("V", 2), far=far, near=near)
    assert shipped(scenario, "nearest") == shipped(scenario, "fewest-parcels") == {"near": {"V": 2}}
    scenario = one_order(stock, ("V", 5), far=far, near=near)
    assert shipped(scenario, "nearest") == {"near": {"V": 4}, "far": {"V": 1}}
    assert shipped(scenario, "fewest-parcels") == {"far": {"V": 5}}


def by_rules(scenario: Scenario, *rules: Rule) -> dict[str, int]:
    """Units that each node sends by a list of rules."""
    built = build_problem(scenario, Policy.default())
    plan = PlanState.empty(built.problem)
    serve = rule_list(built.problem, places_of(scenario, built), RuleListParams(rules))
    serve(np.arange(built.problem.n_orders), plan)
    packed = plan.to_plan()
    sent = Counter[str]()
    for q, at in enumerate(packed.parcel_node):
        sent[scenario.nodes.node_id[at]] += int(
            packed.entry_qty[packed.parcel_ptr[q] : packed.parcel_ptr[q + 1]].sum()
        )
    return dict(sent)


def test_the_fullest_node_first_counts_what_may_be_taken() -> None:
    assert by_rules(one_order({"L1": {"V": 4}, "L2": {"V": 3}}, ("V", 5)), Rule.MOST_STOCK) == {
        "L1": 4,
        "L2": 1,
    }
    kept = day({"L1": node(), "L2": node()}, {("L1", "V"): (4, 3), ("L2", "V"): 3}, {"O1": order(("V", 3))})
    assert by_rules(kept, Rule.MOST_STOCK) == {"L2": 3}


def test_a_later_rule_decides_what_an_earlier_one_leaves_tied() -> None:
    """Kinds rank A and B alike before C; distance ranks B before A, and C before both."""
    scenario = one_order(
        {"A": {"V": 1}, "B": {"V": 1}, "C": {"V": 1}},
        ("V", 1),
        A={"lat": 42.0},
        B={"lat": 41.0},
        C={"kind": "store"},
    )
    assert by_rules(scenario, Rule.KIND, Rule.NEAREST) == {"B": 1}
    assert by_rules(scenario, Rule.NEAREST, Rule.KIND) == {"C": 1}
    assert by_rules(scenario, Rule.KIND) == {"A": 1}  # all tie: the first node


def test_kinds_rank_warehouses_before_stores_before_vendors() -> None:
    kinds = {"V": {"kind": "vendor"}, "S": {"kind": "store"}, "W": {"kind": "warehouse"}}
    stock = {name: {"x": 1} for name in kinds}
    assert by_rules(one_order(stock, ("x", 1), **kinds), Rule.KIND) == {"W": 1}
    assert by_rules(one_order(stock, ("x", 2), **kinds), Rule.KIND) == {"W": 1, "S": 1}


@pytest.mark.parametrize("method", ["rules", "nearest"])
def test_what_is_collected_comes_from_the_shelf_first_and_the_rest_by_transfer(method: str) -> None:
    scenario = day(
        {"W": node(lat=41.0), "P": node(kind="store")},
        {("W", "V"): 9, ("P", "V"): 2},
        {"O1": order(("V", 5), method="PICK_UP", pickup="P")},
    )
    assert shipped(scenario, method)["P"] == {"V": 2}
    assert shipped(scenario, method)["W"] == {"V": 3}


def test_own_stock_is_a_rule_of_the_store_where_it_is_collected() -> None:
    scenario = day(
        {"W": node(), "P": node(kind="store")},
        {("W", "V"): 9, ("P", "V"): 2},
        {"O1": order(("V", 2), method="PICK_UP", pickup="P")},
    )
    assert by_rules(scenario, Rule.OWN_STOCK) == {"P": 2}
    assert by_rules(scenario, Rule.KIND) == {"W": 2}


@pytest.mark.parametrize("method", EVERY)
def test_a_node_that_is_full_is_passed_over(method: str) -> None:
    scenario = day(
        {"L1": node(capacity_parcels=1), "L2": node(lat=41.0)},
        {("L1", "V"): 9, ("L2", "V"): 9},
        {"O1": order(("V", 1)), "O2": order(("V", 1), placed_at="2026-11-20T09:01")},
    )
    found = planned(scenario, method)
    assert sorted(found.result.plan.parcel_node.tolist()) == [0, 1]


@pytest.mark.parametrize("method", EVERY)
def test_a_store_that_may_not_ship_is_never_chosen_for_delivery(method: str) -> None:
    scenario = one_order({"franchise": {"V": 5}}, ("V", 1), franchise={"kind": "store", "ships": False})
    assert shipped(scenario, method) == {}


def test_the_weighted_sum_spares_the_last_unit_and_the_full_node() -> None:
    assert shipped(one_order({"L1": {"V": 1}, "L2": {"V": 9}}, ("V", 1)), "weighted-sum") == {"L2": {"V": 1}}
    scenario = day(
        {"L1": node(capacity_parcels=2), "L2": node(capacity_parcels=9)},
        {("L1", "V"): 99, ("L2", "V"): 99},
        {f"O{k}": order(("V", 1), placed_at=f"2026-11-20T09:0{k}") for k in range(3)},
    )
    at = planned(scenario, "weighted-sum").result.plan.parcel_node.tolist()
    assert at == [0, 1, 1]


def test_a_plan_says_by_which_method_it_was_made() -> None:
    scenario = one_order({"L1": {"V": 1}}, ("V", 1))
    assert planned(scenario, "nearest").method == "nearest"
    assert plan_day(scenario, Policy.default()).method == OPTIMAL


def test_an_unknown_method_is_refused_with_the_list_of_those_there_are() -> None:
    assert list(METHODS) == [OPTIMAL, *BASELINES]
    for name in METHODS:
        require_method(name)
    with pytest.raises(InvalidRequest) as refused:
        require_method("magic")
    said = str(refused.value)
    assert "there is no method 'magic'" in said
    assert all(f"\n  {name} " in said for name in METHODS)


@pytest.mark.parametrize("method", EVERY)
def test_the_only_parcel_of_an_order_leaves_from_where_most_of_it_is(method: str) -> None:
    scenario = one_order({"near": {"V": 1}, "far": {"V": 3}}, ("V", 3), far={"lat": 44.0})
    assert shipped(scenario, method, "[parcels]\nmax_per_order = 1") == {"far": {"V": 3}}


@pytest.mark.parametrize("method", EVERY)
def test_an_order_that_must_go_complete_gives_everything_back(method: str) -> None:
    policy = '[completion]\nship_complete_methods = ["SHIPPING"]'
    scenario = day(
        {"L1": node(), "L2": node()},
        {("L1", "V"): 3, ("L2", "V"): 2},
        {"six": order(("V", 6)), "five": order(("V", 5), placed_at="2026-11-20T09:01")},
    )
    assert shipped(scenario, method, policy) == {"L1": {"V": 3}, "L2": {"V": 2}}


@pytest.mark.parametrize("method", EVERY)
def test_two_kits_that_share_their_last_component_are_not_both_sent(method: str) -> None:
    plain = day({"L1": node()}, {("L1", "C"): 1}, {"O1": order(("K1", 1), ("K2", 1))})
    component, first, second = (plain.skus.sku_id.index(name) for name in ("C", "K1", "K2"))
    kits = Kits(kit=np.array([first, second]), component=np.array([component] * 2), qty=np.array([1, 1]))
    scenario = replace(plain, kits=kits)
    (sent,) = shipped(scenario, method).values()
    assert sum(sent.values()) == 1
