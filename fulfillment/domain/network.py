"""What decisions depend on, as a retailer tells it: nodes, when and how much they can send, SKUs, places."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from zoneinfo import available_timezones

from fulfillment.domain.checks import require_text
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.gtin import check_gtin
from fulfillment.domain.kinds import NodeKind

CUTOFF = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
AMOUNT_MICROS_MAX = 10**12
"""Most of one amount of money, a million of the currency's major unit, so that no sum can leave 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A place that fulfils.

    Attributes
    ----------
    cutoff_local : str
        HH:MM on the node's own clock: when parcels leave.
    commission_bp : int
        Hundredths of a percent of the goods' price, for vendors.
    """

    node_id: str
    kind: NodeKind
    name: str
    lat: float
    lon: float
    timezone: str
    ships: bool
    pickup: bool
    same_day_radius_km: float
    cutoff_local: str
    processing_minutes: int
    handling_micros_per_unit: int
    handling_micros_per_parcel: int
    commission_bp: int

    def __post_init__(self) -> None:
        require_text("node_id", self.node_id)
        if self.timezone not in _time_zones():
            raise InvalidRequest(
                f"timezone is {self.timezone!r}",
                remedy="give a name of the IANA time zone database, such as America/New_York",
                key="timezone",
                value=self.timezone,
            )
        if not CUTOFF.fullmatch(self.cutoff_local):
            raise InvalidRequest(
                f"cutoff_local is {self.cutoff_local!r}",
                remedy="give the node's local time from 00:00 to 23:59",
                key="cutoff_local",
                value=self.cutoff_local,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a node's doors are open, and the local days on which it sends nothing.

    Attributes
    ----------
    closed_on : mapping of date to str
        Why, by day.
    """

    node_id: str
    opening_hours: str = ""
    closed_on: Mapping[date, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """How much a node can send in a slot; a `qty` of None is no limit."""

    node_id: str
    slot: str
    unit: str
    qty: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sku:
    """A product; the GTIN is empty or right."""

    sku_id: str
    gtin: str
    name: str
    price_micros: int
    weight_g: int

    def __post_init__(self) -> None:
        require_text("sku_id", self.sku_id)
        if self.gtin:
            check_gtin(self.gtin)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostalCode:
    """A place to deliver to."""

    postal_code: str
    lat: float
    lon: float
    population: int


@cache
def _time_zones() -> frozenset[str]:
    # "localtime" is whatever the machine that reads it is set to.
    return frozenset(available_timezones()) - {"localtime"}
