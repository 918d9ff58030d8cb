from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.promise import NodeClock, schedule_own_pickup, schedule_parcel

STORE = NodeClock(tz=ZoneInfo("America/New_York"), cutoff=time(15), processing=timedelta(hours=2))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_parcel_is_ready_departs_at_the_cutoff_and_travels_whole_days() -> None:
    parcel = schedule_parcel(STORE, utc("2026-01-15T17:30"), transit_days=2)
    assert parcel.ready_at == utc("2026-01-15T19:30")
    assert parcel.departs_at == utc("2026-01-15T20:00")
    assert parcel.arrives_at == utc("2026-01-17T20:00")


def test_processing_can_miss_the_cutoff() -> None:
    assert schedule_parcel(STORE, utc("2026-01-15T18:01"), 0).departs_at == utc("2026-01-16T20:00")


def test_transit_days_are_24_hours_also_when_clocks_change() -> None:
    # Departs on 7 March 15:00 EST; a day later the wall clock shows 16:00 EDT.
    assert schedule_parcel(STORE, utc("2026-03-07T12:00"), 1).arrives_at == utc("2026-03-08T20:00")


def test_a_closed_date_delays_the_departure() -> None:
    closed = NodeClock(
        tz=STORE.tz,
        cutoff=STORE.cutoff,
        processing=STORE.processing,
        closed_on=frozenset({date(2026, 1, 15)}),
    )
    assert schedule_parcel(closed, utc("2026-01-15T12:00"), 0).departs_at == utc("2026-01-16T20:00")


def test_own_stock_pickup_arrives_when_it_is_ready() -> None:
    pickup = schedule_own_pickup(STORE, utc("2026-01-15T21:00"))
    assert pickup.departs_at is None
    assert pickup.arrives_at == pickup.ready_at == utc("2026-01-15T23:00")


def test_a_promise_is_met_up_to_its_very_moment() -> None:
    pickup = schedule_own_pickup(STORE, utc("2026-01-15T21:00"))
    assert pickup.meets(utc("2026-01-15T23:00"))
    assert not pickup.meets(utc("2026-01-15T22:59:59"))
    assert pickup.meets(None)


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(InvalidRequest, match="transit_days"):
        schedule_parcel(STORE, utc("2026-01-15T21:00"), -1)
    with pytest.raises(InvalidRequest, match="processing"):
        NodeClock(tz=STORE.tz, cutoff=STORE.cutoff, processing=timedelta(hours=-1))
    with pytest.raises(InvalidRequest, match="placed_at"):
        schedule_own_pickup(STORE, datetime(2026, 1, 15))
