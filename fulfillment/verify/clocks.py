"""How many days of transit each node leaves for each order.

ready = placed_at + processing time; a parcel departs at the node's first local cut-off at or after ready,
read off the clock on the node's wall; it arrives transit_days × 24 h later. An hour that the wall clock shows
twice counts as the second, one that it skips shifts forward to the moment of the change.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from fulfillment.verify.day import NO_TIME, Nodes, Orders
from fulfillment.verify.files import Ints, UnusableInput

Int32s = npt.NDArray[np.int32]

NEVER = -2  # not even ready in time
READY_ONLY = -1  # ready in time, but gone too late for any parcel
ANY_TIME = 2**30
_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class TransitDays:
    """The most days a parcel may travel, per order and kind of clock."""

    clock_of_node: Ints  # [n]
    days: Int32s  # [o, k] at least 0, or READY_ONLY, or NEVER

    def at(self, order: Ints, node: Ints) -> Int32s:
        """Days left for pairs of an order and a node."""
        return np.asarray(self.days[order, self.clock_of_node[node]])


def transit_days(nodes: Nodes, orders: Orders) -> TransitDays:
    """Work out the days for every order and every distinct (time zone, cut-off, processing time)."""
    keys = list(zip(nodes.timezone, nodes.cutoff_local, nodes.processing_minutes.tolist(), strict=True))
    clocks = sorted(set(keys))
    number = {key: at for at, key in enumerate(clocks)}
    days = np.empty((len(orders.order_id), len(clocks)), np.int32)
    for k, (zone_name, cutoff_local, minutes) in enumerate(clocks):
        ready = orders.placed_at + minutes * 60 * _SECOND_US
        departs = departures(ready, _zone(zone_name), _cutoff_us(cutoff_local))
        left = np.where(departs <= orders.promise_by, (orders.promise_by - departs) // _DAY_US, READY_ONLY)
        left = np.where(ready <= orders.promise_by, left, NEVER)
        days[:, k] = np.where(orders.promise_by == NO_TIME, ANY_TIME, left)
    return TransitDays(np.array([number[key] for key in keys], np.int64), days)


def departures(ready: Ints, zone: ZoneInfo, cutoff_us: int) -> Ints:
    """First cut-off at or after each moment; microseconds since 1970, UTC."""
    seconds, which = np.unique(ready // _SECOND_US, return_inverse=True)
    # Offsets change on whole seconds, so one look a second is exact.
    offsets = np.fromiter((_offset_us(int(at) * _SECOND_US, zone) for at in seconds), np.int64, len(seconds))
    wall = ready + offsets[which]
    day = wall // _DAY_US
    day += wall - day * _DAY_US > cutoff_us
    days, of_day = np.unique(day, return_inverse=True)
    moments = [_moment_of_wall(int(each) * _DAY_US + cutoff_us, zone) for each in days]
    return np.array(moments, np.int64)[of_day]


def _moment_of_wall(wall_us: int, zone: ZoneInfo) -> int:
    """Moment at which a wall clock shows a time, given as microseconds since 1970 on that clock."""
    naive = datetime(1970, 1, 1) + timedelta(microseconds=wall_us)
    first, second = (
        (naive.replace(tzinfo=zone, fold=fold) - _EPOCH) // timedelta(microseconds=1) for fold in (0, 1)
    )
    if second + _offset_us(second, zone) == wall_us:
        return second  # shown once, or for the second time
    before, after = second, first  # skipped: the change lies between
    offset_after = _offset_us(after, zone)
    while after - before > _SECOND_US:
        middle = (before + after) // (2 * _SECOND_US) * _SECOND_US
        if _offset_us(middle, zone) == offset_after:
            after = middle
        else:
            before = middle
    return after


def _offset_us(moment_us: int, zone: ZoneInfo) -> int:
    offset = (_EPOCH + timedelta(microseconds=moment_us)).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UnusableInput(f"nodes: time zone {name!r} is not known") from error


def _cutoff_us(text: str) -> int:
    try:
        at = datetime.combine(date(1970, 1, 1), datetime.strptime(text, "%H:%M").time())
    except ValueError as error:
        raise UnusableInput(f"nodes: cutoff_local {text!r} is not HH:MM") from error
    return (at - datetime(1970, 1, 1)) // timedelta(microseconds=1)
