"""What may still be promised: supply that is under way, and ATP (available to promise)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fulfillment.domain.checks import require_text, require_units
from fulfillment.domain.errors import InvalidRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Units under way to a node: a line of a purchase order, or a transfer in transit.

    The *incoming* state of a (node, SKU) is the sum of these rows; no other count of it exists.

    Attributes
    ----------
    due_on : date
        Local day of the node on which the units can be used.
    qty, promised : int
        Units, and how many of them are promised to orders already; ``promised <= qty``.
    """

    supply_id: str
    node_id: str
    sku_id: str
    due_on: date
    qty: int
    promised: int = 0

    def __post_init__(self) -> None:
        for key in ("supply_id", "node_id", "sku_id"):
            require_text(key, getattr(self, key))
        require_units("qty", self.qty, at_least=1)
        require_units("promised", self.promised)
        if self.promised > self.qty:
            raise InvalidRequest(
                f"{self.promised} units are promised of a supply of {self.qty}",
                remedy="promise at most what is under way",
                key="promised",
                value=self.promised,
            )

    @property
    def unpromised(self) -> int:
        """Units under way that are still free."""
        return self.qty - self.promised


def incoming(supplies: Iterable[Supply]) -> int:
    """Add up the units under way of one (node, SKU)."""
    return sum(supply.qty for supply in supplies)


def atp(available: int, *, safety_stock: int = 0, channel_buffer: int = 0, expired_holds: int = 0) -> int:
    """Count the units that a channel may promise now.

    Parameters
    ----------
    available : int
        Units in the state *available*.
    safety_stock : int
        Units that no channel may promise.
    channel_buffer : int
        Units that this channel must leave to the others.
    expired_holds : int
        Units still in the state *reserved* whose holds have expired: expiry takes effect when it is read.
    """
    return max(0, available + expired_holds - safety_stock - channel_buffer)


def atp_by(
    on: date,
    available: int,
    supplies: Iterable[Supply],
    *,
    safety_stock: int = 0,
    channel_buffer: int = 0,
    expired_holds: int = 0,
) -> int:
    """Count the units that a channel may promise for the day `on`.

    To what `atp` counts it adds the supply that is due by then and not yet promised. The buffers are filled
    first: units under way serve nobody while the safety stock itself is short.
    """
    due = sum(supply.unpromised for supply in supplies if supply.due_on <= on)
    return atp(
        available + due,
        safety_stock=safety_stock,
        channel_buffer=channel_buffer,
        expired_holds=expired_holds,
    )
