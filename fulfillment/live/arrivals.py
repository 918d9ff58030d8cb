"""When parcels can arrive: the moments of all departure classes and services, numbered in time.

A parcel that leaves arrives at a moment with an odd number. What is collected where it stands is ready at a
moment of its own, which depends on the minute: it gets the even number of the gap where it falls, or the odd
one that it meets.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from fulfillment.domain.parcels import NO_CARRIER
from fulfillment.network.tariffs import NO_TARIFF, Tariffs
from solver.arrival_sweep import OWN_LEVEL

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Offers:
    """The price lists of each band that are the cheapest ones for some deadline, where no parcel is late."""

    band_ptr: Int64s  # [b+1]
    band_list: Int32s
    list_level: Int64s  # [r] transit level, or OWN_LEVEL

    @classmethod
    def of(cls, tariffs: Tariffs) -> "Offers":
        """Pick each list out of the tariff of the tightest deadline that it keeps."""
        levels: list[int] = tariffs.slacks.levels_days.tolist()
        level_of_list = [
            OWN_LEVEL if entry.carrier == NO_CARRIER else levels.index(entry.transit_days)
            for entry in tariffs.lists
        ]
        ptr, lists = [0], list[int]()
        for row in tariffs.tariff_of.tolist():
            for level in (OWN_LEVEL, *range(len(levels))):
                tariff = row[level + 1]  # with that slack this level and the faster ones are in time
                if tariff != NO_TARIFF:
                    begin, end = tariffs.tariff_ptr[tariff : tariff + 2].tolist()
                    usable = tariffs.tariff_list[begin:end].tolist()
                    lists += [r for r in usable if level_of_list[r] == level]
            ptr.append(len(lists))
        return cls(np.array(ptr, np.int64), np.array(lists, np.int32), np.array(level_of_list, np.int64))


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The moments at which what leaves next can arrive. Axes: ``k`` departure classes, ``v`` levels."""

    moments: tuple[datetime, ...]  # ascending; the i-th has the number 2 i + 1
    moment_of: Int64s  # [k, v]

    @classmethod
    def of(cls, departs_at: tuple[datetime, ...], levels_days: Int64s) -> "Arrivals":
        """Give every moment its number."""
        days = [timedelta(days=each) for each in levels_days.tolist()]
        arrives_at = [[at + each for each in days] for at in departs_at]
        moments = sorted({at for row in arrives_at for at in row})
        number = {at: 2 * i + 1 for i, at in enumerate(moments)}
        rows = [[number[at] for at in row] for row in arrives_at]
        return cls(tuple(moments), np.array(rows, np.int64).reshape(len(departs_at), len(days)))

    def __len__(self) -> int:
        return 2 * len(self.moments) + 1

    def number_of(self, ready_at: datetime) -> int:
        """Give a number to the moment when something can be collected where it stands."""
        at = bisect_left(self.moments, ready_at)
        return 2 * at + (at < len(self.moments) and self.moments[at] == ready_at)
