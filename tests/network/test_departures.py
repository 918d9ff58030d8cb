"""The vectorised cut-off is the domain's rule, instant by instant."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from fulfillment.domain.calendar import first_cutoff
from fulfillment.network.departures import DepartureClasses, first_cutoffs
from tests.network.tables import nodes_at

ZONES = [
    "UTC",
    "America/New_York",
    "America/Phoenix",
    "America/Havana",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Europe/London",
    "Pacific/Apia",
    "Pacific/Kiritimati",
]
CUTOFFS = [time(0, 0), time(0, 30), time(1, 30), time(2, 0), time(2, 30), time(12, 0), time(23, 59)]


def instants(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[us]")


def assert_equals_the_domain(ready: np.ndarray, cutoff: time, zone: ZoneInfo) -> None:
    expected = [
        first_cutoff(at.astype(datetime).replace(tzinfo=UTC), cutoff, zone).replace(tzinfo=None)
        for at in ready
    ]
    np.testing.assert_array_equal(
        first_cutoffs(ready, cutoff, zone), np.array(expected, "datetime64[us]"), err_msg=f"{zone} {cutoff}"
    )


@pytest.mark.parametrize("zone", ZONES)
def test_any_instant_of_a_decade_departs_as_the_domain_says(zone: str) -> None:
    rng = np.random.default_rng(7)
    span_us = 10 * 366 * 86_400_000_000
    ready = np.datetime64("2018-01-01", "us") + rng.integers(0, span_us, 250).astype("timedelta64[us]")
    for cutoff in CUTOFFS:
        assert_equals_the_domain(ready, cutoff, ZoneInfo(zone))


def _offset_changes(zone: ZoneInfo, first: datetime, days: int) -> list[datetime]:
    """The minutes at which the zone's offset has just changed, by looking at every hour and bisecting."""
    changes, at = [], first
    for _ in range(days * 24):
        after = at + timedelta(hours=1)
        if at.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            low, high = at, after
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // 2
                same = middle.astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            changes.append(high.replace(second=0, microsecond=0))
        at = after
    return changes


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone not in ("UTC", "America/Phoenix")])
def test_every_ten_minutes_around_a_change_of_the_clocks(zone: str) -> None:
    tz = ZoneInfo(zone)
    year = 2011 if zone == "Pacific/Apia" else 2026  # Samoa skipped a whole day in 2011
    changes = _offset_changes(tz, datetime(year, 1, 1, tzinfo=UTC), 365)
    if zone in ("Asia/Kathmandu", "Pacific/Kiritimati"):
        assert changes == []
        return
    assert changes
    steps = np.arange(-30 * 6, 30 * 6) * np.timedelta64(10, "m")
    for change in changes:
        around = np.datetime64(change.replace(tzinfo=None), "us") + steps
        edges = np.concatenate([around, around - np.timedelta64(1, "us"), around + np.timedelta64(1, "us")])
        for cutoff in CUTOFFS:
            assert_equals_the_domain(edges, cutoff, tz)


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_ends_at_the_nodes_own_midnight(zone: str) -> None:
    steps = np.arange(-36, 36) * np.timedelta64(1, "h")
    for cutoff in CUTOFFS:
        assert_equals_the_domain(np.datetime64("2027-01-01", "us") + steps, cutoff, ZoneInfo(zone))


def test_instants_far_apart_in_one_call_each_see_their_own_offset() -> None:
    """The offset is looked up between changes only; instants decades apart must not share one."""
    ready = instants("1975-07-01T03:00", "1999-12-31T23:59", "2026-07-01T12:00", "2026-12-01T12:00")
    assert_equals_the_domain(ready, time(15, 0), ZoneInfo("America/New_York"))


def test_no_instants_have_no_departures() -> None:
    assert len(first_cutoffs(instants(), time(12, 0), ZoneInfo("UTC"))) == 0


def test_nodes_that_share_a_clock_are_one_class() -> None:
    table = nodes_at(
        (0, 0), (1, 1), (2, 2), (3, 3), (4, 4),
        timezone=["UTC", "America/New_York", "UTC", "UTC", "UTC"],
        cutoff_local=["12:00", "12:00", "12:00", "13:00", "12:00"],
        processing_minutes=[60, 60, 60, 60, 90],
    )  # fmt: skip
    classes = DepartureClasses.of(table)
    assert classes.of_node.tolist() == [0, 1, 0, 2, 3]
    assert len(classes) == 4
    placed = instants("2026-11-20T11:00")
    assert classes.ready_at(0, placed).tolist() == instants("2026-11-20T12:00").tolist()
    assert classes.departs_at(0, placed).tolist() == instants("2026-11-20T12:00").tolist()
    assert classes.departs_at(1, placed).tolist() == instants("2026-11-20T17:00").tolist()
    assert classes.departs_at(2, placed).tolist() == instants("2026-11-20T13:00").tolist()
    assert classes.departs_at(3, placed).tolist() == instants("2026-11-21T12:00").tolist()
