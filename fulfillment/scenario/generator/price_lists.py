"""What a generated retailer pays its carriers: made-up lists of the usual shape."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from fulfillment.scenario.tables import MICROS_PER_CENT, Rates


@dataclass(frozen=True, slots=True)
class PriceList:
    """One service; both the first step and each further kilogram cost more in farther zones."""

    carrier: str
    service: str
    method: str
    reach_km: tuple[int, ...]  # of each zone
    transit_days: tuple[int, ...]  # of each zone
    steps_g: tuple[int, ...]
    first_cents: int
    first_cents_per_zone: int
    kg_cents: int
    kg_cents_per_zone: int

    def cents(self, zone: int, step_g: int) -> int:
        """Price a step, to five cents; zones count from 1."""
        first = self.first_cents + self.first_cents_per_zone * (zone - 1)
        further = (step_g - self.steps_g[0]) * (self.kg_cents + self.kg_cents_per_zone * (zone - 1))
        return 5 * round((first + further / 1000) / 5)


POUNDS: Final = (454, 907, 1361, 2268, 3402, 4536, 6804, 9072, 13608, 22680, 31751)
ZONES_KM: Final = (80, 240, 480, 970, 1600, 2250, 2900, 20_020)  # the last reaches any point of the earth
HAULS_KM: Final = (160, 800, 2400, 20_020)
PALLET_STEPS: Final = (4536, 13608, 45359)
PRICE_LISTS: Final = (
    PriceList("parcel", "ground", "SHIPPING", ZONES_KM, (1, 2, 2, 3, 4, 5, 5, 6), POUNDS, 620, 45, 48, 14),
    PriceList("parcel", "priority", "SHIPPING", ZONES_KM, (1, 1, 2, 2, 2, 3, 3, 3), POUNDS, 840, 75, 95, 38),
    PriceList("parcel", "express", "SHIPPING", ZONES_KM, (1,) * 7 + (2,), POUNDS, 2650, 260, 310, 95),
    PriceList("courier", "same_day", "LOCAL", (8, 16, 40), (0, 0, 0), (9072, 22680), 695, 260, 40, 15),
    PriceList("linehaul", "transfer", "PICK_UP", HAULS_KM, (1, 2, 3, 5), PALLET_STEPS, 160, 110, 12, 14),
)


def make_rates() -> Rates:
    """Lay all price lists out as rows."""
    carrier, service, method, zone, reach, step, cents, days = zip(*_rows(), strict=True)
    return Rates(
        carrier=list(carrier),
        service=list(service),
        method=list(method),
        zone=np.array(zone, np.int64),
        max_km=np.array(reach, np.float64),
        max_weight_g=np.array(step, np.int64),
        cost_micros=np.array(cents, np.int64) * MICROS_PER_CENT,
        transit_days=np.array(days, np.int64),
    )


def _rows() -> Iterator[tuple[str, str, str, int, int, int, int, int]]:
    for each in PRICE_LISTS:
        for zone, (reach, days) in enumerate(zip(each.reach_km, each.transit_days, strict=True), start=1):
            for step in each.steps_g:
                yield each.carrier, each.service, each.method, zone, reach, step, each.cents(zone, step), days
