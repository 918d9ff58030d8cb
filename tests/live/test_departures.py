"""Dates that are kept until they change equal those that are asked for every time."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fulfillment.domain.policy import Lateness, Policy
from fulfillment.live.departures import Departures
from fulfillment.network.departures import DepartureClasses
from tests.live.worlds import NINE, live, requests
from tests.planning.days import day, node, order

CLOCKS = SimpleNamespace(
    timezone=["America/New_York", "America/Denver", "UTC", "America/New_York", "Australia/Lord_Howe"],
    cutoff_local=["17:00", "01:30", "12:00", "02:30", "23:59"],
    processing_minutes=np.array([240, 30, 0, 60, 1440]),
)
SPRING, AUTUMN = datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)


def asked_every_time(at: datetime) -> list[datetime]:
    classes = DepartureClasses.of(CLOCKS)
    placed_at = np.array([at.replace(tzinfo=None)], "datetime64[us]")
    return [classes.departs_at(k, placed_at)[0].tolist().replace(tzinfo=UTC) for k in range(len(classes))]


@given(
    st.sampled_from([SPRING, AUTUMN, datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC)]),
    st.lists(st.integers(0, 3 * 86_400), min_size=1, max_size=8),
)
@example(AUTUMN, [5 * 3600 + 600, 6 * 3600, 6 * 3600 + 1800, 7 * 3600, 7 * 3600 + 1])
@example(SPRING, [6 * 3600 + 1799, 6 * 3600 + 1800, 6 * 3600 + 1801, 7 * 3600])
def test_kept_dates_equal_the_rule_asked_every_time(begin: datetime, seconds: list[int]) -> None:
    """Moments in any sequence, forwards and back, around changes of the clocks."""
    departures = Departures.of(CLOCKS)
    for after in seconds:
        at = begin + timedelta(seconds=after)
        assert list(departures.at(at).departs_at) == asked_every_time(at)


@pytest.mark.parametrize("late_us", [-1, 0, 1])
def test_a_cutoff_is_kept_to_the_microsecond(late_us: int) -> None:
    departures = Departures.of(CLOCKS)
    departures.at(datetime(2026, 7, 1, 6, tzinfo=UTC))
    at = datetime(2026, 7, 1, 12, tzinfo=UTC) + timedelta(microseconds=late_us)
    assert departures.at(at).departs_at[2] == datetime(2026, 7, 1 + (late_us > 0), 12, tzinfo=UTC)


def test_nothing_leaves_on_closed_days() -> None:
    closed = {"L1": frozenset({date(2026, 7, 1), date(2026, 7, 2)})}
    clocks = SimpleNamespace(
        timezone=["UTC", "UTC"], cutoff_local=["12:00", "12:00"], processing_minutes=np.array([0, 0])
    )
    departures = Departures.of(clocks, ["L1", "L2"], closed)
    moments = departures.at(datetime(2026, 7, 1, 9, tzinfo=UTC))
    assert [moments.departs_on[k] for k in moments.of_node] == [date(2026, 7, 3), date(2026, 7, 1)]


def test_a_node_that_is_closed_for_days_still_sends_late_parcels_at_a_price() -> None:
    """Ready in time, and the departure days after the promise: that is late, not impossible."""
    policy = Policy(version=1, lateness=Lateness(max_days=9, cents_per_day=100))
    scenario = day({"L1": node()}, {("L1", "V"): 1}, {"O1": order(("V", 1), promise_by="2026-11-20T15:00")})
    closed = {"L1": frozenset(date(2026, 11, number) for number in range(20, 25))}
    decider = live(scenario, policy, closed_on=closed)
    assert decider.network.departures.closed_days_in_a_row == 5
    (decision,) = decider.decide(requests(scenario), NINE)
    assert [parcel.arrives_at for parcel in decision.parcels] == [datetime(2026, 11, 27, 12, tzinfo=UTC)]
