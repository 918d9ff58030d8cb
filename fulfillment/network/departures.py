"""When parcels leave: `domain.calendar`'s cut-off rule over whole arrays.

Nodes that share a time zone, a cut-off and a processing time are one **departure class**: a chain of 1,565
nodes has about a dozen.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from fulfillment.domain.calendar import cutoff_at

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Times = npt.NDArray[np.datetime64]

_DAY_US = 86_400_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NodeClocks(Protocol):
    """The columns of a node table that say when its parcels leave."""

    @property
    def timezone(self) -> list[str]: ...  # noqa: D102
    @property
    def cutoff_local(self) -> list[str]: ...  # noqa: D102
    @property
    def processing_minutes(self) -> Int64s: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class DepartureClasses:
    """The distinct (time zone, cut-off, processing time) of a network.

    Axes: ``n`` nodes, ``k`` classes.
    """

    of_node: Int32s  # [n]
    timezone: tuple[str, ...]  # [k]
    cutoff_local: tuple[time, ...]  # [k]
    processing_minutes: Int64s  # [k]

    @classmethod
    def of(cls, nodes: NodeClocks) -> "DepartureClasses":
        """Group the nodes of a table by their clocks, in order of first appearance."""
        index: dict[tuple[str, str, int], int] = {}
        keys = zip(nodes.timezone, nodes.cutoff_local, nodes.processing_minutes.tolist(), strict=True)
        of_node = np.array([index.setdefault(key, len(index)) for key in keys], np.int32)
        return cls(
            of_node,
            tuple(zone for zone, _, _ in index),
            tuple(time.fromisoformat(cutoff) for _, cutoff, _ in index),
            np.array([minutes for _, _, minutes in index], np.int64),
        )

    def __len__(self) -> int:
        return len(self.timezone)

    def ready_at(self, k: int, placed_at: Times) -> Times:
        """When a node of class `k` has prepared what was placed at `placed_at` (datetime64[us], UTC)."""
        return np.asarray(placed_at + self.processing_minutes[k].astype("timedelta64[m]"))

    def departs_at(self, k: int, placed_at: Times) -> Times:
        """When it leaves a node of class `k`: the first local cut-off at or after it is ready."""
        return first_cutoffs(self.ready_at(k, placed_at), self.cutoff_local[k], ZoneInfo(self.timezone[k]))


def first_cutoffs(ready_at: Times, cutoff: time, zone: ZoneInfo) -> Times:
    """`domain.calendar.first_cutoff` for many instants (datetime64[us], UTC) of one zone.

    The cut-off is found once a day, by the domain's own rule; an instant only needs its wall-clock time.
    """
    if len(ready_at) == 0:
        return ready_at
    ready_us = ready_at.astype("datetime64[us]").astype(np.int64)
    wall_us = ready_us + _utc_offsets_us(ready_us, zone)
    day = wall_us // _DAY_US
    cutoff_us = (cutoff.hour * 60 + cutoff.minute) * 60_000_000
    day += wall_us - day * _DAY_US > cutoff_us
    days, which = np.unique(day, return_inverse=True)
    departures = [_micros(cutoff_at(date(1970, 1, 1) + timedelta(days=int(d)), cutoff, zone)) for d in days]
    return np.asarray(np.array(departures, np.int64)[which].astype("datetime64[us]"))


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _utc_offsets_us(at_us: Int64s, zone: ZoneInfo) -> Int64s:
    """UTC offset of `zone` at each instant: looked up between the changes that fall inside their range."""
    low, high = int(at_us.min()), int(at_us.max())
    starts, offsets = [low], [_offset_us(low, zone)]
    probe = low
    while probe < high:
        ahead = min(probe + _DAY_US, high)
        if _offset_us(ahead, zone) != offsets[-1]:
            starts.append(_first_change(probe, ahead, zone))
            offsets.append(_offset_us(ahead, zone))
        probe = ahead
    return np.asarray(np.array(offsets, np.int64)[np.searchsorted(starts, at_us, side="right") - 1])


def _first_change(low: int, high: int, zone: ZoneInfo) -> int:
    """First instant after `low` with the offset of `high`, by bisection to the microsecond."""
    target = _offset_us(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_us(middle, zone) == target:
            high = middle
        else:
            low = middle
    return high


def _offset_us(at_us: int, zone: ZoneInfo) -> int:
    offset = (_EPOCH + timedelta(microseconds=at_us)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)
