"""Slacks: how late a parcel of each transit level would arrive, the second axis of `Tariffs.tariff_of`.

Transit takes whole days, so two numbers say all there is to know of an order and a departure class: by how
many days, a day begun counting whole, the promise is past when the parcel departs, and when it is ready
(which is when the customer may collect it from the node's own stock). A **slack** is what a pair of them
comes to: the days late of every transit level and of own-stock pickup, or that they are not offered. Without
lateness that is how many levels arrive in time.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fulfillment.domain.errors import invariant

Int16s = npt.NDArray[np.int16]
Int64s = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]

NOT_OFFERED = -1
NO_SLACK = -1
_DAY_US = 86_400_000_000
DEPARTS_DAYS_AFTER_READY = 2
"""Wall clocks jump by a day at most, so the first cut-off comes within two days of being ready. A node that
is closed on some days takes that much longer."""
_CANNOT_BE = -2


@dataclass(frozen=True, slots=True)
class Slacks:
    """The slacks that orders can have.

    Axes: ``i`` slacks, ``v`` transit levels. The first v + 1 are the plain ones: with slack i the first i
    levels arrive in time, and own-stock pickup is ready in time.
    """

    levels_days: Int64s  # [v] ascending
    days_late_max: int
    own_days_late: Int64s  # [i]
    level_days_late: Int64s  # [i, v] or NOT_OFFERED
    _slack_of: Int16s  # [days late at departure - _first, days late when ready] or NO_SLACK

    @classmethod
    def of(
        cls,
        levels_days: Int64s,
        days_late_max: int = 0,
        departs_days_after_ready: int = DEPARTS_DAYS_AFTER_READY,
    ) -> "Slacks":
        """List the slacks of transit levels where a parcel may be so many days late.

        departs_days_after_ready : the most days that a parcel waits for its departure.
        """
        levels = levels_days.tolist()
        index: dict[tuple[int, ...], int] = {}
        for in_time in range(len(levels) + 1):
            index[(0, *[0] * in_time, *[NOT_OFFERED] * (len(levels) - in_time))] = in_time
        first, last = -max(levels, default=0), days_late_max + 1
        slack_of = np.full((last - first + 1, days_late_max + 2), _CANNOT_BE, np.int16)
        slack_of[:, days_late_max + 1] = NO_SLACK
        for departs in range(first, last + 1):
            earliest = max(0, departs - departs_days_after_ready)
            for ready in range(earliest, min(max(0, departs), days_late_max) + 1):
                late = [max(0, departs + days) for days in levels]
                offered = [days if days <= days_late_max else NOT_OFFERED for days in late]
                slack_of[departs - first, ready] = index.setdefault((ready, *offered), len(index))
        columns = np.array(list(index), np.int64)
        return cls(levels_days, days_late_max, columns[:, 0].copy(), columns[:, 1:].copy(), slack_of)

    def __len__(self) -> int:
        return len(self.own_days_late)

    @property
    def open_ended(self) -> int:
        """The slack of an order without a deadline."""
        return len(self.levels_days)

    def between(self, ready_at: Times, departs_at: Times, promise_by: Times) -> Int16s:
        """Find slacks; NO_SLACK where not even own-stock pickup is offered.

        All datetime64[us], UTC; NaT for a promise without a deadline.
        """
        open_ended = np.isnat(promise_by)
        if self.days_late_max == 0:
            slack = self.in_time(ready_at, departs_at, promise_by)
            return np.where(open_ended, np.int16(self.open_ended), slack)
        promise = np.where(open_ended, departs_at, promise_by)
        ready = np.clip(_days_late(ready_at, promise), 0, self.days_late_max + 1)
        first, last = -max(self.levels_days.tolist(), default=0), self.days_late_max + 1
        departs = np.clip(_days_late(departs_at, promise), first, last)
        slack = self._slack_of[departs - first, ready]
        invariant(
            bool(np.all(slack != _CANNOT_BE)), "parcels depart as soon after they are ready as was said"
        )
        return np.where(open_ended, np.int16(self.open_ended), slack)

    def in_time(self, ready_at: Times, departs_at: Times, promise_by: Times) -> Int16s:
        """Find the plain slacks, with which no parcel is late: count the levels that arrive in time."""
        promise_us = promise_by.astype("datetime64[us]").astype(np.int64)
        ready_us = ready_at.astype("datetime64[us]").astype(np.int64)
        ahead_days = (promise_us - departs_at.astype("datetime64[us]").astype(np.int64)) // _DAY_US
        in_time = np.searchsorted(self.levels_days, ahead_days, side="right").astype(np.int16)
        return np.where(ready_us > promise_us, np.int16(NO_SLACK), in_time)


def _days_late(at: Times, promise: Times) -> Int64s:
    """Days from the promise until `at`, a day begun counting whole; negative when it is still ahead."""
    ahead_us = (promise - at).astype("timedelta64[us]").astype(np.int64)
    return np.asarray(-(ahead_us // _DAY_US))
