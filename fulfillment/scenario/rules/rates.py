"""Rules for price lists: one table of zones and weight steps for each carrier, service and method.

A price list is a grid: all zones of a service share their weight steps, and a zone has one reach and one
transit time. Price lists are short, so these rules go through them row by row.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from fulfillment.scenario import limits
from fulfillment.scenario.cells import read_choice, read_ids, read_money, read_numbers, to_ints, to_list
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import METHODS, Floats, Rates

# Of one price list: each zone with the positions of its rows.
Zones = dict[float, list[int]]


def read_rates(sheet: Sheet) -> Rates:
    """Read price lists and report what is wrong with them."""
    carrier = to_list(read_ids(sheet, "carrier"))
    service = to_list(read_ids(sheet, "service"))
    method = read_choice(sheet, "method", METHODS)
    zone = read_numbers(sheet, "zone", least=0, most=limits.NUMBERS, decimals=0)
    max_km = read_numbers(sheet, "max_km", least=0, most=limits.KM)
    max_weight_g = read_numbers(sheet, "max_weight_g", least=1, most=limits.WEIGHT_G, decimals=0)
    transit_days = read_numbers(sheet, "transit_days", least=0, most=limits.TRANSIT_DAYS, decimals=0)
    named = [
        bool(by.strip() and how.strip()) and to in METHODS
        for by, how, to in zip(carrier, service, method, strict=True)
    ]
    usable = (
        np.array(named, np.bool_)
        & np.isfinite(zone)
        & np.isfinite(max_km)
        & np.isfinite(max_weight_g)
        & np.isfinite(transit_days)
    )
    lists: dict[tuple[str, str, str], Zones] = defaultdict(lambda: defaultdict(list))
    for at in np.flatnonzero(usable).tolist():
        lists[carrier[at], service[at], method[at]][float(zone[at])].append(at)
    for zones in lists.values():
        _check_one_value_a_zone(sheet, "max_km", zones, max_km)
        _check_one_value_a_zone(sheet, "transit_days", zones, transit_days)
        _check_reach_rises(sheet, zones, max_km)
        _check_repeated_steps(sheet, zones, max_weight_g)
        if usable.all():  # else a zone may lack a step only because its row has another problem
            _check_steps(sheet, zones, max_weight_g)
    return Rates(
        carrier=carrier,
        service=service,
        method=method,
        zone=to_ints(zone, 0),
        max_km=max_km,
        max_weight_g=to_ints(max_weight_g, 1),
        cost_micros=read_money(sheet, "cost_cents"),
        transit_days=to_ints(transit_days, 0),
    )


def _check_one_value_a_zone(sheet: Sheet, column: str, zones: Zones, values: Floats) -> None:
    for first, *later in zones.values():
        others = np.array([at for at in later if values[at] != values[first]], np.int64)
        if len(others):
            sheet.flag(
                column,
                others,
                f"the zone has another {column} on an earlier row",
                f"Write {sheet.cell(column, first)}, or correct row {sheet.row_number(first)}.",
            )


def _check_reach_rises(sheet: Sheet, zones: Zones, max_km: Floats) -> None:
    for (nearer, before), (_, rows) in pairwise(sorted(zones.items())):
        if max_km[rows[0]] <= max_km[before[0]]:
            sheet.flag(
                "max_km",
                np.array(rows[:1]),
                "max_km does not rise with the zone",
                f"Write more than {sheet.cell('max_km', before[0])}, the max_km of zone {nearer:g}.",
            )


def _check_repeated_steps(sheet: Sheet, zones: Zones, max_weight_g: Floats) -> None:
    for rows in zones.values():
        for at, first in _find_repeated(rows, max_weight_g):
            sheet.flag(
                "max_weight_g",
                np.array([at]),
                "the zone has this weight step already",
                f"Keep one of the rows {sheet.row_number(first)} and {sheet.row_number(at)}.",
            )


def _check_steps(sheet: Sheet, zones: Zones, max_weight_g: Floats) -> None:
    steps_of = {zone: {float(max_weight_g[at]) for at in rows} for zone, rows in zones.items()}
    all_steps = set().union(*steps_of.values())
    for zone, rows in zones.items():
        if lacking := sorted(all_steps - steps_of[zone]):
            sheet.flag(
                "max_weight_g",
                np.array(rows[:1]),
                "the zone lacks weight steps that other zones of the service have",
                f"Add to zone {zone:g} the steps {_shorten(lacking)}, or take them from the other zones.",
            )


def _find_repeated(rows: list[int], max_weight_g: Floats) -> Iterator[tuple[int, int]]:
    """Yield each row whose step an earlier row has, with that row."""
    first_with: dict[float, int] = {}
    for at in rows:
        first = first_with.setdefault(float(max_weight_g[at]), at)
        if first != at:
            yield at, first


def _shorten(steps: list[float]) -> str:
    shown = ", ".join(f"{step:.0f}" for step in steps[:5])
    return f"{shown} and {len(steps) - 5} more" if len(steps) > 5 else shown
