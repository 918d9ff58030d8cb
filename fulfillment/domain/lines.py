"""Units of SKUs: what a hold, an order or a parcel asks for, line by line, and added up."""

from collections.abc import Iterable
from dataclasses import dataclass

from fulfillment.domain.checks import require_text, require_units
from fulfillment.domain.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Line:
    """Units of one SKU under a line number of the order."""

    line_no: int
    sku_id: str
    qty: int

    def __post_init__(self) -> None:
        require_units("line_no", self.line_no)
        require_text("sku_id", self.sku_id)
        require_units("qty", self.qty, at_least=1)


def require_lines(lines: Iterable[Line]) -> None:
    """Refuse an empty list of lines, or a line number that stands twice.

    Raises
    ------
    InvalidRequest
        When it is so.
    """
    numbers = [line.line_no for line in lines]
    if not numbers:
        raise InvalidRequest("there are no lines", remedy="give at least one", key="lines")
    if len(set(numbers)) < len(numbers):
        raise InvalidRequest(
            f"the line numbers {numbers} are not distinct",
            remedy="number every line once",
            key="line_no",
            value=numbers,
        )


def units_by_sku(lines: Iterable[Line]) -> dict[str, int]:
    """Add up equal SKUs.

    Stock is checked against these sums: two lines of three units are six units, and each alone would pass
    over a stock of five.
    """
    units: dict[str, int] = {}
    for line in lines:
        units[line.sku_id] = units.get(line.sku_id, 0) + line.qty
    return units
