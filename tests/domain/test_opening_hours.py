from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.opening_hours import DayHours, OpeningHours

TEN_TO_NINE = DayHours(10 * 60, 21 * 60)
NEW_YORK = ZoneInfo("America/New_York")
# Closed on Sundays and on Thanksgiving, Thursday 26 November 2026.
STORE = OpeningHours(tz=NEW_YORK, week=(*[TEN_TO_NINE] * 6, None), closed_on=frozenset({date(2026, 11, 26)}))
ALWAYS = OpeningHours(tz=NEW_YORK, week=(DayHours(0, 1440),) * 7)


def local(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (local(11, 25, 9, 59), False),
        (local(11, 25, 10), True),
        (local(11, 25, 20, 59), True),
        (local(11, 25, 21), False),
        (local(11, 26, 12), False),  # Thanksgiving
        (local(11, 29, 12), False),  # a Sunday
    ],
)
def test_doors_open_at_opening_and_shut_at_closing(at: datetime, is_open: bool) -> None:
    assert STORE.is_open(at) is is_open


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (local(11, 25, 12), local(11, 25, 12)),
        (local(11, 25, 8), local(11, 25, 10)),
        (local(11, 25, 21), local(11, 27, 10)),  # over Thanksgiving
        (local(11, 28, 22), local(11, 30, 10)),  # over Sunday
    ],
)
def test_the_next_open_moment_skips_closed_days(at: datetime, expected: datetime) -> None:
    assert STORE.next_open(at) == expected


@pytest.mark.parametrize(
    ("ready", "open_days", "expected"),
    [
        (local(11, 23, 12), 1, local(11, 24, 21)),
        (local(11, 23, 20, 59), 1, local(11, 24, 21)),  # late on Monday: still the whole of Tuesday
        (local(11, 23, 12), 3, local(11, 27, 21)),  # Tuesday, Wednesday, not Thanksgiving, Friday
        (local(11, 23, 12), 5, local(11, 30, 21)),  # nor Sunday
    ],
)
def test_expiry_counts_open_days_only(ready: datetime, open_days: int, expected: datetime) -> None:
    assert STORE.expiry_at(ready, open_days) == expected


def test_hours_keep_the_wall_clock_over_daylight_saving() -> None:
    assert STORE.expiry_at(local(10, 31, 12), 1) == datetime(2026, 11, 3, 2, tzinfo=UTC)  # Monday 21:00 EST
    assert STORE.expiry_at(local(10, 29, 12), 1) == datetime(2026, 10, 31, 1, tzinfo=UTC)  # Friday 21:00 EDT


def test_a_day_that_never_closes_ends_at_midnight() -> None:
    assert ALWAYS.expiry_at(local(11, 23, 12), 1) == local(11, 25, 0)
    assert ALWAYS.is_open(local(11, 23, 23, 59))


@pytest.mark.parametrize("hours", [(600, 600), (700, 600), (-1, 600), (600, 1441)])
def test_hours_that_cannot_be_are_refused(hours: tuple[int, int]) -> None:
    with pytest.raises(InvalidRequest, match="opening hours"):
        DayHours(*hours)


@pytest.mark.parametrize("week", [(None,) * 7, (TEN_TO_NINE,) * 6, ()])
def test_a_week_has_seven_days_one_of_them_open(week: tuple[DayHours | None, ...]) -> None:
    """A node that never opens would make the search for its next open day endless."""
    with pytest.raises(InvalidRequest):
        OpeningHours(tz=NEW_YORK, week=week)


def test_nothing_expires_after_no_days() -> None:
    with pytest.raises(InvalidRequest, match="open_days"):
        STORE.expiry_at(local(11, 23, 12), 0)
