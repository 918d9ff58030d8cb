"""With kits and flexible orders the verifier's bound is that of blind enumeration, to the micro.

The enumeration is built on the scenario's tables alone; each broken twin differs from it on some of its days.
"""

from pathlib import Path

import numpy as np
import pytest

from fulfillment.planning.certificate import in_cents
from fulfillment.scenario.tables import UNLIMITED_PARCELS, Scenario
from fulfillment.scenario.write import write_scenario
from fulfillment.verify import bound as bound_of
from fulfillment.verify import order_minimum, verify_plan
from fulfillment.verify.clocks import transit_days
from fulfillment.verify.day import Day, read_day
from fulfillment.verify.findings import Findings
from fulfillment.verify.plan import read_prices
from fulfillment.verify.transport import Transport
from tests.verify.blind import BlindBound
from tests.verify.folders import rules, write_allocations, write_certificate, write_prices
from tests.verify.small_days import PRICE_MAX, random_day, with_alternatives, with_kits

SEEDS = range(40)
Prices = tuple[dict[tuple[int, int], int], dict[int, int]]


def choosy_day(seed: int, *, qty: int = 2) -> Scenario:
    """Three nodes, three SKUs and two kits of them; lines of one order share components often."""
    rng = np.random.default_rng(seed)
    plain = random_day(rng, n_nodes=3, n_orders=4, n_skus=3, lines=2, qty=qty)
    return with_alternatives(rng, with_kits(rng, plain, n_kits=2, share=0.6), share=0.6)


def draw_prices(seed: int, scenario: Scenario) -> Prices:
    rng, stock, limits = np.random.default_rng(seed), scenario.stock, scenario.nodes.capacity_parcels
    priced = {
        at: int(rng.integers(1, PRICE_MAX))
        for at in zip(stock.node.tolist(), stock.sku.tolist(), strict=True)
        if rng.random() < 0.5
    }
    limited = np.flatnonzero(limits != UNLIMITED_PARCELS).tolist()
    return priced, {node: int(rng.integers(1, PRICE_MAX)) for node in limited if rng.random() < 0.5}


def write_day(folder: Path, scenario: Scenario, prices: Prices) -> None:
    """Write a day, and beside it a plan without parcels at these prices."""
    write_scenario(scenario, folder)
    node_id, sku_id = scenario.nodes.node_id, scenario.skus.sku_id

    def cents(micros: int) -> float:
        return float(in_cents(np.array([micros]))[0])

    write_prices(
        folder,
        [
            {"node_id": node_id[node], "sku_id": sku_id[sku], "price_cents": cents(price)}
            for (node, sku), price in prices[0].items()
        ],
        [{"node_id": node_id[node], "price_cents": cents(price)} for node, price in prices[1].items()],
    )


def verified_bound(folder: Path, day: Day) -> int:
    findings = Findings()
    prices = read_prices(folder, day, findings)
    assert prices is not None
    bound = bound_of.lower_bound(
        day, Transport.of(day.rates), transit_days(day.nodes, day.orders), prices, findings
    )
    assert findings.all() == ()
    assert bound is not None
    return bound


def is_blind_bound(seed: int, folder: Path, **sizes: int) -> bool:
    scenario = choosy_day(seed, **sizes)
    prices = draw_prices(seed, scenario)
    folder.mkdir()
    write_day(folder, scenario, prices)
    return verified_bound(folder, read_day(folder)) == BlindBound(scenario, *prices).bound()


@pytest.mark.parametrize("seed", SEEDS)
def test_it_is_the_bound_of_blind_enumeration(seed: int, tmp_path: Path) -> None:
    assert is_blind_bound(seed, tmp_path / "day")


@pytest.mark.parametrize("seed", range(6))
def test_it_is_that_bound_where_orders_are_too_large_to_search(seed: int, tmp_path: Path) -> None:
    """Every line asks for 600 units: each counts alone, a kit at the cheapest node that has all of it."""
    scenario = choosy_day(seed)
    scenario.order_lines.qty[:] = 600
    prices = draw_prices(seed, scenario)
    write_day(tmp_path, scenario, prices)
    assert verified_bound(tmp_path, read_day(tmp_path)) == BlindBound(scenario, *prices).bound()


def differs_somewhere(folder: Path) -> bool:
    return not all(is_blind_bound(seed, folder / str(seed)) for seed in SEEDS)


def test_an_order_held_to_its_own_way_is_caught(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The broken twin: alternatives are not looked at."""
    by_destination = bound_of._by_destination

    def own_ways_only(ways: object) -> list[np.ndarray]:
        groups = [group[ways.number[group] == -1] for group in by_destination(ways)]
        return [group for group in groups if len(group)]

    monkeypatch.setattr(bound_of, "_by_destination", own_ways_only)
    assert differs_somewhere(tmp_path)


def test_a_kit_at_the_price_of_its_first_component_is_caught(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The broken twin: a kit pays for nothing that it takes."""
    positions = bound_of._positions

    def unpaid(day: Day, prices: object) -> tuple[np.ndarray, ...]:
        sku, node, free, price = positions(day, prices)
        return sku, node, free, np.where(day.kits.is_kit[sku], 0, price)

    monkeypatch.setattr(bound_of, "_positions", unpaid)
    assert differs_somewhere(tmp_path)


def test_lines_that_share_a_component_each_alone_are_caught(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The broken twin: what two lines take of one SKU is not added up."""
    # Compiled kernels call each other directly: run as plain Python, they can be exchanged.
    for name in ("find_candidates", "find_shared", "find_sendable", "count_states", "bound_unit_by_unit",
                 "least_cost", "list_counts", "list_complements", "price_offers", "price_parcel",
                 "order_of_walk", "compose_parcels", "serve", "find_gain"):  # fmt: skip
        monkeypatch.setattr(order_minimum, name, getattr(order_minimum, name).py_func)
    monkeypatch.setattr(bound_of, "order_minima", order_minimum.order_minima.py_func)
    none = np.zeros(0, np.int64)
    monkeypatch.setattr(
        order_minimum, "find_shared", lambda sku, market: (none, np.zeros((0, len(sku)), np.int64))
    )
    assert differs_somewhere(tmp_path)


@pytest.mark.parametrize("seed", range(3))
def test_a_bound_one_cent_too_high_is_found_out(seed: int, tmp_path: Path) -> None:
    scenario = choosy_day(seed)
    prices = draw_prices(seed, scenario)
    write_day(tmp_path, scenario, prices)
    write_allocations(tmp_path, [])
    lines, skus = scenario.order_lines, scenario.skus
    unfilled = int((lines.qty * (5_000 + skus.price_micros[lines.sku] // 10_000)).sum())
    bound = BlindBound(scenario, *prices).bound() // 10_000
    write_certificate(tmp_path, unfilled, bound)
    assert verify_plan(tmp_path, tmp_path).violations == ()
    write_certificate(tmp_path, unfilled, bound + 1)
    assert rules(verify_plan(tmp_path, tmp_path)) == {"lower_bound_cents is more than the prices prove"}
