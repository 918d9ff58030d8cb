"""Cut-offs against a twin that looks at every minute around the day, in zones of every habit."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from fulfillment.domain.calendar import cutoff_at, first_cutoff, first_open_cutoff

ZONES = [
    "America/New_York",
    "America/Havana",  # skips midnight
    "America/Sao_Paulo",  # skipped midnight until 2019
    "America/St_Johns",  # once changed clocks at 00:01
    "Europe/London",
    "Europe/Dublin",  # its winter time is the exception
    "Australia/Lord_Howe",  # half an hour
    "Antarctica/Troll",  # two hours
    "Africa/Casablanca",  # goes back for Ramadan
    "Pacific/Apia",  # skipped a day
    "Pacific/Chatham",
    "Asia/Kathmandu",  # no daylight saving, UTC+5:45
    "UTC",
]
MINUTE = timedelta(minutes=1)
zones = st.sampled_from(ZONES).map(ZoneInfo)
# Only whole minutes: since 1990 every clock in these zones was changed at one, and cut-offs are HH:MM.
wall_times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
instants = st.datetimes(datetime(1990, 1, 2), datetime(2037, 12, 1), timezones=st.just(UTC))


@st.composite
def days_of_change(draw: st.DrawFn) -> tuple[ZoneInfo, date]:
    """Draw a zone and a day, as a rule one on which the zone's clocks change."""
    tz = draw(zones)
    day = draw(st.dates(date(1990, 1, 2), date(2036, 12, 1)))
    if draw(st.integers(0, 9)):
        for _ in range(370):
            noon = datetime.combine(day, time(12), tz)
            if noon.utcoffset() != (noon - timedelta(days=1)).utcoffset():
                break
            day += timedelta(days=1)
    return tz, day


def by_looking_at_every_minute(on: date, cutoff: time, tz: ZoneInfo) -> datetime:
    wanted = datetime.combine(on, cutoff)
    start = wanted.replace(tzinfo=UTC) - timedelta(hours=15)  # no zone is further than 14 hours from UTC
    minutes = [start + MINUTE * n for n in range(30 * 60)]
    walls = [minute.astimezone(tz).replace(tzinfo=None) for minute in minutes]
    shown = [minute for minute, wall in zip(minutes, walls, strict=True) if wall == wanted]
    if shown:
        return shown[-1]
    return next(minute for minute, wall in zip(minutes, walls, strict=True) if wall > wanted)


@given(days_of_change(), wall_times)
def test_a_cutoff_is_the_last_minute_that_shows_it_or_the_first_after_a_gap(
    zone_and_day: tuple[ZoneInfo, date], cutoff: time
) -> None:
    tz, day = zone_and_day
    assert cutoff_at(day, cutoff, tz) == by_looking_at_every_minute(day, cutoff, tz)


@given(days_of_change(), st.integers(0, 5), st.integers(0, 59))
def test_the_same_in_the_small_hours_in_which_clocks_change(
    zone_and_day: tuple[ZoneInfo, date], hour: int, minute: int
) -> None:
    tz, day = zone_and_day
    assert cutoff_at(day, time(hour, minute), tz) == by_looking_at_every_minute(day, time(hour, minute), tz)


@given(instants, wall_times, zones)
def test_no_parcel_departs_before_it_is_ready_or_two_days_after(
    ready: datetime, cutoff: time, tz: ZoneInfo
) -> None:
    departs = first_cutoff(ready, cutoff, tz)
    assert ready <= departs
    assert departs - ready < timedelta(hours=50)
    assert departs.utcoffset() == timedelta(0)


@given(instants, wall_times, zones, st.sets(st.integers(-1, 6), max_size=7))
def test_no_parcel_departs_on_a_closed_date(
    ready: datetime, cutoff: time, tz: ZoneInfo, closed_after_days: set[int]
) -> None:
    today = ready.astimezone(tz).date()
    closed = {today + timedelta(days=days) for days in closed_after_days}
    departs = first_open_cutoff(ready, cutoff, tz, closed)
    open_days = [today + timedelta(days=n) for n in range(9) if today + timedelta(days=n) not in closed]
    assert departs in {cutoff_at(day, cutoff, tz) for day in open_days[:2]}
    assert departs >= first_cutoff(ready, cutoff, tz)
