"""Who loses units that are not there after all, when several were promised them.

A sale at the till, a count or a fruitless pick may take units that holds or orders claim. Holds lose before
orders, as the sale draws on ``reserved`` before ``committed``. Among the claims of one kind, the one whose
loss hurts least loses first:

1. a claim whose units nobody has picked, before one whose units lie in a box already;
2. the lower priority (a higher number) first;
3. the later claim first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.checks import require_units


class LossCause(StrEnum):
    """What showed that the units are not there."""

    TILL = "till"  # somebody carried them out
    COUNT = "count"
    NOT_FOUND = "not_found"  # a pick


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Units of one SKU at one node that a hold or a line of a fulfillment order was given.

    Attributes
    ----------
    claim_id : str
        The hold, or the fulfillment order.
    line_no : int
        Of the fulfillment order; 0 for a hold.
    qty : int
        Whole products claimed: kits, where the line is of a kit.
    units_each : int
        Units of the SKU in each of them; 1 unless it is a kit.
    picked : int
        How many of `qty` were taken off the shelf.
    priority : int
        1 is highest.
    claimed_at : datetime
        UTC.
    """

    claim_id: str
    line_no: int = 0
    qty: int
    units_each: int = 1
    picked: int = 0
    priority: int = 1
    claimed_at: datetime


@dataclass(frozen=True, slots=True)
class LostClaim:
    """What a claim loses.

    Attributes
    ----------
    qty : int
        Whole products: a kit of which one unit is gone is lost.
    units : int
        Units of the SKU that are gone; the other units of those products are free again.
    """

    claim: Claim
    qty: int
    units: int


def share_loss(claims: Iterable[Claim], units: int) -> tuple[list[LostClaim], int]:
    """Take `units` from claims, the ones first whose loss hurts least.

    Returns
    -------
    list of LostClaim, int
        What each loses (a claim stands twice when picked units go as well), and the units that nobody
        claimed.
    """
    require_units("units", units)
    ordered = sorted(claims, key=_loses_early)
    losses: list[LostClaim] = []
    for from_picked in (False, True):
        for claim in ordered:
            there = claim.picked if from_picked else claim.qty - claim.picked
            gone = min(units, there * claim.units_each)
            if gone:
                losses.append(LostClaim(claim, -(-gone // claim.units_each), gone))
                units -= gone
    return losses, units


def _loses_early(claim: Claim) -> tuple[int, float, str, int]:
    return (-claim.priority, -claim.claimed_at.timestamp(), claim.claim_id, claim.line_no)
