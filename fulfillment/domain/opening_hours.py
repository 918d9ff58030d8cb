"""When a node's doors are open: weekly hours, closed dates, and expiry counted in open days."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fulfillment.domain.calendar import cutoff_at
from fulfillment.domain.checks import require_utc
from fulfillment.domain.errors import InvalidRequest

_MINUTES_A_DAY = 24 * 60
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayHours:
    """Opening hours of one day, as minutes since the wall clock's midnight; ``(0, 1440)`` is all day."""

    opens_minute: int
    closes_minute: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens_minute < self.closes_minute <= _MINUTES_A_DAY:
            raise InvalidRequest(
                f"opening hours from minute {self.opens_minute} to minute {self.closes_minute}",
                remedy=f"open before closing, both from 0 to {_MINUTES_A_DAY}; split hours at midnight",
                key="opening_hours",
                value=(self.opens_minute, self.closes_minute),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """Weekly opening hours of a node, and the dates on which it stays closed.

    Attributes
    ----------
    tz : ZoneInfo
        Zone of the node.
    week : tuple of DayHours or None
        Seven entries, Monday first; None where the node does not open.
    closed_on : frozenset of date
        Local days on which it stays closed whatever the week says.
    """

    tz: ZoneInfo
    week: tuple[DayHours | None, ...]
    closed_on: frozenset[date] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        if len(self.week) != 7 or not any(self.week):
            raise InvalidRequest(
                f"opening hours of {len(self.week)} days, {sum(map(bool, self.week))} of them open",
                remedy="give seven days, Monday first, at least one of them open",
                key="week",
            )

    def hours_on(self, day: date) -> DayHours | None:
        """Return the hours of a local day, None when closed."""
        return None if day in self.closed_on else self.week[day.weekday()]

    def is_open(self, at: datetime) -> bool:
        """Say whether the doors are open at `at` (UTC)."""
        day = self._local_day(at)
        return self.hours_on(day) is not None and self._opens_at(day) <= at < self._closes_at(day)

    def next_open(self, at: datetime) -> datetime:
        """Return `at` when the doors are open, otherwise the moment (UTC) at which they open next."""
        day = self._local_day(at)
        while self.hours_on(day) is None or self._closes_at(day) <= at:
            day += _ONE_DAY
        return max(at, self._opens_at(day))

    def expiry_at(self, ready_at: datetime, open_days: int) -> datetime:
        """Return the closing time (UTC) of the last of `open_days` open days to collect something.

        The day on which it becomes ready does not count, so that a parcel ready shortly before closing
        waits as many whole days as one that is ready in the morning.

        Raises
        ------
        InvalidRequest
            When `open_days` is below 1.
        """
        if open_days < 1:
            raise InvalidRequest(f"open_days is {open_days}", remedy="give at least 1", key="open_days")
        day = self._local_day(ready_at)
        for _ in range(open_days):
            day += _ONE_DAY
            while self.hours_on(day) is None:
                day += _ONE_DAY
        return self._closes_at(day)

    def _local_day(self, at: datetime) -> date:
        require_utc("at", at)
        return at.astimezone(self.tz).date()

    def _opens_at(self, day: date) -> datetime:
        hours = self.hours_on(day)
        return self._moment(day, hours.opens_minute if hours else 0)

    def _closes_at(self, day: date) -> datetime:
        hours = self.hours_on(day)
        return self._moment(day, hours.closes_minute if hours else 0)

    def _moment(self, day: date, minute: int) -> datetime:
        day += _ONE_DAY * (minute // _MINUTES_A_DAY)
        hour, minute = divmod(minute % _MINUTES_A_DAY, 60)
        return cutoff_at(day, time(hour, minute), self.tz)
