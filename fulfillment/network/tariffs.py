"""Rates as price lists, distance bands and tariffs, the form the solver reads.

A **price list** is one (carrier, service, method, zone): weight steps and their costs. A **band** is a
stretch of distance over which every service of a method stays in one zone. A **tariff** is the set of price
lists that may be used in a band when only so many transit levels still arrive in time.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fulfillment.domain.kinds import Method

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

NO_TARIFF = -1
OWN_PICKUP_CARRIER = OWN_PICKUP_SERVICE = "none"
_ANY_WEIGHT_G = 2**62


class RateTable(Protocol):
    """The columns of a rate table, one entry a weight step."""

    @property
    def carrier(self) -> list[str]: ...  # noqa: D102
    @property
    def service(self) -> list[str]: ...  # noqa: D102
    @property
    def method(self) -> list[str]: ...  # noqa: D102
    @property
    def zone(self) -> Int64s: ...  # noqa: D102
    @property
    def max_km(self) -> Floats: ...  # noqa: D102
    @property
    def max_weight_g(self) -> Int64s: ...  # noqa: D102
    @property
    def cost_micros(self) -> Int64s: ...  # noqa: D102
    @property
    def transit_days(self) -> Int64s: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class PriceList:
    """One service in one zone."""

    carrier: str
    service: str
    method: str
    max_km: float
    transit_days: int
    steps_g: tuple[int, ...]
    costs_micros: tuple[int, ...]

    def never_beats(self, other: "PriceList") -> bool:
        """Whether `other` is as cheap at every weight (certain only where both have the same steps)."""
        return self.steps_g == other.steps_g and all(
            mine >= theirs for mine, theirs in zip(self.costs_micros, other.costs_micros, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Tariffs:
    """What transport costs, by band and by how many transit levels still arrive in time.

    Axes: ``b`` bands over all methods (the last one is own-stock pickup), ``t`` tariffs, ``r`` price lists,
    ``w`` steps. The second axis of `tariff_of` is the slack: with slack i, services of the first i transit
    levels may be used; own-stock pickup may be used at any.
    """

    lists: tuple[PriceList, ...]  # [r]
    transit_levels_days: Int64s  # ascending
    band_edges_km: dict[str, Floats]  # by method
    first_band: dict[str, int]  # by method
    own_pickup_band: int
    tariff_of: Int32s  # [b, slack]
    tariff_ptr: Int64s  # [t+1]
    tariff_list: Int32s
    list_ptr: Int64s  # [r+1]
    list_weight: Int64s  # [w] grams
    list_cost: Int64s  # [w] micros

    @classmethod
    def of(cls, rates: RateTable) -> "Tariffs":
        """Build the tariffs of a rate table."""
        own = PriceList(
            OWN_PICKUP_CARRIER, OWN_PICKUP_SERVICE, Method.PICK_UP, 0.0, 0, (_ANY_WEIGHT_G,), (0,)
        )
        lists = (*price_lists(rates), own)
        carried = lists[:-1]
        levels = sorted({entry.transit_days for entry in carried})
        edges = {m: _edges(carried, m) for m in sorted({entry.method for entry in carried})}
        index: dict[tuple[int, ...], int] = {}
        rows: list[list[int]] = []
        first_band = {}
        for method, method_edges in edges.items():
            first_band[method] = len(rows)
            for edge in method_edges:
                reach = _reaching(carried, method, float(edge))
                row = [NO_TARIFF]
                for level in levels:
                    usable = _undominated(lists, [r for r in reach if lists[r].transit_days <= level])
                    row.append(index.setdefault(usable, len(index)) if usable else NO_TARIFF)
                rows.append(row)
        own_pickup_band = len(rows)
        rows.append([index.setdefault((len(carried),), len(index))] * (len(levels) + 1))
        return cls(
            lists=lists,
            transit_levels_days=np.array(levels, np.int64),
            band_edges_km=edges,
            first_band=first_band,
            own_pickup_band=own_pickup_band,
            tariff_of=np.array(rows, np.int32),
            tariff_ptr=_pointers(index),
            tariff_list=np.array([r for usable in index for r in usable], np.int32),
            list_ptr=_pointers([entry.steps_g for entry in lists]),
            list_weight=np.array([g for entry in lists for g in entry.steps_g], np.int64),
            list_cost=np.array([c for entry in lists for c in entry.costs_micros], np.int64),
        )


def price_lists(rates: RateTable) -> tuple[PriceList, ...]:
    """Group a rate table into price lists, in order of (method, carrier, service, zone)."""
    groups: dict[tuple[str, str, str, int], list[int]] = {}
    keys = zip(rates.method, rates.carrier, rates.service, rates.zone.tolist(), strict=True)
    for row, key in enumerate(keys):
        groups.setdefault(key, []).append(row)
    lists = []
    for (method, carrier, service, _), members in sorted(groups.items()):
        steps = sorted(members, key=lambda row: int(rates.max_weight_g[row]))
        lists.append(
            PriceList(
                carrier,
                service,
                method,
                float(rates.max_km[steps[0]]),
                int(rates.transit_days[steps[0]]),
                tuple(int(rates.max_weight_g[row]) for row in steps),
                tuple(int(rates.cost_micros[row]) for row in steps),
            )
        )
    return tuple(lists)


def _edges(lists: tuple[PriceList, ...], method: str) -> Floats:
    return np.array(sorted({entry.max_km for entry in lists if entry.method == method}), np.float64)


def _reaching(lists: tuple[PriceList, ...], method: str, edge_km: float) -> list[int]:
    """For each service of `method` the price list of the zone that holds distances up to `edge_km`."""
    found: dict[tuple[str, str], int] = {}
    for r, entry in enumerate(lists):
        key = (entry.carrier, entry.service)
        if entry.method == method and entry.max_km >= edge_km and key not in found:
            found[key] = r
    return list(found.values())


def _undominated(lists: tuple[PriceList, ...], candidates: list[int]) -> tuple[int, ...]:
    """Leave out lists that are never cheaper than another one; of equal lists the first stays."""
    kept: list[int] = []
    for r in candidates:
        if any(lists[r].never_beats(lists[k]) for k in kept):
            continue
        kept = [k for k in kept if not lists[k].never_beats(lists[r])] + [r]
    return tuple(kept)


def _pointers(groups: "dict[tuple[int, ...], int] | list[tuple[int, ...]]") -> Int64s:
    return np.concatenate(([0], np.cumsum([len(group) for group in groups]))).astype(np.int64)
