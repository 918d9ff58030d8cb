"""Small checks that the constructors of the domain share."""

from datetime import UTC, datetime, timedelta

from fulfillment.domain.errors import InvalidRequest

MAX_UNITS = 2**31 - 1
"""Most units of one count; what a 32-bit column of a database can hold."""


def require_utc(key: str, at: datetime) -> None:
    """Refuse a moment that is not an aware UTC datetime.

    Raises
    ------
    InvalidRequest
        When `at` is naive or has another offset.
    """
    if at.tzinfo is not UTC and at.utcoffset() != timedelta(0):
        raise InvalidRequest(
            f"{key} is {at.isoformat()}, which is not UTC",
            remedy="give an aware datetime, converted to UTC",
            key=key,
            value=at.isoformat(),
        )


def require_units(key: str, qty: int, *, at_least: int = 0) -> None:
    """Refuse a quantity that is no whole number between `at_least` and `MAX_UNITS`.

    Raises
    ------
    InvalidRequest
        When it is not.
    """
    # bool is an int to Python, and an order for True units is a mistake.
    if type(qty) is not int or not at_least <= qty <= MAX_UNITS:
        raise InvalidRequest(
            f"{key} is {qty!r}",
            remedy=f"give a whole number of units from {at_least} to {MAX_UNITS}",
            key=key,
            value=qty,
        )


def require_text(key: str, value: str) -> None:
    """Refuse an identifier or a name that is empty or no text.

    Raises
    ------
    InvalidRequest
        When it is.
    """
    if not isinstance(value, str) or not value:
        raise InvalidRequest(
            f"{key} is {value!r}", remedy="give a text that is not empty", key=key, value=value
        )
