"""Promise classes: what still arrives in time from each departure class."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from fulfillment.domain.promise import NodeClock, schedule_own_pickup, schedule_parcel
from fulfillment.network.departures import DepartureClasses
from fulfillment.network.lanes import promise_classes
from fulfillment.network.slacks import NO_SLACK, NOT_OFFERED, Slacks
from tests.network.tables import nodes_at

LEVELS_DAYS = np.array([0, 1, 3], np.int64)
SLACKS = Slacks.of(LEVELS_DAYS)
# One node: ready two hours after placement, departs at 12:00 UTC.
NOON = DepartureClasses.of(nodes_at((0, 0), processing_minutes=[120]))


def slack_of(placed_at: str, promise_by: str, departures: DepartureClasses = NOON) -> list[int]:
    found = promise_classes(
        np.array([placed_at], "datetime64[us]"),
        np.array([promise_by], "datetime64[us]"),
        departures,
        SLACKS,
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
    found = promise_classes(placed, by, NOON, SLACKS)
    assert found.of_order[0] == found.of_order[1] != found.of_order[2]
    assert sorted(found.transit_slack.tolist()) == [[-1], [2]]
    assert found.transit_slack.flags.c_contiguous


def days_late(arrives_at: datetime, promise_by: datetime) -> int:
    """A day begun counts whole."""
    late = arrives_at - promise_by
    return max(0, -(-late // timedelta(days=1)))


@pytest.mark.parametrize("days_late_max", [0, 1, 2, 5])
def test_every_slack_equals_the_domains_rule_for_one_parcel_at_a_time(days_late_max: int) -> None:
    """Over a change of clocks, in three zones: what `domain.promise` dates as so late is so late, no more."""
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
    slacks = Slacks.of(LEVELS_DAYS, days_late_max)
    found = promise_classes(placed, by, departures, slacks)
    for k, clock in enumerate(clocks):
        for o in range(400):
            placed_at, promise_by = (at.astype(datetime).replace(tzinfo=UTC) for at in (placed[o], by[o]))
            own = days_late(schedule_own_pickup(clock, placed_at).arrives_at, promise_by)
            slack = found.transit_slack[found.of_order[o], k]
            if own > days_late_max:
                assert slack == NO_SLACK
                continue
            late = [
                days_late(schedule_parcel(clock, placed_at, int(days)).arrives_at, promise_by)
                for days in LEVELS_DAYS
            ]
            assert slacks.own_days_late[slack] == own
            assert slacks.level_days_late[slack].tolist() == [
                days if days <= days_late_max else NOT_OFFERED for days in late
            ]


@pytest.mark.parametrize(
    ("promise_by", "own", "levels"),
    [
        # Ready 20 November 11:00, departs 12:00, arrives then, or 1 or 3 days later; up to two days late.
        ("2026-11-23T12:00", 0, [0, 0, 0]),
        ("2026-11-23T11:59:59.999999", 0, [0, 0, 1]),
        ("2026-11-22T12:00", 0, [0, 0, 1]),
        ("2026-11-22T11:59:59.999999", 0, [0, 0, 2]),
        ("2026-11-21T11:59:59.999999", 0, [0, 1, NOT_OFFERED]),
        ("2026-11-20T11:00", 0, [1, 2, NOT_OFFERED]),
        ("2026-11-20T10:59:59.999999", 1, [1, 2, NOT_OFFERED]),
        ("2026-11-19T12:00", 1, [1, 2, NOT_OFFERED]),
        ("2026-11-19T11:00", 1, [2, NOT_OFFERED, NOT_OFFERED]),
        ("2026-11-18T11:00", 2, [NOT_OFFERED] * 3),
    ],
)
def test_a_day_late_begun_counts_whole(promise_by: str, own: int, levels: list[int]) -> None:
    slacks = Slacks.of(LEVELS_DAYS, 2)
    found = promise_classes(
        np.array(["2026-11-20T09:00"], "datetime64[us]"),
        np.array([promise_by], "datetime64[us]"),
        NOON,
        slacks,
    )
    slack = found.transit_slack[0, 0]
    assert (slacks.own_days_late[slack], slacks.level_days_late[slack].tolist()) == (own, levels)


def test_without_transit_only_own_pickup_has_slack() -> None:
    slacks = Slacks.of(np.array([], np.int64), 1)
    found = promise_classes(
        np.array(["2026-11-20T09:00"] * 3, "datetime64[us]"),
        np.array(["2026-11-20T11:00", "2026-11-20T10:00", "2026-11-19T10:00"], "datetime64[us]"),
        NOON,
        slacks,
    )
    slack = found.transit_slack[found.of_order, 0]
    assert slacks.own_days_late[slack[:2]].tolist() == [0, 1]
    assert slack[2] == NO_SLACK


def node_clock(zone: str, cutoff: str, processing_minutes: int) -> NodeClock:
    return NodeClock(
        tz=ZoneInfo(zone),
        cutoff=time.fromisoformat(cutoff),
        processing=timedelta(minutes=processing_minutes),
    )
