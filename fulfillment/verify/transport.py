"""What carriers charge: the price of a parcel by carrier, service, method, distance and weight.

The zone of a service is the first whose max_km is at or above the distance. A parcel pays the first weight
step that holds it; heavier than the last step, it pays the last step once for every full multiple of it and
the step of the rest.

Distances matter only as far as zones tell them apart: the **ring** of a distance is how many of the method's
max_km lie below it.
"""

from dataclasses import dataclass

import numpy as np

from fulfillment.verify.day import Rates
from fulfillment.verify.files import Floats, Ints, UnusableInput
from fulfillment.verify.ways import METHODS

EARTH_RADIUS_KM = 6371.0
OUT_OF_REACH = -1


@dataclass(frozen=True, slots=True)
class PriceList:
    """One service of a carrier in one zone."""

    carrier: str
    service: str
    transit_days: int
    steps_g: Ints
    costs: Ints  # micros


@dataclass(frozen=True, slots=True)
class Transport:
    """All price lists, and which of them hold in a ring of a method."""

    lists: tuple[PriceList, ...]
    edges_km: dict[str, Floats]  # by method, ascending
    in_ring: dict[str, list[list[int]]]  # by method: for each ring one list of every service that goes there

    def ring(self, method: str, km: Floats) -> Ints:
        """Ring of each distance, OUT_OF_REACH past the last."""
        edges = self.edges_km[method]
        rings = np.searchsorted(edges, km, side="left")
        return np.where(rings < len(edges), rings, OUT_OF_REACH)

    def list_of(self, method: str, ring: int, carrier: str, service: str) -> PriceList | None:
        """Price list of a service in a ring, None where it doesn't go."""
        if ring == OUT_OF_REACH:
            return None
        lists = (self.lists[at] for at in self.in_ring[method][ring])
        return next((each for each in lists if (each.carrier, each.service) == (carrier, service)), None)

    @classmethod
    def of(cls, rates: Rates) -> "Transport":
        """Group the rows of a rate table.

        Raises
        ------
        UnusableInput
            When the rows of a zone contradict each other.
        """
        rows: dict[tuple[str, str, str], dict[int, list[int]]] = {}
        for row, key in enumerate(zip(rates.method, rates.carrier, rates.service, strict=True)):
            rows.setdefault(key, {}).setdefault(int(rates.zone[row]), []).append(row)
        lists: list[PriceList] = []
        zones: dict[tuple[str, str, str], list[tuple[float, int]]] = {}  # (max_km, list), nearest first
        for (method, carrier, service), of_zone in sorted(rows.items()):
            for _, members in sorted(of_zone.items()):
                max_km, days = (
                    _one(rates.max_km[members], "max_km"),
                    _one(rates.transit_days[members], "days"),
                )
                steps = rates.max_weight_g[members]
                by_weight = np.argsort(steps)
                if len(np.unique(steps)) < len(steps):
                    raise UnusableInput(f"rates: {carrier} {service} repeats a weight step in a zone")
                costs = rates.cost[members][by_weight]
                zones.setdefault((method, carrier, service), []).append((max_km, len(lists)))
                lists.append(PriceList(carrier, service, int(days), steps[by_weight], costs))
        edges = {
            method: np.unique([km for key, each in zones.items() if key[0] == method for km, _ in each])
            for method in METHODS
        }
        in_ring = {
            method: [
                [
                    next(at for km, at in each if km >= edge)
                    for key, each in zones.items()
                    if key[0] == method and max(each)[0] >= edge
                ]
                for edge in edges[method]
            ]
            for method in METHODS
        }
        return cls(tuple(lists), edges, in_ring)


def great_circle_km(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    """Distance in km on a sphere of 6,371 km between points in degrees; shapes broadcast."""
    north1, north2 = np.radians(lat1), np.radians(lat2)
    turn = np.radians(lon2) - np.radians(lon1)
    half_chord2 = np.sin((north2 - north1) / 2) ** 2 + np.cos(north1) * np.cos(north2) * np.sin(turn / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half_chord2, 0, 1))))


def _one(values: Floats | Ints, what: str) -> float:
    if len(np.unique(values)) > 1:
        raise UnusableInput(f"rates: a zone has two values of {what}")
    return float(values[0])
