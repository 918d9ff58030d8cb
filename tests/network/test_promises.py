"""Promise classes: what still arrives in time from each departure class."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from fulfillment.domain.promise import NodeClock, schedule_own_pickup, schedule_parcel
from fulfillment.network.departures import DepartureClasses
from fulfillment.network.lanes import promise_classes
from tests.network.tables import nodes_at

LEVELS_DAYS = np.array([0, 1, 3], np.int64)
# One node: ready two hours after placement, departs at 12:00 UTC.
NOON = DepartureClasses.of(nodes_at((0, 0), processing_minutes=[120]))


def slack_of(placed_at: str, promise_by: str, departures: DepartureClasses = NOON) -> list[int]:
    found = promise_classes(
        np.array([placed_at], "datetime64[us]"),
        np.array([promise_by], "datetime64[us]"),
        departures,
        LEVELS_DAYS,
    )
    return found.transit_slack[found.of_order[0]].tolist()


@pytest.mark.parametrize(
    ("placed_at", "promise_by", "slack"),
    [
        # Ready at 11:00, departs 20 November 12:00; arrives then, or 1 or 3 days later.
        ("2026-11-20T09:00", "2026-11-23T12:00", 3),
        ("2026-11-20T09:00", "2026-11-23T11:59:59.999999", 2),
        ("2026-11-20T09:00", "2026-11-21T12:00", 2),
        ("2026-11-20T09:00", "2026-11-21T11:59:59.999999", 1),
        ("2026-11-20T09:00", "2026-11-20T12:00", 1),
        # In time only for who collects from the node's own stock: it is ready, but has not left.
        ("2026-11-20T09:00", "2026-11-20T11:59:59.999999", 0),
        ("2026-11-20T09:00", "2026-11-20T11:00", 0),
        # Not even ready.
        ("2026-11-20T09:00", "2026-11-20T10:59:59.999999", -1),
        # Ready exactly at the cut-off leaves with it; a microsecond later leaves a day later.
        ("2026-11-20T10:00", "2026-11-20T12:00", 1),
        ("2026-11-20T10:00:00.000001", "2026-11-20T12:00:00.000001", 0),
        ("2026-11-20T10:00:00.000001", "2026-11-21T12:00", 1),
        # No deadline.
        ("2026-11-20T09:00", "NaT", 3),
    ],
)
def test_slack_counts_the_transit_levels_that_arrive_in_time(
    placed_at: str, promise_by: str, slack: int
) -> None:
    assert slack_of(placed_at, promise_by) == [slack]


def test_each_departure_class_has_its_own_slack() -> None:
    """At 13:00 UTC New York's noon is four hours ahead and UTC's has passed."""
    departures = DepartureClasses.of(nodes_at((0, 0), (1, 1), timezone=["UTC", "America/New_York"]))
    assert slack_of("2026-11-20T13:00", "2026-11-20T17:00", departures) == [0, 1]
    assert slack_of("2026-11-20T13:00", "2026-11-21T16:59", departures) == [1, 1]
    assert slack_of("2026-11-20T13:00", "NaT", departures) == [3, 3]


def test_orders_with_equal_slack_share_a_class() -> None:
    placed = np.array(["2026-11-20T09:00", "2026-11-20T09:30", "2026-11-20T09:00"], "datetime64[us]")
    by = np.array(["2026-11-21T12:00", "2026-11-21T18:00", "2026-11-20T09:00"], "datetime64[us]")
    found = promise_classes(placed, by, NOON, LEVELS_DAYS)
    assert found.of_order[0] == found.of_order[1] != found.of_order[2]
    assert sorted(found.transit_slack.tolist()) == [[-1], [2]]
    assert found.transit_slack.flags.c_contiguous


def test_every_slack_equals_the_domains_rule_for_one_parcel_at_a_time() -> None:
    """Over a change of clocks, in three zones: what `domain.promise` dates as in time is counted, no more."""
    rng = np.random.default_rng(5)
    clocks = [
        node_clock("UTC", "12:00", 30),
        node_clock("America/New_York", "01:30", 240),
        node_clock("Australia/Lord_Howe", "15:45", 1440),
    ]
    departures = DepartureClasses.of(
        nodes_at(
            (0, 0), (1, 1), (2, 2),
            timezone=[clock.tz.key for clock in clocks],
            cutoff_local=[clock.cutoff.isoformat("minutes") for clock in clocks],
            processing_minutes=[clock.processing // timedelta(minutes=1) for clock in clocks],
        )
    )  # fmt: skip
    start = np.datetime64("2026-10-30T00:00", "us")
    placed = start + (rng.integers(0, 5 * 1440, 400) * 60_000_000).astype("timedelta64[us]")
    by = placed + (rng.integers(0, 6 * 1440, 400) * 60_000_000).astype("timedelta64[us]")
    found = promise_classes(placed, by, departures, LEVELS_DAYS)
    for k, clock in enumerate(clocks):
        for o in range(400):
            placed_at, promise_by = (at.astype(datetime).replace(tzinfo=UTC) for at in (placed[o], by[o]))
            in_time = [schedule_parcel(clock, placed_at, int(days)).meets(promise_by) for days in LEVELS_DAYS]
            is_ready = schedule_own_pickup(clock, placed_at).meets(promise_by)
            assert found.transit_slack[found.of_order[o], k] == (sum(in_time) if is_ready else -1)


def node_clock(zone: str, cutoff: str, processing_minutes: int) -> NodeClock:
    return NodeClock(
        tz=ZoneInfo(zone),
        cutoff=time.fromisoformat(cutoff),
        processing=timedelta(minutes=processing_minutes),
    )
