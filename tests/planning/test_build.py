"""From a scenario to the solver's arrays."""

import numpy as np
import pytest

from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.domain.policy import ParcelRules, Policy, SafetyFloor, Unfilled
from fulfillment.planning.build import BuiltProblem, build_problem
from fulfillment.scenario.tables import UNLIMITED_PARCELS, Scenario
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


def compound(found: BuiltProblem) -> dict[tuple[int, int], dict[int, int]]:
    """Recipes, {stock row: units}, by item and node."""
    p = found.problem
    item = np.repeat(np.arange(p.n_skus), np.diff(p.sku_ptr))
    return {
        (int(item[pos]), int(p.pos_node[pos])): dict(
            zip(
                p.recipe_pos[p.recipe_ptr[k] : p.recipe_ptr[k + 1]].tolist(),
                p.recipe_qty[p.recipe_ptr[k] : p.recipe_ptr[k + 1]].tolist(),
                strict=True,
            )
        )
        for k, pos in enumerate(range(p.n_stock, p.n_positions))
    }


def test_kits_are_items_behind_all_stocked_ones_where_their_components_suffice() -> None:
    """B has too few plates. Handling counts three units; commission is on the kit's price, not theirs."""
    scenario = day(
        {
            "A": node(handling_cents_per_unit=10, commission_pct=10.0),
            "B": node(),
            "C": node(handling_cents_per_unit=20),
        },
        {
            ("A", "CUP"): 1, ("A", "PLATE"): 2, ("B", "CUP"): 9, ("B", "PLATE"): 1,
            ("C", "PLATE"): 7, ("C", "CUP"): 3,
        },
        {"O1": order(("SET", 1), ("CUP", 2))},
        skus={"SET": (5000, 750), "CUP": (1000, 100)},
        kits={"SET": {"CUP": 1, "PLATE": 2}},
    )  # fmt: skip
    found = built(scenario)
    p, names = found.problem, scenario.skus.sku_id
    assert [names[at] for at in found.items.sku] == ["CUP", "PLATE", "SET"]
    assert [names[at] for at in found.items.stock_sku] == ["CUP"] * 3 + ["PLATE"] * 3
    assert p.pos_free.tolist() == [1, 9, 3, 2, 1, 7]
    assert compound(found) == {(2, 0): {0: 1, 3: 2}, (2, 2): {2: 1, 5: 2}}
    assert p.pos_unit_cost[p.n_stock :].tolist() == [(3 * 10 + 500) * 10_000, 3 * 20 * 10_000]
    assert p.sku_weight.tolist() == [100, 100, 750]
    assert {names[found.items.sku[at]] for at in p.line_sku} == {"SET", "CUP"}
    assert p.line_penalty.tolist() == [60_000_000, 100_000_000]  # two cups, then the set


def test_a_line_that_is_not_split_is_one_pack_of_its_units() -> None:
    """Both orders of three share the pack; a single unit needs none, nor does a SKU that may be split."""
    policy = Policy(version=2, parcels=ParcelRules(unsplit_skus=frozenset({"V", "gone"})))
    scenario = day(
        {"A": node(handling_cents_per_unit=7), "B": node()},
        {("A", "V"): 3, ("B", "V"): 2, ("A", "W"): 9},
        {
            "three": order(("V", 1), ("V", 2), ("W", 2)),
            "too": order(("V", 3)),
            "two": order(("V", 2)),
            "one": order(("V", 1)),
        },
    )
    found = built(scenario, policy)
    p = found.problem
    v, w, pack_of_two, pack_of_three = range(4)
    assert p.line_sku.tolist() == [pack_of_three, w, pack_of_three, pack_of_two, v]
    assert p.line_qty.tolist() == [1, 2, 1, 1, 1]
    assert p.line_penalty.tolist() == [60_000_000 * units for units in (3, 1, 3, 2, 1)]
    assert p.sku_weight.tolist() == [100, 100, 200, 300]
    assert compound(found) == {(2, 0): {0: 2}, (2, 1): {1: 2}, (3, 0): {0: 3}}
    assert p.pos_unit_cost[p.n_stock :].tolist() == [14 * 10_000, 0, 21 * 10_000]
    assert found.merged_line.tolist() == [0, 0, 1, 2, 3, 4]


def test_a_kit_that_is_not_split_is_a_pack_of_components() -> None:
    policy = Policy(version=2, parcels=ParcelRules(unsplit_skus=frozenset({"SET"})))
    scenario = day(
        {"A": node()},
        {("A", "CUP"): 9, ("A", "PLATE"): 9},
        {"O1": order(("SET", 3))},
        kits={"SET": {"CUP": 1, "PLATE": 2}},
    )
    found = built(scenario, policy)
    assert compound(found)[(int(found.problem.line_sku[0]), 0)] == {0: 3, 1: 6}
    assert found.items.units[found.problem.line_sku].tolist() == [3]
    assert found.items.handled_units[found.problem.line_sku].tolist() == [9]


def test_rules_that_say_nothing_are_no_arrays() -> None:
    p = built(one_node_day(capacity_parcels=7)).problem
    for name in (
        "list_fixed",
        "stock_tail",
        "node_tail",
        "order_parcels_max",
        "order_complete",
        "alternative_destination",
        "recipe_ptr",
    ):
        assert getattr(p, name).size == 0, name


def test_limits_of_an_order_follow_its_goods_value_and_its_own_method() -> None:
    policy = Policy.from_toml(
        "version = 2\n[parcels]\nmax_per_order = 3\nsingle_below_cents = 2001\n"
        '[completion]\nship_complete_methods = ["PICK_UP"]\n'
    )
    scenario = day(
        {"A": node()},
        {("A", "V"): 9},
        {
            "large": order(("V", 3), placed_at="2026-11-20T10:00", alternatives=[("PICK_UP", "A")]),
            "small": order(("V", 1), ("V", 1), method="PICK_UP", pickup="A"),
        },
    )
    p = built(scenario, policy).problem
    assert p.order_parcels_max.tolist() == [1, 3]
    assert p.order_complete.tolist() == [1, 0]
    only_small = Policy.from_toml("version = 2\nparcels.single_below_cents = 2001\n")
    assert built(scenario, only_small).problem.order_parcels_max.tolist() == [1, UNLIMITED_PARCELS]


def test_last_units_balance_and_vendors_are_priced_by_node() -> None:
    policy = Policy.from_toml(
        "version = 2\n[last_units.store]\nunits = 3\ncents_per_unit = 40\n"
        "[balance]\nfrom_percent = 70\ncents_per_parcel = 9\n"
        "[vendors_last]\ncents_per_parcel = 500\ncents_per_unit = 20\n[safety_floor_units]\nstore = 1\n"
    )
    scenario = day(
        {
            "W": node(capacity_parcels=9),
            "S": node(kind="store", capacity_parcels=0),
            "X": node(kind="vendor", handling_cents_per_parcel=3, handling_cents_per_unit=1),
        },
        {("W", "V"): 9, ("S", "V"): (9, 1), ("S", "U"): 2, ("X", "V"): 9},
        {"O1": order(("V", 1), ("SET", 1))},
        kits={"SET": {"V": 2}},
    )
    p = built(scenario, policy).problem
    assert p.pos_node.tolist() == [0, 1, 2, 1, 0, 1, 2]  # V, U, and the set of two V
    assert p.stock_tail.tolist() == [0, 3, 0, 1]  # of what the safety stock and the floor leave
    assert p.stock_tail_cost.tolist() == [0, 400_000, 0, 400_000]
    assert p.node_tail.tolist() == [3, 0, 0]  # 70 % of nine parcels are six
    assert p.node_tail_cost.tolist() == [90_000] * 3
    assert p.node_parcel_cost.tolist() == [0, 0, 5_030_000]
    assert p.pos_unit_cost.tolist() == [0, 0, 210_000, 0, 0, 0, 420_000]


def test_alternatives_are_further_ways_of_the_order_that_names_them() -> None:
    scenario = day(
        {"S": node(kind="store"), "T": node(kind="store")},
        {("S", "V"): 9},
        {
            "late": order(
                ("V", 1), placed_at="2026-11-20T11:00", alternatives=[("PICK_UP", "T"), ("LOCAL", None)]
            ),
            "none": order(("V", 1), placed_at="2026-11-20T10:00"),
            "first": order(("V", 1), method="PICK_UP", pickup="S", alternatives=[("PICK_UP", "T")]),
        },
    )
    found = built(scenario)
    p = found.problem
    assert p.alternative_ptr.tolist() == [0, 1, 1, 3]
    assert found.alternative.tolist() == [2, 0, 1]
    collected_at_t, also_at_t, local = p.alternative_destination.tolist()
    assert collected_at_t == also_at_t != p.order_destination[0]
    assert p.lane_band[collected_at_t, 1] == found.tariffs.own_pickup_band
    assert p.lane_band[local, 0] == found.tariffs.first_band["LOCAL"]
    assert p.alternative_promise_class.tolist() == p.order_promise_class[[0, 2, 2]].tolist()


def test_a_day_without_orders_is_a_problem_without_orders() -> None:
    found = built(day({"L1": node()}, {("L1", "V"): 5}, {}))
    assert (found.problem.n_orders, found.problem.n_lines, found.problem.n_positions) == (0, 0, 1)


def test_nodes_keep_their_places_and_their_limits() -> None:
    p = built(one_node_day(capacity_parcels=7, processing_hours=2.5)).problem
    assert p.node_capacity.tolist() == [7]
    assert p.sku_weight.tolist() == [100]
