"""What is asked of the running decision about one order, and what it answers.

These are the words between whoever decides (`fulfillment/live/`) and whoever commits: a request is an order
before it is in the ledger, a decision is what should be written if nobody else was faster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.orders import Order, Review
from fulfillment.domain.stock import Balance
from fulfillment.domain.transitions import OrderState

Position = tuple[str, str]
"""A node_id and a sku_id."""

Slot = tuple[str, date]
"""A node_id and the node-local day whose capacity is used."""


class OnShort(StrEnum):
    """What becomes of an order that cannot be filled whole."""

    REJECT = "reject"  # nothing is written, the shortfalls are named
    PARTIAL = "partial"  # what there is is placed, the rest is cancelled
    BACKORDER = "backorder"  # what there is is placed, the rest waits for stock


class WhyUnfilled(StrEnum):
    """Why a unit got no node."""

    NO_STOCK = "no_stock"
    OUT_OF_REACH = "out_of_reach"  # nodes have it, none serves this destination by this method
    TOO_LATE = "too_late"  # no service arrives by the promise
    NO_CAPACITY = "no_capacity"
    UNKNOWN_SKU = "unknown_sku"
    SHIP_COMPLETE = "ship_complete"  # the policy sends such an order complete or not at all
    PARCEL_LIMIT = "parcel_limit"  # the policy lets it be cut into no more parcels


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order that asks to be placed.

    Attributes
    ----------
    service : str
        The one that the customer chose, '' when any will do.
    on_short : OnShort
        What becomes of it when it cannot be filled whole.
    review : Review or None
        What it waits for; such an order is written down and decided once it is cleared.
    hold_id : str or None
        The hold whose units it takes over. Whatever the decision wants of a position is taken from the hold
        first, and what the hold has left is given back.

    Raises
    ------
    InvalidRequest
        On construction, when it breaks a rule that every order keeps (`Order`).
    """

    order_id: str
    channel: str
    method: Method
    lines: tuple[Line, ...]
    placed_at: datetime
    customer_id: str
    service: str = ""
    postal_code: str | None = None
    pickup_node_id: str | None = None
    promise_by: datetime | None = None
    priority: int = 1
    on_short: OnShort = OnShort.REJECT
    review: Review | None = None
    hold_id: str | None = None

    def __post_init__(self) -> None:
        self.as_order()

    def as_order(self) -> Order:
        """Return the order as it begins, which checks it against the rules of every order."""
        return Order(
            order_id=self.order_id,
            channel=self.channel,
            method=self.method,
            lines=self.lines,
            placed_at=self.placed_at,
            customer_id=self.customer_id,
            postal_code=self.postal_code,
            pickup_node_id=self.pickup_node_id,
            promise_by=self.promise_by,
            priority=self.priority,
            state=OrderState.OPEN if self.review is None else OrderState.ON_HOLD,
            review=self.review,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedParcel:
    """Units that one node sends, or keeps ready, together.

    Attributes
    ----------
    carrier, service : str
        Both `NO_CARRIER` where it is collected from the node's own stock.
    departs_at : datetime or None
        UTC; None where it is collected from the node's own stock.
    arrives_at : datetime
        UTC.
    slot_on : date
        Node-local day whose capacity it uses: of departure, or of readiness where nothing departs.
    lines : tuple of Line
        Under the order's line numbers; a line of a kit counts whole kits.
    units : mapping of str to int
        What leaves the node's stock: components where a line is a kit, equal SKUs added up (`kits.explode`).
    cost_micros : int
        Transport and handling.
    """

    node_id: str
    carrier: str
    service: str
    departs_at: datetime | None
    arrives_at: datetime
    slot_on: date
    lines: tuple[Line, ...]
    units: Mapping[str, int]
    cost_micros: int


@dataclass(frozen=True, slots=True)
class UnfilledUnits:
    """Units of a line that got no node, and why."""

    line_no: int
    sku_id: str
    qty: int
    reason: WhyUnfilled


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What should be written for one order.

    Attributes
    ----------
    cost_micros : int
        Transport and handling of all parcels.
    recipes_at : datetime or None
        UTC; kits are taken apart by the recipes of that moment, None for those of the commit.
    """

    order_id: str
    parcels: tuple[PlannedParcel, ...]
    unfilled: tuple[UnfilledUnits, ...]
    cost_micros: int
    recipes_at: datetime | None = None

    def units_by_position(self) -> dict[Position, int]:
        """Add up the units taken from each (node_id, sku_id) over all parcels."""
        units: dict[Position, int] = {}
        for parcel in self.parcels:
            for sku_id, qty in parcel.units.items():
                position = (parcel.node_id, sku_id)
                units[position] = units.get(position, 0) + qty
        return units

    def parcels_by_slot(self) -> dict[Slot, int]:
        """Count the parcels by (node_id, slot_on)."""
        parcels: dict[Slot, int] = {}
        for parcel in self.parcels:
            slot = (parcel.node_id, parcel.slot_on)
            parcels[slot] = parcels.get(slot, 0) + 1
        return parcels


class StockView(Protocol):
    """What a decider knows of the ledger; told by whoever has read something newer."""

    @property
    def position(self) -> str:
        """Tell the ledger's cursor up to which it knows all; '' before the first entry."""
        ...

    def refresh(self, balances: Mapping[Position, Balance]) -> None:
        """Take committed balances; of two of one position the one with the higher version stands."""
        ...

    def refresh_expired(self, units: Mapping[Position, int], now: datetime) -> None:
        """Take the units of some positions that holds reserve whose time is over at `now` (UTC)."""
        ...

    def refresh_capacity(self, used: Mapping[Slot, int]) -> None:
        """Take the parcels that use some slots, as committed."""
        ...


class Decider(Protocol):
    """Whoever decides orders; called from several threads."""

    @property
    def policy_digest(self) -> str:
        """Name the policy that decides."""
        ...

    @property
    def release_window(self) -> timedelta:
        """From a decision until a node may begin; until then the decision may be improved."""
        ...

    @property
    def view(self) -> StockView:
        """The view that it decides on."""
        ...

    def decide(
        self,
        orders: Sequence[OrderRequest],
        now: datetime,
        held: Mapping[str, Mapping[Position, int]] | None = None,
    ) -> list[Decision]:
        """Decide orders in turn, each on what the ones before it leave.

        It writes nothing and remembers nothing: what a decision takes is known once it is committed.

        Parameters
        ----------
        held : mapping of order_id to units by position
            Units reserved or committed for an order already; they are available to it alone.
        """
        ...
