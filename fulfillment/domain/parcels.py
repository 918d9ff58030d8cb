"""A parcel (shipment): units that travel together from one node with one carrier and service."""

from dataclasses import dataclass, replace

from fulfillment.domain.checks import require_text
from fulfillment.domain.lines import Line, require_lines
from fulfillment.domain.transitions import PARCELS, ParcelState, Verb

NO_CARRIER = "none"
"""Carrier and service of what is collected where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """Units of one order from one node, with one carrier and service.

    Attributes
    ----------
    lines : tuple of Line
        The units inside, under the order's line numbers.
    carrier, service : str
        Who brings it and how; both `NO_CARRIER` for own-stock pickup.
    """

    parcel_id: str
    fulfillment_order_id: str
    carrier: str
    service: str
    lines: tuple[Line, ...]
    state: ParcelState = ParcelState.PLANNED

    def __post_init__(self) -> None:
        for key in ("parcel_id", "fulfillment_order_id", "carrier", "service"):
            require_text(key, getattr(self, key))
        require_lines(self.lines)

    def after(self, verb: Verb) -> "Parcel":
        """Return it after `verb`; refused with `MoveRefused` where the table has no such move."""
        return replace(self, state=PARCELS.move(self.state, verb, self.parcel_id))
