"""GTIN: the number under the bar code, and its check digit (GS1 General Specifications, section 7.9)."""

from fulfillment.domain.errors import InvalidRequest

LENGTHS = (8, 12, 13, 14)


def check_digit(body: str) -> int:
    """Compute the digit that completes `body`, a GTIN without its last digit.

    From the right the digits weigh 3, 1, 3, 1, …; the check digit completes their sum to a multiple of ten.
    """
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return -weighted % 10


def check_gtin(gtin: str) -> None:
    """Refuse a GTIN of a wrong form or with a wrong check digit.

    Raises
    ------
    InvalidRequest
        Names the value and what would be right.
    """
    if len(gtin) not in LENGTHS or not (gtin.isascii() and gtin.isdigit()):
        raise InvalidRequest(
            f"GTIN {gtin!r} has not 8, 12, 13 or 14 digits",
            remedy="give all digits, leading zeros included",
            key="gtin",
            value=gtin,
        )
    right = check_digit(gtin[:-1])
    if int(gtin[-1]) != right:
        raise InvalidRequest(
            f"GTIN {gtin} has the check digit {gtin[-1]}",
            remedy=f"for the digits before it the check digit is {right}; compare with the bar code",
            key="gtin",
            value=gtin,
        )
