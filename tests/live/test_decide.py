"""The running decision: what a batch decides first-come, one by one, on stock that others change."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fulfillment.domain.lines import Line
from fulfillment.domain.placing import OnShort, WhyUnfilled
from fulfillment.domain.policy import Policy
from fulfillment.domain.stock import Balance
from fulfillment.planning.build import build_problem
from fulfillment.planning.decode import decode_plan
from fulfillment.scenario.tables import UNLIMITED_PARCELS, Scenario
from solver.arrays import ProblemArrays, Scratch
from solver.plan_state import PlanState
from solver.sequence import plan_in_sequence
from tests.live.worlds import NINE, contents, live, requests
from tests.planning.days import day, node, order


def first_come(scenario: Scenario, policy: Policy) -> list[list[tuple[str, dict[tuple[int, str], int], str]]]:
    """Plan a scenario order by order with the batch's own arrays, and say the parcels of each order."""
    built = build_problem(scenario, policy)
    problem = built.problem
    plan = PlanState.empty(problem)
    zeros = np.zeros(problem.n_stock, np.int64), np.zeros(problem.n_nodes, np.int64)
    plan_in_sequence(
        np.arange(problem.n_orders), ProblemArrays.of(problem), *zeros, Scratch.for_problem(problem), plan
    )
    entries = decode_plan(scenario, built, plan.to_plan())
    parcels: dict[tuple[int, int], tuple[str, dict[tuple[int, str], int], str]] = {}
    for order_at, line, node_at, parcel, price_list, qty in zip(
        entries.order.tolist(),
        entries.line.tolist(),
        entries.node.tolist(),
        entries.parcel.tolist(),
        entries.price_list.tolist(),
        entries.qty.tolist(),
        strict=True,
    ):
        service = built.tariffs.lists[price_list].service
        node_id = scenario.nodes.node_id[node_at]
        _, units, _ = parcels.setdefault((order_at, parcel), (node_id, {}, service))
        sku_id = scenario.skus.sku_id[int(scenario.order_lines.sku[line])]
        units[int(scenario.order_lines.line_no[line]), sku_id] = qty
    found: list[list[tuple[str, dict[tuple[int, str], int], str]]] = [[] for _ in scenario.orders.order_id]
    for (order_at, _), parcel in parcels.items():
        found[order_at].append(parcel)
    return [sorted(its, key=repr) for its in found]


@st.composite
def days(draw: st.DrawFn) -> Scenario:
    """Up to four nodes apart from each other, three SKUs, a kit, and up to five orders of any method."""
    n = draw(st.integers(1, 4))
    limits = [draw(st.sampled_from([1, 3, UNLIMITED_PARCELS])) for _ in range(n)]
    nodes = {
        f"L{k}": node(
            lat=40.0 + k / 10,
            handling_cents_per_unit=draw(st.integers(0, 50)),
            handling_cents_per_parcel=draw(st.integers(0, 50)),
            capacity_parcels=limits[k],
            processing_hours=draw(st.sampled_from([1.0, 4.0])) if limits[k] == UNLIMITED_PARCELS else 1.0,
            kind=draw(st.sampled_from(["warehouse", "store", "vendor"])),
            pickup=draw(st.booleans()),
            ships=draw(st.booleans()),
        )
        for k in range(n)
    }
    skus = ["A", "B", "C"]
    stock = {
        (node_id, sku): (draw(st.integers(0, 4)), draw(st.integers(0, 1)))
        for node_id in nodes
        for sku in skus
    }
    orders = {}
    for k in range(draw(st.integers(1, 5))):
        lines = draw(
            st.lists(st.tuples(st.sampled_from([*skus, "K"]), st.integers(1, 3)), min_size=1, max_size=3)
        )
        method = draw(st.sampled_from(["SHIPPING", "PICK_UP", "LOCAL"]))
        orders[f"O{k}"] = order(
            *lines,
            method=method,
            pickup=draw(st.sampled_from(list(nodes))) if method == "PICK_UP" else None,
            promise_by=draw(st.sampled_from(["NaT", "2026-11-20T14:00", "2026-11-23T12:00"])),
        )
    kits, skus_apart = {"K": {"A": 1, "B": 2}}, {"K": (2000.0, 300)}
    return day(nodes, stock, orders, kits=kits, skus=skus_apart, places=((40.05, -75.0),))


@settings(max_examples=60, deadline=None)
@given(days())
def test_a_group_is_decided_as_the_batch_decides_first_come(scenario: Scenario) -> None:
    """No node here has a capacity that differs between slots, and every unit is worth its parcel."""
    decisions = live(scenario).decide(requests(scenario), NINE)
    assert [contents(each) for each in decisions] == first_come(scenario, Policy.default())
    for request, decision in zip(requests(scenario), decisions, strict=True):
        filled = sum(line.qty for parcel in decision.parcels for line in parcel.lines)
        asked = sum(line.qty for line in request.lines)
        assert filled + sum(units.qty for units in decision.unfilled) == asked


@settings(max_examples=40, deadline=None)
@given(days())
def test_one_by_one_on_a_refreshed_view_is_the_same_as_in_a_group(scenario: Scenario) -> None:
    together = live(scenario).decide(requests(scenario), NINE)
    decider = live(scenario)
    left = {
        (scenario.nodes.node_id[n], scenario.skus.sku_id[s]): units
        for n, s, units in zip(
            scenario.stock.node.tolist(),
            scenario.stock.sku.tolist(),
            scenario.stock.available.tolist(),
            strict=True,
        )
    }
    used: dict[tuple[str, date], int] = {}
    for turn, request in enumerate(requests(scenario), start=2):
        (alone,) = decider.decide([request], NINE)
        assert alone == together[turn - 2]
        for position, units in alone.units_by_position().items():
            left[position] -= units
        for slot, parcels in alone.parcels_by_slot().items():
            used[slot] = used.get(slot, 0) + parcels
        decider.view.refresh({p: Balance(available=units, version=turn) for p, units in left.items()})
        decider.view.refresh_capacity(used)


@settings(max_examples=40, deadline=None)
@given(days())
def test_an_order_that_must_be_whole_is_whole_or_takes_nothing(scenario: Scenario) -> None:
    """And names units that lack, at most as many as it would miss if it were sent in part."""
    whole = live(scenario).decide(requests(scenario, OnShort.REJECT)[:1], NINE)[0]
    part = live(scenario).decide(requests(scenario)[:1], NINE)[0]
    if part.unfilled:
        assert not whole.parcels
        assert whole.unfilled == part.unfilled
    else:
        assert whole == part


def test_a_rejected_order_takes_nothing_from_the_one_behind_it() -> None:
    scenario = day(
        {"L1": node()},
        {("L1", "V"): 5},
        {"O1": order(("V", 6)), "O2": order(("V", 5)), "O3": order(("V", 1))},
    )
    first, second, third = live(scenario).decide(requests(scenario, OnShort.REJECT), NINE)
    assert first.parcels == ()
    assert [(u.sku_id, u.qty, u.reason) for u in first.unfilled] == [("V", 1, WhyUnfilled.NO_STOCK)]
    assert contents(second) == [("L1", {(1, "V"): 5}, "ground")]
    assert [(u.qty, u.reason) for u in third.unfilled] == [(1, WhyUnfilled.NO_STOCK)]


def test_two_lines_of_one_sku_are_added_up() -> None:
    scenario = day({"L1": node()}, {("L1", "V"): 5}, {"O1": order(("V", 3), ("V", 3))})
    (rejected,) = live(scenario).decide(requests(scenario, OnShort.REJECT), NINE)
    assert rejected.parcels == ()
    assert [(u.line_no, u.qty) for u in rejected.unfilled] == [(2, 1)]
    (part,) = live(scenario).decide(requests(scenario), NINE)
    assert contents(part) == [("L1", {(1, "V"): 3, (2, "V"): 2}, "ground")]
    assert part.parcels[0].units == {"V": 5}


def test_kits_that_share_a_component_do_not_take_it_twice() -> None:
    scenario = day(
        {"L1": node()},
        {("L1", "C"): 1},
        {"O1": order(("K1", 1), ("K2", 1))},
        kits={"K1": {"C": 1}, "K2": {"C": 1}},
    )
    (part,) = live(scenario).decide(requests(scenario), NINE)
    assert sum(parcel.units["C"] for parcel in part.parcels) == 1
    assert [(u.qty, u.reason) for u in part.unfilled] == [(1, WhyUnfilled.NO_STOCK)]


def test_the_view_is_as_it_was_after_a_decision() -> None:
    scenario = day({"L1": node(capacity_parcels=1)}, {("L1", "V"): 5}, {"O1": order(("V", 2))})
    decider = live(scenario)
    once = decider.decide(requests(scenario), NINE)
    assert decider.decide(requests(scenario), NINE) == once
    atp = decider.view.atp(0, "web", NINE)
    assert (atp.units.tolist(), atp.version.tolist()) == ([5], [1])


def test_a_channel_leaves_its_buffer_to_the_others() -> None:
    scenario = day({"L1": node()}, {("L1", "V"): 5}, {"O1": order(("V", 9)), "O2": order(("V", 9))})
    web, app = requests(scenario)
    decider = live(scenario, rules=[("L1", "V", "web", 3)])
    first, second = decider.decide([web, replace(app, channel="app")], NINE)
    assert contents(first) == [("L1", {(1, "V"): 2}, "ground")]
    assert contents(second) == [("L1", {(1, "V"): 3}, "ground")]
    first, second = decider.decide([replace(app, channel="app"), web], NINE)
    assert contents(first) == [("L1", {(1, "V"): 5}, "ground")]
    assert second.parcels == ()


def test_held_units_go_to_their_order_alone() -> None:
    scenario = day(
        {"L1": node(), "L2": node()}, {("L1", "V"): 1}, {"O1": order(("V", 2)), "O2": order(("V", 1))}
    )
    decider = live(scenario)
    first, second = decider.decide(requests(scenario, OnShort.REJECT), NINE, {"O1": {("L1", "V"): 1}})
    assert contents(first) == [("L1", {(1, "V"): 2}, "ground")]
    assert second.parcels == ()
    first, second = decider.decide(requests(scenario, OnShort.REJECT), NINE, {"O2": {("L1", "V"): 1}})
    assert first.parcels == ()
    assert contents(second) == [("L1", {(1, "V"): 1}, "ground")]


def test_unknown_skus_and_places_are_named() -> None:
    scenario = day({"L1": node()}, {("L1", "V"): 5}, {"O1": order(("V", 1))})
    (known,) = requests(scenario)
    strange = replace(known, lines=(Line(1, "V", 1), Line(2, "X", 2)))
    nowhere = replace(known, order_id="O2", postal_code="99999")
    part, lost = live(scenario).decide([strange, nowhere], NINE)
    assert contents(part) == [("L1", {(1, "V"): 1}, "ground")]
    assert [(u.line_no, u.qty, u.reason) for u in part.unfilled] == [(2, 2, WhyUnfilled.UNKNOWN_SKU)]
    assert [(u.line_no, u.reason) for u in lost.unfilled] == [(1, WhyUnfilled.OUT_OF_REACH)]
    (rejected,) = live(scenario).decide([replace(strange, on_short=OnShort.REJECT)], NINE)
    assert rejected.parcels == ()
    assert [u.sku_id for u in rejected.unfilled] == ["X"]


@pytest.mark.parametrize("on_short", [OnShort.REJECT, OnShort.PARTIAL])
def test_an_order_too_large_for_the_exact_search_is_decided_all_the_same(on_short: OnShort) -> None:
    lines = [(f"S{k}", 9) for k in range(6)]
    stock = {("L1", f"S{k}"): 9 for k in range(6)} | {("L2", "S0"): 3}
    scenario = day(
        {"L1": node(), "L2": node()},
        stock,
        {"O1": order(*lines), "O2": order(("S0", 3)), "O3": order(*lines)},
    )
    first, second, third = live(scenario).decide(requests(scenario, on_short), NINE)
    assert contents(first) == [("L1", {(k + 1, f"S{k}"): 9 for k in range(6)}, "ground")]
    assert contents(second) == [("L2", {(1, "S0"): 3}, "ground")]
    assert third.parcels == ()
    assert sum(u.qty for u in third.unfilled) == 54


def test_prices_choose_among_nodes_but_leave_no_unit_unfilled() -> None:
    scenario = day(
        {"L1": node(), "L2": node()},
        {("L1", "V"): 1, ("L2", "V"): 1},
        {"O1": order(("V", 1)), "O2": order(("V", 1))},
    )
    decider = live(scenario)
    decider.view.replace_prices({("L1", "V"): 10**15}, {})
    first, second = decider.decide(requests(scenario), NINE)
    assert contents(first) == [("L2", {(1, "V"): 1}, "ground")]
    assert contents(second) == [("L1", {(1, "V"): 1}, "ground")]
    assert first.cost_micros == second.cost_micros == 600 * 10_000


def test_a_pickup_uses_the_slot_of_readiness_and_a_parcel_that_of_departure() -> None:
    """Ready at 13:00, after the cut-off: what is sent leaves tomorrow, what is collected counts today."""
    scenario = day(
        {"L1": node(capacity_parcels=1, processing_hours=4.0)},
        {("L1", "V"): 9},
        {
            "O1": order(("V", 1)),
            "O2": order(("V", 1)),
            "O3": order(("V", 1), method="PICK_UP", pickup="L1"),
            "O4": order(("V", 1), method="PICK_UP", pickup="L1"),
        },
    )
    sent, too_many, collected, full = live(scenario).decide(requests(scenario), NINE)
    assert [str(parcel.slot_on) for parcel in (*sent.parcels, *collected.parcels)] == [
        "2026-11-21",
        "2026-11-20",
    ]
    assert [u.reason for u in too_many.unfilled] == [WhyUnfilled.NO_CAPACITY]
    assert [u.reason for u in full.unfilled] == [WhyUnfilled.NO_CAPACITY]
    assert collected.parcels[0].departs_at is None
    assert collected.parcels[0].arrives_at == datetime(2026, 11, 20, 13, tzinfo=UTC)
    assert sent.parcels[0].arrives_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
