"""What customers of a generated retailer order: where, when, how and how much."""

from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from fulfillment.scenario.generator.geometry import great_circle_km
from fulfillment.scenario.generator.params import GeneratorParams
from fulfillment.scenario.generator.places import Places
from fulfillment.scenario.generator.ranges import Ranges
from fulfillment.scenario.metros import METROS
from fulfillment.scenario.tables import NO_INDEX, Bools, Ints, OrderLines, Orders, Times

# Weights of the channels, and of the hours of a day from midnight on: a lunch peak and an evening peak.
CHANNELS: Final = {"web": 45, "app": 22, "marketplace": 14, "store": 8, "social": 7, "phone": 4}
HOURS: Final = (2, 1, 1, 1, 1, 2, 3, 5, 7, 9, 10, 11, 12, 11, 10, 9, 9, 10, 11, 13, 14, 12, 8, 4)

# Services: what a customer is told, in days after the placement, until the evening of that day.
STANDARD_DAYS: Final = 8
EXPEDITED_DAYS: Final = 4
NEXT_DAY_DAYS: Final = 2
PICK_UP_DAYS: Final = 4
EVENING_HOUR: Final = 21
LAST_SAME_DAY_HOUR: Final = 11
NO_PROMISE_SHARE: Final = 0.02

QTY_WEIGHTS: Final = (0.78, 0.15, 0.05, 0.02)
MOST_LINES: Final = 20
Words = npt.NDArray[np.str_]
SHIPPING, PICK_UP, LOCAL = "SHIPPING", "PICK_UP", "LOCAL"


def make_orders(
    params: GeneratorParams, places: Places, ranges: Ranges, lines: OrderLines, rng: np.random.Generator
) -> Orders:
    """Make orders, numbered in the order of their placement; `lines` name what is taken from stock.

    People order by the clocks of their own time zone. Pickup is chosen only where a store is near, and
    same-day only where that store also carries the whole order; else customers have it shipped.
    """
    count = params.orders
    people = places.postal_codes.population + 1.0
    postal = rng.choice(len(people), count, p=people / people.sum())
    minute = 60 * rng.choice(24, count, p=np.array(HOURS) / sum(HOURS)) + rng.integers(0, 60, count)
    midnight_at = _midnights_utc(params.day)
    placed_minute = midnight_at[places.postal_metro[postal]] + minute.astype("timedelta64[m]")
    by_placement = np.argsort(placed_minute, kind="stable")
    postal, minute = postal[by_placement], minute[by_placement]
    metro = places.postal_metro[postal]
    midnight, placed_at = midnight_at[metro], placed_minute[by_placement]
    channel = rng.choice(list(CHANNELS), count, p=np.array(list(CHANNELS.values())) / sum(CHANNELS.values()))
    store = choose_stores(places, metro, rng)
    uncarried = np.bincount(lines.order, ~ranges.carries(store[lines.order], lines.sku), count)
    method = np.where(
        channel == "marketplace", SHIPPING, _choose_methods(places, postal, store, uncarried == 0, rng)
    )
    service, days = _choose_services(method, minute, rng)
    evening = midnight + (24 * days + EVENING_HOUR).astype("timedelta64[h]")
    promise_by = np.where(
        (rng.random(count) < NO_PROMISE_SHARE) & (service == "standard"), np.datetime64("NaT"), evening
    )
    return Orders(
        order_id=[f"O{at + 1:07d}" for at in range(count)],
        placed_at=placed_at.astype("datetime64[us]"),
        channel=channel.tolist(),
        postal=postal.astype(np.int64),
        method=method.tolist(),
        service=service.tolist(),
        pickup_node=np.where(method == PICK_UP, store, NO_INDEX),
        promise_by=promise_by.astype("datetime64[us]"),
        priority=rng.choice([1, 2, 3], count, p=[0.05, 0.15, 0.80]).astype(np.int64),
        customer_id=[f"C{number:07d}" for number in rng.integers(1, 2 + 3 * count // 4, count).tolist()],
    )


def make_order_lines(params: GeneratorParams, rng: np.random.Generator) -> OrderLines:
    """Make lines with Zipf demand: the k-th best seller sells about 1/k as often as the best."""
    count = params.orders
    asked = np.minimum(1 + rng.poisson(params.lines_per_order - 1.0, count), MOST_LINES)
    order = np.repeat(np.arange(count, dtype=np.int64), asked)
    best_sellers = rng.permutation(params.skus)
    weights = 1.0 / (np.arange(params.skus) + 2.0)
    hot = rng.random(len(order)) < params.hot_sku_share
    rank = np.where(
        hot,
        rng.integers(0, max(1, params.skus // 200), len(order)),
        rng.choice(params.skus, len(order), p=weights / weights.sum()),
    )
    # A SKU drawn twice for one order is one line.
    order, sku = np.divmod(np.unique(order * params.skus + best_sellers[rank]), params.skus)
    first = np.searchsorted(order, order)
    return OrderLines(
        order=order,
        line_no=np.arange(1, len(order) + 1) - first,
        sku=sku,
        qty=1 + rng.choice(len(QTY_WEIGHTS), len(order), p=QTY_WEIGHTS).astype(np.int64),
    )


def _midnights_utc(day: date) -> Times:
    """Give each area's midnight of a day in UTC."""
    start = datetime.combine(day, time())
    offsets = [start.replace(tzinfo=ZoneInfo(metro.timezone)).utcoffset() for metro in METROS]
    return np.array([start - offset for offset in offsets if offset is not None], "datetime64[m]")


def _choose_methods(
    places: Places, postal: Ints, store: Ints, is_carried: Bools, rng: np.random.Generator
) -> Words:
    """Choose how each order is delivered; `store` is one of the customer's own area, if any."""
    wished = rng.choice([SHIPPING, PICK_UP, LOCAL], len(postal), p=[0.37, 0.27, 0.36])
    km = great_circle_km(
        places.postal_codes.lat[postal],
        places.postal_codes.lon[postal],
        places.nodes.lat[store],
        places.nodes.lon[store],
    )
    is_same_day = is_carried & (km <= places.nodes.same_day_radius_km[store])
    cannot = (store == NO_INDEX) | ((wished == LOCAL) & ~is_same_day)
    return np.where(cannot, SHIPPING, wished)


def choose_stores(places: Places, metro: Ints, rng: np.random.Generator) -> Ints:
    """Draw a store of each customer's own area, NO_INDEX where there is none."""
    stores = np.flatnonzero(places.nodes.pickup)
    by_metro = stores[np.argsort(places.node_metro[stores], kind="stable")]
    first = np.searchsorted(places.node_metro[by_metro], metro)
    count = np.bincount(places.node_metro[by_metro], minlength=len(METROS))[metro]
    picked = first + np.floor(rng.random(len(metro)) * count).astype(np.int64)
    return np.where(count > 0, np.append(by_metro, NO_INDEX)[np.minimum(picked, len(by_metro))], NO_INDEX)


def _choose_services(method: Words, minute: Ints, rng: np.random.Generator) -> tuple[Words, Ints]:
    """Choose what the customer paid for, and on which day after the placement it is promised."""
    shipped = rng.choice(["standard", "expedited", "next_day"], len(method), p=[0.84, 0.12, 0.04])
    service = np.select([method == PICK_UP, method == LOCAL], ["pickup", "same_day"], shipped)
    days = np.select(
        [service == "standard", service == "expedited", service == "next_day", service == "pickup"],
        [STANDARD_DAYS, EXPEDITED_DAYS, NEXT_DAY_DAYS, PICK_UP_DAYS],
        (minute >= 60 * LAST_SAME_DAY_HOUR).astype(np.int64),
    )
    return service, days
