"""Tariffs give every parcel the price that the rate table's rows give it."""

import numpy as np
import pytest

from fulfillment.domain.policy import Lateness
from fulfillment.network.slacks import NOT_OFFERED
from fulfillment.network.tariffs import NO_TARIFF, OWN_PICKUP_SERVICE, Tariffs, price_lists
from tests.network.tables import names_of, rates

STEPS_KM = (50.0, 100.0, 200.0, 400.0, 800.0)


def price_of_list(steps: list[tuple[int, int]], weight_g: int) -> int:
    """Steps of (grams, micros): the last one once for each full multiple, then the step of the rest."""
    cost = 0
    while weight_g > steps[-1][0]:
        cost, weight_g = cost + steps[-1][1], weight_g - steps[-1][0]
    return cost + next(micros for grams, micros in steps if grams >= weight_g)


def cheapest_row(rows: list[tuple], method: str, km: float, days_max: int, weight_g: int) -> int | None:
    """The pinned rule, straight from the rows: each service at the first zone that reaches `km`."""
    late = {days: 0 if days <= days_max else None for days in range(9)}
    return cheapest_late_row(rows, method, km, late, weight_g)


def cheapest_late_row(
    rows: list[tuple], method: str, km: float, late_micros: dict[int, int | None], weight_g: int
) -> int | None:
    """As many days on the road add `late_micros` to a parcel, or can't be offered."""
    prices = []
    for service in {(row[0], row[1]) for row in rows if row[2] == method}:
        mine = [row for row in rows if (row[0], row[1], row[2]) == (*service, method)]
        zones = sorted((row[3], row[4], row[7]) for row in mine)
        zone = next((zone for zone in zones if zone[1] >= km), None)
        if zone and (late := late_micros[zone[2]]) is not None:
            steps = sorted((row[5], row[6]) for row in mine if row[3] == zone[0])
            prices.append(late + price_of_list(steps, weight_g))
    return min(prices, default=None)


def random_rows(rng: np.random.Generator) -> list[tuple]:
    rows = []
    for k in range(int(rng.integers(1, 5))):
        method = str(rng.choice(["SHIPPING", "LOCAL"]))
        edges = np.sort(rng.choice(STEPS_KM, int(rng.integers(1, 5)), replace=False))
        weights = np.sort(rng.choice([100, 200, 500, 1000], int(rng.integers(1, 4)), replace=False))
        for zone, edge in enumerate(edges, start=1):
            days = int(rng.integers(0, 4))
            for grams, micros in zip(weights, np.sort(rng.integers(0, 30, len(weights))), strict=True):
                rows.append((f"c{k % 2}", f"s{k}", method, zone, float(edge), int(grams), int(micros), days))
    return [rows[at] for at in rng.permutation(len(rows))]


def tariff_price(tariffs: Tariffs, band: int, slack: int, weight_g: int) -> int | None:
    tariff = tariffs.tariff_of[band, slack]
    if tariff == NO_TARIFF:
        return None
    members = tariffs.tariff_list[tariffs.tariff_ptr[tariff] : tariffs.tariff_ptr[tariff + 1]]
    lists = [tariffs.lists[r] for r in members]
    return min(
        x.late_micros + price_of_list(list(zip(x.steps_g, x.costs_micros, strict=True)), weight_g)
        for x in lists
    )


def test_every_band_slack_and_weight_costs_what_the_rows_say() -> None:
    """Also shows that a list left out of a tariff was never cheaper: no weight misses it."""
    for seed in range(60):
        rows = random_rows(np.random.default_rng(seed))
        tariffs = Tariffs.of(rates(*rows))
        for method, edges in tariffs.band_edges_km.items():
            for band, edge in enumerate(edges, start=tariffs.first_band[method]):
                for slack in range(len(tariffs.slacks)):
                    days = tariffs.slacks.levels_days[slack - 1] if slack else -1
                    for weight_g in (1, 100, 101, 200, 499, 500, 501, 1000, 1001, 2000, 2001):
                        inside = edge - 1  # edges are 50 km apart or more
                        expected = cheapest_row(rows, method, inside, days, weight_g)
                        assert tariff_price(tariffs, band, slack, weight_g) == expected, seed
                        assert cheapest_row(rows, method, edge, days, weight_g) == expected, seed


@pytest.mark.parametrize("cents_per_day", [0, 1, 9])
def test_every_band_slack_and_weight_costs_what_the_rows_and_the_days_late_say(cents_per_day: int) -> None:
    """Prices of the rows are micros below 30, so a day late at a cent outweighs any of them, none at 0."""
    for seed in range(40):
        rows = random_rows(np.random.default_rng(seed))
        tariffs = Tariffs.of(rates(*rows), Lateness(cents_per_day=cents_per_day, max_days=2))
        levels = tariffs.slacks.levels_days.tolist()
        for method, edges in tariffs.band_edges_km.items():
            for band, edge in enumerate(edges, start=tariffs.first_band[method]):
                for slack, days_late in enumerate(tariffs.slacks.level_days_late.tolist()):
                    late = {
                        level: None if days == NOT_OFFERED else days * cents_per_day * 10_000
                        for level, days in zip(levels, days_late, strict=True)
                    }
                    for weight_g in (1, 100, 101, 500, 501, 1001, 2001):
                        expected = cheapest_late_row(rows, method, edge, late, weight_g)
                        assert tariff_price(tariffs, band, slack, weight_g) == expected, seed


def test_a_dearer_service_that_is_less_late_may_be_worth_it() -> None:
    """Ground is a day later than air: at 20 a day it is cheaper still, at 50 no more."""
    rows = (
        ("post", "ground", "SHIPPING", 1, 100, 500, 300_000, 2),
        ("post", "air", "SHIPPING", 1, 100, 500, 600_000, 1),
    )
    for cents, cheapest in ((20, 300_000 + 2 * 200_000), (50, 600_000 + 500_000)):
        tariffs = Tariffs.of(rates(*rows), Lateness(cents_per_day=cents, max_days=2))
        one_day_late_by_air = tariffs.slacks.level_days_late.tolist().index([1, 2])
        assert tariff_price(tariffs, 0, one_day_late_by_air, 100) == cheapest


def test_late_copies_are_the_same_lists_at_a_price_and_own_pickup_may_be_late_too() -> None:
    tariffs = Tariffs.of(
        rates(("truck", "transfer", "PICK_UP", 1, 100, 500, 30, 2)), Lateness(cents_per_day=7, max_days=2)
    )
    assert [(entry.service, entry.days_late, entry.late_micros) for entry in tariffs.lists] == [
        ("transfer", 0, 0),
        ("none", 0, 0),
        ("transfer", 1, 70_000),
        ("none", 1, 70_000),
        ("transfer", 2, 140_000),
        ("none", 2, 140_000),
    ]
    assert tariffs.list_fixed.tolist() == [0, 0, 70_000, 70_000, 140_000, 140_000]
    for slack, days in enumerate(tariffs.slacks.own_days_late.tolist()):
        assert tariff_price(tariffs, tariffs.own_pickup_band, slack, 2**40) == days * 70_000


def test_services_with_other_zones_share_bands() -> None:
    tariffs = Tariffs.of(
        rates(
            ("post", "near", "SHIPPING", 1, 100, 500, 30, 1),
            ("post", "far", "SHIPPING", 1, 60, 500, 40, 0),
            ("post", "far", "SHIPPING", 2, 900, 500, 70, 0),
        )
    )
    assert tariffs.band_edges_km["SHIPPING"].tolist() == [60, 100, 900]
    assert tariffs.slacks.levels_days.tolist() == [0, 1]
    in_a_day = [names_of(tariffs, band, 2) for band in range(3)]
    assert in_a_day == [{("near", 30)}, {("near", 30)}, {("far", 70)}]
    today = [names_of(tariffs, band, 1) for band in range(3)]
    assert today == [{("far", 40)}, {("far", 70)}, {("far", 70)}]
    assert [names_of(tariffs, band, 0) for band in range(3)] == [set(), set(), set()]


def test_a_list_that_is_dearer_at_every_step_is_left_out() -> None:
    tariffs = Tariffs.of(
        rates(
            ("post", "a", "SHIPPING", 1, 100, 500, 30, 1),
            ("post", "a", "SHIPPING", 1, 100, 900, 50, 1),
            ("post", "b", "SHIPPING", 1, 100, 500, 30, 1),
            ("post", "b", "SHIPPING", 1, 100, 900, 51, 1),
        )
    )
    assert names_of(tariffs, 0, 1) == {("a", 30)}


@pytest.mark.parametrize(
    "other",
    [
        [("post", "b", "SHIPPING", 1, 100, 500, 29, 1), ("post", "b", "SHIPPING", 1, 100, 900, 51, 1)],
        [("post", "b", "SHIPPING", 1, 100, 400, 31, 1), ("post", "b", "SHIPPING", 1, 100, 900, 51, 1)],
        [("post", "b", "SHIPPING", 1, 100, 2000, 60, 1)],
    ],
    ids=["cheaper at one step", "other steps", "one long step"],
)
def test_a_list_that_may_be_cheaper_at_some_weight_stays(other: list[tuple]) -> None:
    """Beyond the last step prices add up: 1,800 g cost 100 on list a and 60 on the one long step."""
    a = [("post", "a", "SHIPPING", 1, 100, 500, 30, 1), ("post", "a", "SHIPPING", 1, 100, 900, 50, 1)]
    assert len(names_of(Tariffs.of(rates(*a, *other)), 0, 1)) == 2


def test_own_stock_pickup_costs_nothing_at_any_weight_and_slack() -> None:
    tariffs = Tariffs.of(rates(("truck", "transfer", "PICK_UP", 1, 100, 500, 30, 2)))
    assert names_of(tariffs, tariffs.own_pickup_band, 0) == {(OWN_PICKUP_SERVICE, 0)}
    assert names_of(tariffs, tariffs.own_pickup_band, 1) == {(OWN_PICKUP_SERVICE, 0)}
    assert tariff_price(tariffs, tariffs.own_pickup_band, 0, 2**40) == 0
    assert tariffs.own_pickup_band not in tariffs.first_band.values()


def test_price_lists_stand_in_one_order_whatever_the_order_of_the_rows() -> None:
    rows = [
        ("post", "b", "SHIPPING", 2, 300, 500, 31, 1),
        ("post", "b", "SHIPPING", 1, 100, 900, 50, 1),
        ("post", "b", "SHIPPING", 1, 100, 500, 30, 1),
        ("bike", "c", "LOCAL", 1, 10, 500, 9, 0),
    ]
    lists = price_lists(rates(*rows))
    assert lists == price_lists(rates(*reversed(rows)))
    assert [(entry.service, entry.max_km, entry.steps_g) for entry in lists] == [
        ("c", 10, (500,)),
        ("b", 100, (500, 900)),
        ("b", 300, (500,)),
    ]
