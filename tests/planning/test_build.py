"""From a scenario to the solver's arrays."""

import numpy as np
import pytest

from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.domain.policy import Policy, SafetyFloor, Unfilled
from fulfillment.planning.build import BuiltProblem, build_problem
from fulfillment.scenario.tables import Scenario
from solver.problem import NO_LANE
from tests.planning.days import day, node, order

DEFAULT = Policy.default()


def built(scenario: Scenario, policy: Policy = DEFAULT) -> BuiltProblem:
    return build_problem(scenario, policy)


def one_node_day(**columns: object) -> Scenario:
    return day({"L1": node(**columns)}, {("L1", "V"): 5}, {"O1": order(("V", 2))})


def test_lines_of_one_order_that_ask_for_one_sku_are_added_up() -> None:
    found = built(
        day(
            {"L1": node()},
            {("L1", "V"): 5},
            {"O1": order(("V", 3), ("W", 1), ("V", 3)), "O2": order(("V", 2), ("V", 1))},
        )
    )
    p = found.problem
    assert p.order_ptr.tolist() == [0, 2, 3]
    assert p.line_sku.tolist() == [0, 1, 0]
    assert p.line_qty.tolist() == [6, 1, 3]
    assert found.merged_line.tolist() == [0, 1, 0, 2, 2]


def test_orders_stand_in_the_sequence_in_which_they_were_placed() -> None:
    """Ties keep the order of the file."""
    found = built(
        day(
            {"L1": node()},
            {("L1", "V"): 5},
            {
                "late": order(("V", 1), placed_at="2026-11-20T11:00"),
                "first": order(("V", 2), placed_at="2026-11-20T08:00"),
                "tie": order(("V", 3), placed_at="2026-11-20T11:00"),
                "second": order(("V", 4), placed_at="2026-11-20T08:00:00.000001"),
            },
        )
    )
    assert found.order.tolist() == [1, 3, 0, 2]
    assert found.problem.line_qty.tolist() == [2, 4, 1, 3]
    assert found.merged_line.tolist() == [2, 0, 3, 1]


@pytest.mark.parametrize(
    ("price_cents", "percent", "commission_micros"),
    [
        (1999, 12.5, 2_498_750),  # 249.875 cents
        (1, 0.01, 1),  # a ten-thousandth of a cent
        (1999, 7.77, 1_553_223),  # 155.3223 cents; 7.77 has no exact float
        (2_000_000, 100.0, 20_000_000_000),
        (999, 0.0, 0),
    ],
)
def test_commission_is_exact_to_the_ten_thousandth_of_a_cent(
    price_cents: int, percent: float, commission_micros: int
) -> None:
    scenario = day(
        {"V1": node(commission_pct=percent, handling_cents_per_unit=3, handling_cents_per_parcel=17.5)},
        {("V1", "V"): 5},
        {"O1": order(("V", 1))},
        skus={"V": (price_cents, 100)},
    )
    p = built(scenario).problem
    assert p.pos_unit_cost.tolist() == [30_000 + commission_micros]
    assert p.node_parcel_cost.tolist() == [175_000]


def test_every_commission_of_two_decimals_is_exact() -> None:
    percents = np.arange(0, 10_001) / 100
    prices = np.random.default_rng(0).integers(0, 10**7, len(percents))
    nodes = {f"V{at}": node(commission_pct=float(percent)) for at, percent in enumerate(percents)}
    skus = {f"S{at}": (int(price), 100) for at, price in enumerate(prices)}
    stock = {(f"V{at}", f"S{at}"): 1 for at in range(len(percents))}
    p = built(day(nodes, stock, {"O1": order(("S0", 1))}, skus=skus)).problem
    expected = [int(price) * hundredths for hundredths, price in enumerate(prices)]
    assert p.pos_unit_cost.tolist() == expected


def test_safety_stock_is_kept_and_never_makes_stock_negative() -> None:
    scenario = day(
        {"L1": node(), "L2": node()},
        {("L2", "W"): 9, ("L2", "V"): (2, 5), ("L1", "V"): (5, 2)},
        {"O1": order(("V", 1))},
    )
    p = built(scenario).problem
    assert p.sku_ptr.tolist() == [0, 1, 3]  # W, mentioned first, then V at both nodes
    assert p.pos_node.tolist() == [1, 0, 1]
    assert p.pos_free.tolist() == [9, 3, 0]


def test_the_policys_floor_is_kept_beyond_the_safety_stock_by_kind() -> None:
    policy = Policy(version=2, safety_floor=SafetyFloor(store=2, vendor=7))
    kinds = {"W": node(kind="warehouse"), "S": node(kind="store"), "V": node(kind="vendor")}
    stock = {("W", "A"): (5, 1), ("S", "A"): (5, 1), ("V", "A"): (5, 1)}
    scenario = day(kinds, stock, {"O1": order(("A", 1))})
    assert built(scenario, policy).problem.pos_free.tolist() == [4, 2, 0]
    assert built(scenario).problem.pos_free.tolist() == [4, 4, 4]


def lanes(scenario: Scenario, policy: Policy) -> dict[str, list[bool]]:
    """For each order, which nodes have a lane to it."""
    p = (found := built(scenario, policy)).problem
    return {
        scenario.orders.order_id[found.order[o]]: (p.lane_band[p.order_destination[o]] != NO_LANE).tolist()
        for o in range(p.n_orders)
    }


def test_what_the_policy_excludes_has_no_lane_but_own_stock_pickup() -> None:
    scenario = day(
        {"W": node(), "S": node(kind="store"), "T": node(kind="store")},
        {("W", "A"): 5},
        {
            "ship": order(("A", 1)),
            "local": order(("A", 1), method="LOCAL"),
            "pick": order(("A", 1), method="PICK_UP", pickup="S"),
        },
    )
    all_of_them = [True, True, True]
    assert lanes(scenario, DEFAULT) == {"ship": all_of_them, "local": all_of_them, "pick": all_of_them}
    stores = frozenset((method, NodeKind.STORE) for method in (Method.SHIPPING, Method.PICK_UP))
    assert lanes(scenario, Policy(version=2, excluded_kinds=stores)) == {
        "ship": [True, False, False],
        "local": all_of_them,
        "pick": [True, True, False],  # T may not transfer; S hands out its own
    }
    single = frozenset({(Method.LOCAL, "T"), (Method.PICK_UP, "W"), (Method.PICK_UP, "S")})
    assert lanes(scenario, Policy(version=2, excluded_nodes=single)) == {
        "ship": all_of_them,
        "local": [True, True, False],
        "pick": [False, True, True],
    }


@pytest.mark.parametrize(
    ("unfilled", "penalties_cents"),
    [
        (Unfilled(), [6000, 6000, 7000]),
        (Unfilled(penalty_cents_per_unit=300), [1300, 1300, 2300]),
        (Unfilled(price_is_added=False), [5000, 5000, 5000]),
        (Unfilled(percent_by_priority=((1, 150), (3, 50))), [9000, 3000, 7000]),
    ],
)
def test_penalties_follow_the_policy_and_the_orders_priority(
    unfilled: Unfilled, penalties_cents: list[int]
) -> None:
    """Three orders of priorities 1, 3 and 2, placed in another sequence."""
    scenario = day(
        {"L1": node()},
        {("L1", "V"): 5},
        {
            "third": order(("W", 1), priority=2, placed_at="2026-11-20T12:00"),
            "first": order(("V", 1), priority=1),
            "second": order(("V", 1), priority=3),
        },
        skus={"W": (2000, 100)},
    )
    p = built(scenario, Policy(version=2, unfilled=unfilled)).problem
    assert p.line_penalty.tolist() == [cents * 10_000 for cents in penalties_cents]


def test_a_day_without_orders_is_a_problem_without_orders() -> None:
    found = built(day({"L1": node()}, {("L1", "V"): 5}, {}))
    assert (found.problem.n_orders, found.problem.n_lines, found.problem.n_positions) == (0, 0, 1)


def test_nodes_keep_their_places_and_their_limits() -> None:
    p = built(one_node_day(capacity_parcels=7, processing_hours=2.5)).problem
    assert p.node_capacity.tolist() == [7]
    assert p.sku_weight.tolist() == [100]
