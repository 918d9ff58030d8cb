"""Checks and limits that the tables of a policy share."""

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.kinds import Method

DECIDED_METHODS = (Method.SHIPPING, Method.PICK_UP, Method.LOCAL)
"""Methods that leave a choice of node; a sale at the till leaves none."""
MAX_CENTS = 100_000_000
"""Most that a policy may charge for one thing; a million of the major unit outweighs any parcel."""


def require_within(key: str, value: int, low: int, high: int) -> None:
    """Refuse a number outside `low` to `high`.

    Raises
    ------
    InvalidRequest
        Names the key, the value and the range.
    """
    if not low <= value <= high:
        raise InvalidRequest(
            f"{key} is {value}", remedy=f"give a whole number from {low} to {high}", key=key, value=value
        )
