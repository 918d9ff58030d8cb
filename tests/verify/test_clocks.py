"""Departures agree with the domain's cut-off rule, on ordinary days and on days when clocks change."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from fulfillment.domain.calendar import first_cutoff
from fulfillment.verify.clocks import departures

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
)
CUTOFFS = ("00:00", "00:30", "01:30", "01:59", "02:00", "02:30", "03:00", "12:00", "23:59")
CHANGES = ("2026-03-08", "2026-11-01", "2026-03-29", "2026-10-25", "2026-04-05", "2026-10-04", "2018-11-04")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_departures_are_the_domains(zone: str, cutoff: str) -> None:
    tz, at = ZoneInfo(zone), time.fromisoformat(cutoff)
    ready = [
        datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=10 * k, microseconds=k % 3)
        for day in CHANGES
        for k in range(-72, 216)
    ]
    micros = np.array([(moment - EPOCH) // timedelta(microseconds=1) for moment in ready])
    found = departures(micros, tz, (at.hour * 60 + at.minute) * 60_000_000)
    expected = [(first_cutoff(moment, at, tz) - EPOCH) // timedelta(microseconds=1) for moment in ready]
    assert found.tolist() == expected


def test_no_orders_depart_at_no_time() -> None:
    assert departures(np.array([], np.int64), ZoneInfo("UTC"), 0).tolist() == []
