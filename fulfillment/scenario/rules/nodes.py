"""Rules for nodes: where they are, when they cut off, what they can and what their work costs."""

import re
from functools import lru_cache
from zoneinfo import available_timezones

import numpy as np

from fulfillment.scenario import limits
from fulfillment.scenario.cells import (
    read_booleans,
    read_choice,
    read_ids,
    read_matching,
    read_money,
    read_numbers,
    read_text,
    read_whole,
    to_ints,
    to_list,
)
from fulfillment.scenario.keys import flag_repeated_ids
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import UNLIMITED_PARCELS, Ints, Nodes

KINDS = ("warehouse", "store", "vendor")
CUTOFF = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


def read_nodes(sheet: Sheet) -> Nodes:
    """Read nodes and report what is wrong with them."""
    node_id = read_ids(sheet, "node_id")
    flag_repeated_ids(sheet, "node_id", node_id)
    return Nodes(
        node_id=to_list(node_id),
        kind=read_choice(sheet, "kind", KINDS),
        name=to_list(read_text(sheet, "name")),
        lat=read_numbers(sheet, "lat", least=-90, most=90),
        lon=read_numbers(sheet, "lon", least=-180, most=180),
        timezone=read_matching(
            sheet,
            "timezone",
            _is_time_zone,
            "the time zone is not known",
            "Write a name of the IANA time zone database, such as America/New_York.",
        ),
        opening_hours=to_list(read_text(sheet, "opening_hours")),
        ships=read_booleans(sheet, "ships"),
        pickup=read_booleans(sheet, "pickup"),
        same_day_radius_km=read_numbers(sheet, "same_day_radius_km", least=0, most=limits.KM),
        cutoff_local=read_matching(
            sheet,
            "cutoff_local",
            lambda text: CUTOFF.fullmatch(text) is not None,
            "the cut-off is not HH:MM",
            "Write the node's local time from 00:00 to 23:59, with two digits each.",
        ),
        processing_minutes=_read_processing(sheet),
        handling_micros_per_unit=read_money(sheet, "handling_cents_per_unit"),
        handling_micros_per_parcel=read_money(sheet, "handling_cents_per_parcel"),
        capacity_parcels=read_whole(
            sheet, "capacity_parcels", least=0, most=limits.PARCELS, blank=UNLIMITED_PARCELS
        ),
        commission_pct=read_numbers(sheet, "commission_pct", least=0, most=100, decimals=2),
    )


def _read_processing(sheet: Sheet) -> Ints:
    minutes = 60 * read_numbers(sheet, "processing_hours", least=0, most=limits.HOURS)
    whole = np.rint(minutes)
    sheet.flag(
        "processing_hours",
        np.abs(minutes - whole) > 1e-6,
        "not a whole number of minutes",
        "Write hours that make whole minutes, such as 1.25.",
    )
    return to_ints(whole, 0)


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    # "localtime" is whatever the machine that reads it is set to.
    return frozenset(available_timezones()) - {"localtime"}


def _is_time_zone(name: str) -> bool:
    return name in _time_zones()
