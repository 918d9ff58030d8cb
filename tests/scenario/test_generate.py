"""A generated day is valid at every size, the same for the same seed, and as severe as asked for."""

import dataclasses
import tempfile
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fulfillment.domain.errors import InvalidRequest
from fulfillment.scenario.generate import GeneratorParams, generate
from fulfillment.scenario.generator.geometry import great_circle_km
from fulfillment.scenario.metros import METROS
from fulfillment.scenario.tables import METHODS, Scenario
from fulfillment.scenario.validate import validate_scenario
from fulfillment.scenario.write import write_scenario
from tests.scenario.small import assert_same_scenario

shares = st.floats(0, 1)


@st.composite
def any_params(draw: st.DrawFn) -> GeneratorParams:
    return GeneratorParams(
        orders=draw(st.integers(1, 60)),
        stores=draw(st.integers(0, 30)),
        warehouses=draw(st.integers(0, 10)),
        vendors=draw(st.integers(1, 3)),
        skus=draw(st.integers(1, 40)),
        postal_codes=draw(st.integers(1, 150)),
        lines_per_order=draw(st.floats(1, 10)),
        scarcity=draw(shares),
        hot_sku_share=draw(shares),
        store_range=draw(shares),
        tight_nodes=draw(shares),
        kit_share=draw(st.floats(0.01, 1)),
        kit_demand=draw(shares),
        flexible_orders=draw(shares),
        day=draw(st.dates(date(2000, 1, 1), date(2100, 12, 31))),
    )


@settings(max_examples=60)
@given(any_params(), st.integers(0, 2**63))
def test_every_generated_day_is_valid_without_a_warning(params: GeneratorParams, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_scenario(generate(params, seed), Path(folder))
        verdict = validate_scenario(Path(folder)).verdict
    assert verdict.problems == ()
    assert verdict.warnings == ()


@pytest.fixture(scope="module")
def day() -> Scenario:
    return generate(GeneratorParams(), seed=1)


def test_the_same_seed_gives_the_same_day(day: Scenario) -> None:
    assert_same_scenario(generate(GeneratorParams(), seed=1), day)


def test_another_seed_gives_another_day(day: Scenario) -> None:
    assert generate(GeneratorParams(), seed=2).orders.placed_at.tolist() != day.orders.placed_at.tolist()


def test_another_catalogue_does_not_move_the_stores(day: Scenario) -> None:
    other = generate(GeneratorParams(skus=100), seed=1)
    assert other.nodes.lat.tolist() == day.nodes.lat.tolist()
    assert other.orders.placed_at.tolist() == day.orders.placed_at.tolist()


def test_the_default_day_has_all_that_a_demo_shows(day: Scenario) -> None:
    assert len(day.orders) == 1500
    assert set(day.nodes.kind) == {"warehouse", "store", "vendor"}
    assert set(day.orders.method) == {"SHIPPING", "PICK_UP", "LOCAL"}
    assert set(day.orders.channel) == {"web", "app", "marketplace", "store", "social", "phone"}
    assert np.isnat(day.orders.promise_by).any()
    assert 1.8 < len(day.order_lines) / len(day.orders) < 2.6
    assert sum(kind == "store" for kind in day.nodes.kind) == 60
    assert "New York 1" in day.nodes.name


def _units(scenario: Scenario) -> tuple[np.ndarray, np.ndarray]:
    lines, stock, skus = scenario.order_lines, scenario.stock, len(scenario.skus)
    return np.bincount(lines.sku, lines.qty, skus), np.bincount(stock.sku, stock.available, skus)


def test_scarcity_is_the_share_of_skus_with_less_stock_than_demand(day: Scenario) -> None:
    wanted, there = _units(day)
    assert (there < wanted).sum() == 20  # 6 % of 320, rounded up
    calm = generate(GeneratorParams(scarcity=0), seed=1)
    wanted, there = _units(calm)
    assert not (there < wanted).any()


def test_the_hot_skus_take_their_share(day: Scenario) -> None:
    def top_share(scenario: Scenario) -> float:
        sold = np.sort(np.bincount(scenario.order_lines.sku))
        return float(sold[-1] / sold.sum())

    assert top_share(generate(GeneratorParams(hot_sku_share=0.6), seed=1)) > 2 * top_share(day)


def test_a_store_carries_its_range(day: Scenario) -> None:
    carried = np.bincount(day.stock.node)
    for node, kind in enumerate(day.nodes.kind):
        assert carried[node] == {"warehouse": 320, "store": 112, "vendor": 48}[kind]


def test_same_day_is_ordered_only_where_one_near_store_carries_the_whole_order(day: Scenario) -> None:
    nodes, codes, lines = day.nodes, day.postal_codes, day.order_lines
    carries = set(zip(day.stock.node.tolist(), day.stock.sku.tolist(), strict=True))
    same_day = [at for at, method in enumerate(day.orders.method) if method == "LOCAL"]
    assert len(same_day) > 20
    for order in same_day:
        postal = day.orders.postal[order]
        km = great_circle_km(codes.lat[postal], codes.lon[postal], nodes.lat, nodes.lon)
        near = np.flatnonzero(km <= nodes.same_day_radius_km).tolist()
        skus = lines.sku[lines.order == order].tolist()
        assert any(all((node, sku) in carries for sku in skus) for node in near)


def test_kits_have_their_share_of_the_catalogue_and_of_the_lines(day: Scenario) -> None:
    assert len(day.kits) == len(day.alternatives) == 0
    scenario = generate(GeneratorParams(kit_share=0.1, kit_demand=0.4), seed=1)
    kits, skus, lines = scenario.kits, scenario.skus, scenario.order_lines
    kit = np.unique(kits.kit)
    assert len(kit) == 32
    assert 0.4 < np.isin(lines.sku, kit).mean() < 0.55
    assert not np.isin(kits.component, kit).any()
    assert not np.isin(scenario.stock.sku, kit).any()
    assert set(np.bincount(kits.kit)[kit].tolist()) == {2, 3}
    inside = np.bincount(kits.kit, kits.qty * skus.weight_g[kits.component])[kit]
    assert (skus.weight_g[kit] > inside).all()


def test_the_stock_of_components_meets_the_demand_for_kits() -> None:
    scenario = generate(GeneratorParams(kit_share=0.1, kit_demand=0.6, scarcity=0), seed=1)
    wanted, there = _units(scenario)
    for kit, component, qty in zip(
        scenario.kits.kit, scenario.kits.component, scenario.kits.qty, strict=True
    ):
        wanted[component] += qty * wanted[kit]
    wanted[np.unique(scenario.kits.kit)] = 0
    assert not (there < wanted).any()


def test_flexible_orders_have_stores_of_the_area_or_delivery_to_choose_from(day: Scenario) -> None:
    scenario = generate(GeneratorParams(flexible_orders=0.5), seed=1)
    alternatives, orders, nodes = scenario.alternatives, scenario.orders, scenario.nodes
    is_flexible = np.isin(np.arange(len(orders)), alternatives.order)
    assert 0.3 < is_flexible.mean() < 0.5
    of_pickups = np.array(orders.method)[alternatives.order] == "PICK_UP"
    methods = np.array(METHODS)[alternatives.method]
    assert set(methods.tolist()) == {"PICK_UP", "SHIPPING"}
    assert of_pickups[methods == "SHIPPING"].all()
    assert nodes.pickup[alternatives.pickup_node[methods == "PICK_UP"]].all()
    ways = np.column_stack((alternatives.order, alternatives.method, alternatives.pickup_node))
    assert len(np.unique(ways, axis=0)) == len(ways)
    own = np.column_stack((np.arange(len(orders)), orders.pickup_node))[orders.pickup_node >= 0]
    assert not set(map(tuple, own.tolist())) & set(map(tuple, ways[:, [0, 2]].tolist()))
    assert orders.method == day.orders.method, "the choice is offered beside what was ordered"


def test_tight_nodes_send_next_to_nothing() -> None:
    scenario = generate(GeneratorParams(tight_nodes=1), seed=1)
    is_store = np.array(scenario.nodes.kind) == "store"
    assert set(scenario.nodes.capacity_parcels[is_store].tolist()) == {2}


def test_the_larger_the_area_the_more_stores() -> None:
    scenario = generate(GeneratorParams(stores=500), seed=1)
    in_new_york, in_scranton = (
        sum(name.rpartition(" ")[0] == area for name in scenario.nodes.name)
        for area in ("New York", "Scranton")
    )
    people = sum(metro.thousands for metro in METROS)
    assert in_new_york == round(500 * 20140 / people)
    assert in_scranton == 1


def test_metros_are_a_hundred_different_places_in_order_of_size() -> None:
    assert len({metro.name for metro in METROS}) == 100
    assert len({(metro.lat, metro.lon) for metro in METROS}) == 100
    assert all(one.thousands >= other.thousands for one, other in pairwise(METROS))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"orders": 0}, "orders is 0; it may be from 1 to 1000000"),
        ({"stores": -1}, "stores is -1"),
        ({"scarcity": 1.1}, "scarcity is 1.1; it may be from 0 to 1"),
        ({"hot_sku_share": float("nan")}, "hot_sku_share is nan"),
        ({"lines_per_order": 0.5}, "lines_per_order is 0.5"),
        ({"kit_share": -0.1}, "kit_share is -0.1; it may be from 0 to 1"),
        ({"kit_demand": 0.5}, "demand for kits without kits; ask for a kit_share too"),
        ({"flexible_orders": 2}, "flexible_orders is 2"),
        ({"day": date(1999, 12, 31)}, "day is 1999"),
        ({"stores": 0, "warehouses": 0, "vendors": 0}, "a retailer without nodes"),
    ],
)
def test_params_check_themselves(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        dataclasses.replace(GeneratorParams(), **wrong)
    assert str(raised.value).startswith(told)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="seed is -1"):
        generate(GeneratorParams(), seed=-1)


def test_shelves_are_as_deep_as_asked_for() -> None:
    bare, full = (generate(GeneratorParams(store_depth=depth, scarcity=0), seed=1) for depth in (0, 9))
    wanted, there = _units(full)
    assert (there - wanted).sum() > 9 * len(full.stock)
    assert bare.stock.available.sum() < 6 * wanted.sum() + len(bare.skus)
    assert bare.stock.sku.tolist() == full.stock.sku.tolist()
