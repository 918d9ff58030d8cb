from datetime import timedelta

import pytest

from fulfillment.domain.lost_units import Claim, share_loss
from tests.domain.examples import NOON


def a_claim(claim_id: str, qty: int, *, minutes: int = 0, **more: int) -> Claim:
    return Claim(claim_id=claim_id, qty=qty, claimed_at=NOON + timedelta(minutes=minutes), **more)


def lost(claims: list[Claim], units: int) -> list[tuple[str, int]]:
    losses, unclaimed = share_loss(claims, units)
    assert sum(loss.units for loss in losses) + unclaimed == units
    return [(loss.claim.claim_id, loss.qty) for loss in losses]


def test_the_later_claim_loses_first() -> None:
    claims = [a_claim("late", 2, minutes=9), a_claim("early", 2)]
    assert lost(claims, 3) == [("late", 2), ("early", 1)]


def test_the_lower_priority_loses_before_the_later_claim() -> None:
    assert lost([a_claim("express", 2, minutes=9), a_claim("any day", 2, priority=3)], 1) == [("any day", 1)]


def test_picked_units_are_lost_last() -> None:
    claims = [a_claim("packed", 3, minutes=9, picked=2), a_claim("waits", 1)]
    assert lost(claims, 2) == [("packed", 1), ("waits", 1)]
    assert lost(claims, 4) == [("packed", 1), ("waits", 1), ("packed", 2)]


def test_a_kit_of_which_one_unit_is_gone_is_lost_whole() -> None:
    [loss], unclaimed = share_loss([a_claim("kits", 2, units_each=3)], 4)
    assert (loss.qty, loss.units, unclaimed) == (2, 4, 0)


@pytest.mark.parametrize("units", [0, 3])
def test_what_nobody_claimed_is_told(units: int) -> None:
    assert share_loss([], units) == ([], units)
