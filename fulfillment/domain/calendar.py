"""Cut-offs: the moment of a day at which parcels leave a node, on the wall clock of the node's own zone.

A wall-clock time is no moment yet. When clocks go back it happens twice and counts as its second occurrence;
when they go forward it may be skipped, and shifts forward to the first moment that exists, which is the
transition itself. Every other file takes moments from here.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fulfillment.domain.checks import require_utc
from fulfillment.domain.errors import InvalidRequest

_SECOND = timedelta(seconds=1)


def cutoff_at(on: date, cutoff: time, tz: ZoneInfo) -> datetime:
    """Turn the wall-clock time `cutoff` of the local day `on` into a moment.

    Parameters
    ----------
    on : date
        Day in the zone `tz`.
    cutoff : time
        Naive wall-clock time.
    tz : ZoneInfo
        Zone of the node.

    Returns
    -------
    datetime
        UTC. The second of two occurrences; the transition where there is none.
    """
    wall = datetime.combine(on, cutoff)
    before = _offset(wall, tz, fold=0)
    after = _offset(wall, tz, fold=1)
    if before >= after:  # an ordinary time (equal), or one that happens twice: the later offset is the second
        return (wall - after).replace(tzinfo=UTC)
    return _transition_between(wall - after, wall - before, tz)


def first_cutoff(ready_at: datetime, cutoff: time, tz: ZoneInfo) -> datetime:
    """Find the first cut-off at or after `ready_at`, compared by wall clock in the node's zone.

    In an hour that happens twice the first pass reads as the second: ready at the first 01:40 has missed a
    cut-off at 01:30, although the wall clock will show 01:30 once more.

    Parameters
    ----------
    ready_at : datetime
        UTC.
    cutoff : time
        Naive wall-clock time, the same every day.
    tz : ZoneInfo
        Zone of the node.

    Returns
    -------
    datetime
        UTC.
    """
    return cutoff_at(_first_day(ready_at, cutoff, tz), cutoff, tz)


def first_open_cutoff(
    ready_at: datetime, cutoff: time, tz: ZoneInfo, closed_on: Collection[date]
) -> datetime:
    """Find the first cut-off at or after `ready_at` on a local day on which the node is not closed.

    With no closed dates it is `first_cutoff`.
    """
    day = _first_day(ready_at, cutoff, tz)
    while day in closed_on:
        day += timedelta(days=1)
    return cutoff_at(day, cutoff, tz)


def zone(name: str) -> ZoneInfo:
    """Look up a time zone by its IANA name.

    Raises
    ------
    InvalidRequest
        When there is none of that name.
    """
    try:
        return ZoneInfo(name)
    # A name that points outside the database is a ValueError, one that names a folder of it an OSError.
    except (ZoneInfoNotFoundError, ValueError, OSError) as cause:
        raise InvalidRequest(
            f"time zone {name!r} is unknown",
            remedy="give an IANA name, such as America/New_York",
            key="timezone",
            value=name,
        ) from cause


def _first_day(ready_at: datetime, cutoff: time, tz: ZoneInfo) -> date:
    require_utc("ready_at", ready_at)
    wall = ready_at.astimezone(tz).replace(tzinfo=None, fold=0)
    return wall.date() if wall.time() <= cutoff else wall.date() + timedelta(days=1)


def _offset(wall: datetime, tz: ZoneInfo, *, fold: int) -> timedelta:
    offset = wall.replace(tzinfo=tz, fold=fold).utcoffset()
    if offset is None:
        raise InvalidRequest(f"time zone {tz.key} has no offset at {wall}", remedy="give an IANA zone")
    return offset


def _transition_between(low: datetime, high: datetime, tz: ZoneInfo) -> datetime:
    """Find the second at which the offset changes, in the naive UTC interval (`low`, `high`].

    In a gap of the wall clock `low` still has the old offset and `high` has the new one.
    """
    new = _offset_at(high, tz)
    while high - low > _SECOND:
        middle = low + (high - low) // (2 * _SECOND) * _SECOND
        low, high = (low, middle) if _offset_at(middle, tz) == new else (middle, high)
    return high.replace(tzinfo=UTC)


def _offset_at(moment: datetime, tz: ZoneInfo) -> timedelta | None:
    return moment.replace(tzinfo=UTC).astimezone(tz).utcoffset()
