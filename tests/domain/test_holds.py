from dataclasses import replace
from datetime import timedelta

import pytest

from fulfillment.domain.errors import InvalidRequest, MoveRefused, ReservationClosed
from fulfillment.domain.holds import HeldUnits, Hold
from fulfillment.domain.transitions import HoldState
from tests.domain.examples import NOON

LATER = NOON + timedelta(minutes=15)
HOLD = Hold(hold_id="H1", channel="web", units=(HeldUnits("S1", "V", 2),), expires_at=LATER)


def test_a_hold_expires_at_its_very_moment() -> None:
    assert not HOLD.has_expired(LATER - timedelta(microseconds=1))
    assert HOLD.has_expired(LATER)


def test_a_hold_is_edited_in_place() -> None:
    more = (HeldUnits("S1", "V", 4),)
    changed = HOLD.changed(now=NOON, units=more, expires_at=LATER + timedelta(hours=1), channel="store")
    assert (changed.hold_id, changed.state) == ("H1", HoldState.ACTIVE)
    assert (changed.units, changed.channel) == (more, "store")
    assert changed.expires_at == LATER + timedelta(hours=1)
    assert HOLD.changed(now=NOON) == replace(HOLD, version=2)


def test_a_hold_whose_time_is_over_can_be_neither_changed_nor_converted() -> None:
    """Others may have its units already, although nothing was written when it expired."""
    for attempt in (HOLD.changed, HOLD.converted):
        with pytest.raises(ReservationClosed) as caught:
            attempt(now=LATER)
        assert caught.value.data["state"] == "expired"
        assert caught.value.data["hold_id"] == "H1"


def test_a_converted_hold_is_closed() -> None:
    converted = HOLD.converted(now=NOON)
    assert converted.state is HoldState.CONVERTED
    assert not converted.has_expired(LATER)
    with pytest.raises(ReservationClosed, match="it is converted"):
        converted.converted(now=NOON)
    with pytest.raises(MoveRefused):
        converted.released()


def test_a_hold_is_released_early_but_expires_only_in_time() -> None:
    assert HOLD.released().state is HoldState.RELEASED
    assert HOLD.expired(now=LATER).state is HoldState.EXPIRED
    with pytest.raises(InvalidRequest, match="lives until"):
        HOLD.expired(now=NOON)
    with pytest.raises(MoveRefused):
        HOLD.released().expired(now=LATER)


@pytest.mark.parametrize("units", [(), (HeldUnits("S1", "V", 1), HeldUnits("S1", "V", 2))])
def test_a_hold_names_each_position_once(units: tuple[HeldUnits, ...]) -> None:
    with pytest.raises(InvalidRequest):
        HOLD.changed(now=NOON, units=units)


def test_a_hold_claims_whole_units() -> None:
    with pytest.raises(InvalidRequest):
        HeldUnits("S1", "V", 0)
