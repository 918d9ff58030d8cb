"""Golden examples around the days on which clocks change, worked out by hand from the zones' rules."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from fulfillment.domain.calendar import cutoff_at, first_cutoff, first_open_cutoff, zone
from fulfillment.domain.errors import InvalidRequest


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> time:
    return time.fromisoformat(text)


@pytest.mark.parametrize(
    ("tz", "on", "cutoff", "expected"),
    [
        # Ordinary days: EST is UTC-5, EDT is UTC-4.
        ("America/New_York", "2026-01-15", "15:00", "2026-01-15T20:00"),
        ("America/New_York", "2026-07-15", "15:00", "2026-07-15T19:00"),
        # 8 March 2026, 02:00 EST becomes 03:00 EDT at 07:00 UTC.
        ("America/New_York", "2026-03-08", "01:59", "2026-03-08T06:59"),
        ("America/New_York", "2026-03-08", "02:00", "2026-03-08T07:00"),
        ("America/New_York", "2026-03-08", "02:30", "2026-03-08T07:00"),
        ("America/New_York", "2026-03-08", "02:59", "2026-03-08T07:00"),
        ("America/New_York", "2026-03-08", "03:00", "2026-03-08T07:00"),
        ("America/New_York", "2026-03-08", "03:01", "2026-03-08T07:01"),
        # 1 November 2026, 02:00 EDT becomes 01:00 EST at 06:00 UTC: 01:00 to 01:59 happen twice.
        ("America/New_York", "2026-11-01", "00:59", "2026-11-01T04:59"),
        ("America/New_York", "2026-11-01", "01:00", "2026-11-01T06:00"),
        ("America/New_York", "2026-11-01", "01:30", "2026-11-01T06:30"),
        ("America/New_York", "2026-11-01", "02:00", "2026-11-01T07:00"),
        # Lord Howe moves by half an hour. 5 April 2026, 02:00 (+11:00) becomes 01:30 (+10:30) at 15:00 UTC.
        ("Australia/Lord_Howe", "2026-04-05", "01:29", "2026-04-04T14:29"),
        ("Australia/Lord_Howe", "2026-04-05", "01:45", "2026-04-04T15:15"),
        ("Australia/Lord_Howe", "2026-04-05", "02:00", "2026-04-04T15:30"),
        # 4 October 2026, 02:00 (+10:30) becomes 02:30 (+11:00) at 15:30 UTC.
        ("Australia/Lord_Howe", "2026-10-04", "01:59", "2026-10-03T15:29"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30"),
        ("Australia/Lord_Howe", "2026-10-04", "02:31", "2026-10-03T15:31"),
        # 29 March 2026, 01:00 GMT becomes 02:00 BST; 25 October, 02:00 BST becomes 01:00 GMT; both 01:00 UTC.
        ("Europe/London", "2026-03-29", "01:30", "2026-03-29T01:00"),
        ("Europe/London", "2026-10-25", "01:30", "2026-10-25T01:30"),
        ("Europe/London", "2026-10-25", "00:59", "2026-10-24T23:59"),
        # Midnight itself is skipped in Havana on 8 March 2026, 05:00 UTC.
        ("America/Havana", "2026-03-08", "00:30", "2026-03-08T05:00"),
        # Samoa skipped the whole of 30 December 2011, at 10:00 UTC.
        ("Pacific/Apia", "2011-12-30", "15:00", "2011-12-30T10:00"),
        ("UTC", "2026-03-08", "02:30", "2026-03-08T02:30"),
    ],
)
def test_a_wall_clock_time_is_its_second_occurrence_or_the_transition(
    tz: str, on: str, cutoff: str, expected: str
) -> None:
    assert cutoff_at(date.fromisoformat(on), wall(cutoff), ZoneInfo(tz)) == utc(expected)


@pytest.mark.parametrize(
    ("tz", "ready", "cutoff", "expected"),
    [
        # At the cut-off it still leaves; a microsecond later it waits for the next day.
        ("America/New_York", "2026-01-15T20:00", "15:00", "2026-01-15T20:00"),
        ("America/New_York", "2026-01-15T20:00:00.000001", "15:00", "2026-01-16T20:00"),
        # The day is the node's own: 01:00 UTC is still the evening before in New York.
        ("America/New_York", "2026-01-16T01:00", "15:00", "2026-01-16T20:00"),
        # Days of 23 and 25 hours.
        ("America/New_York", "2026-03-07T20:01", "15:00", "2026-03-08T19:00"),
        ("America/New_York", "2026-10-31T19:01", "15:00", "2026-11-01T20:00"),
        # Ready before a cut-off that is skipped: it leaves at the transition.
        ("America/New_York", "2026-03-08T06:00", "02:30", "2026-03-08T07:00"),
        # Ready at the transition, which reads 03:00: the cut-off at 02:30 is over.
        ("America/New_York", "2026-03-08T07:00", "02:30", "2026-03-09T06:30"),
        # The first 01:20 waits for the second 01:30; the first 01:40 has missed it by the wall clock.
        ("America/New_York", "2026-11-01T05:20", "01:30", "2026-11-01T06:30"),
        ("America/New_York", "2026-11-01T05:40", "01:30", "2026-11-02T06:30"),
        ("America/New_York", "2026-11-01T06:20", "01:30", "2026-11-01T06:30"),
        ("Australia/Lord_Howe", "2026-04-04T14:40", "01:45", "2026-04-04T15:15"),
        ("Australia/Lord_Howe", "2026-04-04T14:50", "01:45", "2026-04-05T15:15"),
        ("Europe/London", "2026-03-29T00:59", "01:30", "2026-03-29T01:00"),
        ("Europe/London", "2026-10-25T00:10", "01:30", "2026-10-25T01:30"),
    ],
)
def test_the_first_cutoff_is_compared_by_wall_clock(tz: str, ready: str, cutoff: str, expected: str) -> None:
    assert first_cutoff(utc(ready), wall(cutoff), ZoneInfo(tz)) == utc(expected)


def test_closed_dates_have_no_cutoff() -> None:
    new_york = ZoneInfo("America/New_York")
    christmas = {date(2026, 12, 25), date(2026, 12, 26)}
    ready = utc("2026-12-24T21:00")
    assert first_open_cutoff(ready, wall("15:00"), new_york, christmas) == utc("2026-12-27T20:00")
    assert first_open_cutoff(ready, wall("15:00"), new_york, set()) == first_cutoff(
        ready, wall("15:00"), new_york
    )


def test_a_closed_date_before_the_cutoff_changes_nothing() -> None:
    closed = {date(2026, 1, 14)}
    assert first_open_cutoff(utc("2026-01-15T12:00"), wall("15:00"), ZoneInfo("UTC"), closed) == utc(
        "2026-01-15T15:00"
    )


@pytest.mark.parametrize(
    "ready", [datetime(2026, 1, 15), datetime(2026, 1, 15, tzinfo=timezone(timedelta(hours=-5)))]
)
def test_a_ready_time_that_is_not_utc_is_refused(ready: datetime) -> None:
    with pytest.raises(InvalidRequest, match="ready_at"):
        first_cutoff(ready, wall("15:00"), ZoneInfo("UTC"))


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../etc/passwd", "America", "/UTC", "America/New York", "a\0b"]
)
def test_an_unknown_time_zone_is_named(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        zone(name)
    assert caught.value.data == {"key": "timezone", "value": name}


def test_a_known_time_zone_is_found() -> None:
    assert zone("Europe/London") == ZoneInfo("Europe/London")
