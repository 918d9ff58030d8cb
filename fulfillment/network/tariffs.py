"""Rates as price lists, distance bands and tariffs, the form the solver reads.

A **price list** is one (carrier, service, method, zone): weight steps and their costs. A **band** is a
stretch of distance over which every service of a method stays in one zone. A **tariff** is the set of price
lists that may be used in a band at a slack, which says who arrives in time, or how late.

Where a parcel may be late at a price, every list has a copy for each day late, whose price is added once to
the parcel; a tariff holds the copy that the slack calls for.
"""

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fulfillment.domain.kinds import Method
from fulfillment.domain.policy import Lateness
from fulfillment.network.slacks import DEPARTS_DAYS_AFTER_READY, NOT_OFFERED, Slacks

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

NO_TARIFF = -1
OWN_PICKUP_CARRIER = OWN_PICKUP_SERVICE = "none"
_ANY_WEIGHT_G = 2**62
_MICROS_PER_CENT = 10_000


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
    """One service in one zone, in time or so many days late."""

    carrier: str
    service: str
    method: str
    max_km: float
    transit_days: int
    steps_g: tuple[int, ...]
    costs_micros: tuple[int, ...]
    days_late: int = 0
    late_micros: int = 0  # a parcel, once

    def price_micros(self, weight_g: int) -> int:
        """Price a parcel: full multiples of the last step, the step of the rest, and its lateness."""
        full = max(0, -(-weight_g // self.steps_g[-1]) - 1)
        rest = weight_g - full * self.steps_g[-1]
        step = bisect_left(self.steps_g, rest)
        return full * self.costs_micros[-1] + self.costs_micros[step] + self.late_micros

    def never_beats(self, other: "PriceList") -> bool:
        """Whether `other` is as cheap at every weight (certain only where both have the same steps)."""
        more = self.late_micros - other.late_micros
        return (
            self.steps_g == other.steps_g
            and self.costs_micros[-1] >= other.costs_micros[-1]  # what a multiple of the last step costs
            and all(
                mine + more >= theirs
                for mine, theirs in zip(self.costs_micros, other.costs_micros, strict=True)
            )
        )


@dataclass(frozen=True, slots=True)
class Tariffs:
    """What transport costs, by band and by slack.

    Axes: ``b`` bands over all methods (the last one is own-stock pickup), ``t`` tariffs, ``r`` price lists,
    ``w`` steps. Lists stand in blocks: those that arrive in time, own-stock pickup last, then the same ones a
    day late, and so on.
    """

    lists: tuple[PriceList, ...]  # [r]
    slacks: Slacks
    band_edges_km: dict[str, Floats]  # by method
    first_band: dict[str, int]  # by method
    own_pickup_band: int
    tariff_of: Int32s  # [b, slack] or NO_TARIFF
    tariff_ptr: Int64s  # [t+1]
    tariff_list: Int32s
    list_ptr: Int64s  # [r+1]
    list_weight: Int64s  # [w] grams
    list_cost: Int64s  # [w] micros
    list_fixed: Int64s  # [r] micros a parcel for being late; empty where no parcel may be

    @classmethod
    def of(
        cls,
        rates: RateTable,
        lateness: Lateness | None = None,
        departs_days_after_ready: int = DEPARTS_DAYS_AFTER_READY,
    ) -> "Tariffs":
        """Build the tariffs of a rate table; without a `lateness` no parcel may be late.

        departs_days_after_ready : the most days that a parcel waits for its departure.
        """
        lateness = lateness or Lateness()
        own = PriceList(
            OWN_PICKUP_CARRIER, OWN_PICKUP_SERVICE, Method.PICK_UP, 0.0, 0, (_ANY_WEIGHT_G,), (0,)
        )
        carried = price_lists(rates)
        in_time = (*carried, own)
        lists = _with_late_copies(in_time, lateness)
        levels = sorted({entry.transit_days for entry in carried})
        slacks = Slacks.of(np.array(levels, np.int64), lateness.max_days, departs_days_after_ready)
        edges = {m: _edges(carried, m) for m in sorted({entry.method for entry in carried})}
        index: dict[tuple[int, ...], int] = {}
        rows: list[list[int]] = []
        first_band = {}

        def tariff_of(offered: list[tuple[int, int]]) -> int:
            """Find the tariff of lists (of those in time) and the days that each is late."""
            late = [r + days * len(in_time) for r, days in offered if days != NOT_OFFERED]
            usable = _undominated(lists, late)
            return index.setdefault(usable, len(index)) if usable else NO_TARIFF

        for method, method_edges in edges.items():
            first_band[method] = len(rows)
            for edge in method_edges:
                reach = _reaching(carried, method, float(edge))
                level = [levels.index(lists[r].transit_days) for r in reach]
                rows.append(
                    [
                        tariff_of(list(zip(reach, days_late[level].tolist(), strict=True)))
                        for days_late in slacks.level_days_late
                    ]
                )
        own_pickup_band = len(rows)
        rows.append([tariff_of([(len(carried), days)]) for days in slacks.own_days_late.tolist()])
        return cls(
            lists=lists,
            slacks=slacks,
            band_edges_km=edges,
            first_band=first_band,
            own_pickup_band=own_pickup_band,
            tariff_of=np.array(rows, np.int32),
            tariff_ptr=_pointers(index),
            tariff_list=np.array([r for usable in index for r in usable], np.int32),
            list_ptr=_pointers([entry.steps_g for entry in lists]),
            list_weight=np.array([g for entry in lists for g in entry.steps_g], np.int64),
            list_cost=np.array([c for entry in lists for c in entry.costs_micros], np.int64),
            list_fixed=np.array(
                [] if lateness.is_forbidden else [entry.late_micros for entry in lists], np.int64
            ),
        )


def _with_late_copies(in_time: tuple[PriceList, ...], lateness: Lateness) -> tuple[PriceList, ...]:
    day = lateness.cents_per_day * _MICROS_PER_CENT
    late = [
        replace(entry, days_late=days, late_micros=days * day)
        for days in range(1, lateness.max_days + 1)
        for entry in in_time
    ]
    return (*in_time, *late)


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
