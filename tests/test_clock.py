from datetime import UTC, datetime, timedelta

import pytest

from fulfillment.clock import ManualClock, SystemClock
from fulfillment.domain.errors import InvalidRequest

START = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_system_clock_tells_utc() -> None:
    before = datetime.now(UTC)
    told = SystemClock().now()
    assert before <= told <= datetime.now(UTC)
    assert told.utcoffset() == timedelta(0)


def test_a_manual_clock_stands_until_it_is_moved() -> None:
    clock = ManualClock(START)
    assert clock.now() == clock.now() == START
    assert clock.advance(timedelta(minutes=15)) == clock.now() == START + timedelta(minutes=15)


def test_a_manual_clock_never_goes_back() -> None:
    with pytest.raises(InvalidRequest):
        ManualClock(START).advance(-timedelta(microseconds=1))


def test_a_manual_clock_starts_in_utc() -> None:
    with pytest.raises(InvalidRequest):
        ManualClock(START.replace(tzinfo=None))
