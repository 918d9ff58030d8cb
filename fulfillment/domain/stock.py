"""Stock of one (node, SKU): its states, the entries that move units between them, and `apply`.

`apply` is the only code that changes a balance. A balance is what its entries say, so replaying them rebuilds
it. The fifth state, *incoming*, is not a count beside these four but the sum of dated supply rows
(`supply.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from fulfillment.domain.checks import MAX_UNITS, require_text, require_units, require_utc
from fulfillment.domain.errors import InsufficientStock, InvalidRequest, Shortfall


class StockState(StrEnum):
    """Where a unit on hand stands; the counts are disjoint."""

    AVAILABLE = "available"
    RESERVED = "reserved"  # claimed by a hold that expires
    COMMITTED = "committed"  # promised to a placed order
    UNAVAILABLE = "unavailable"  # damaged, or in quality control


class Border(StrEnum):
    """The world outside a node, as a place that units come from and go to."""

    SUPPLIER = "supplier"  # whoever sends goods in: a purchase order, or another node by transfer
    CUSTOMER = "customer"
    LOSS = "loss"  # what only counting knows: found, missing, written off


Place = StockState | Border
_PLACES = (StockState, Border)


class EntryReason(StrEnum):
    """Why units move; `MOVES` says from where to where each may move them."""

    RECEIVE = "receive"
    HOLD = "hold"
    RELEASE = "release"
    EXPIRE = "expire"
    COMMIT = "commit"
    UNCOMMIT = "uncommit"  # an order was cancelled, changed or routed elsewhere
    SHIP = "ship"
    COLLECT = "collect"
    SELL = "sell"  # carried out at the till
    RETURN = "return"
    TRANSFER_OUT = "transfer_out"
    TRANSFER_IN = "transfer_in"
    FOUND = "found"
    COUNT = "count"
    NOT_FOUND = "not_found"  # a pick that came up short
    SET_ASIDE = "set_aside"
    RESTORE = "restore"
    WRITE_OFF = "write_off"


_A, _R, _C, _U = StockState.AVAILABLE, StockState.RESERVED, StockState.COMMITTED, StockState.UNAVAILABLE
_SUPPLIER, _CUSTOMER, _LOSS = Border.SUPPLIER, Border.CUSTOMER, Border.LOSS

MOVES: Mapping[EntryReason, frozenset[tuple[Place, Place]]] = MappingProxyType(
    {
        EntryReason.RECEIVE: frozenset({(_SUPPLIER, _A), (_SUPPLIER, _U)}),
        EntryReason.HOLD: frozenset({(_A, _R)}),
        EntryReason.RELEASE: frozenset({(_R, _A)}),
        EntryReason.EXPIRE: frozenset({(_R, _A)}),
        EntryReason.COMMIT: frozenset({(_A, _C), (_R, _C)}),
        EntryReason.UNCOMMIT: frozenset({(_C, _A)}),
        EntryReason.SHIP: frozenset({(_C, _CUSTOMER)}),
        EntryReason.COLLECT: frozenset({(_C, _CUSTOMER)}),
        # Physical truth wins: the unit in the customer's hand is sold, whomever the books gave it to.
        EntryReason.SELL: frozenset({(_A, _CUSTOMER), (_R, _CUSTOMER), (_C, _CUSTOMER)}),
        EntryReason.RETURN: frozenset({(_CUSTOMER, _A), (_CUSTOMER, _U)}),
        EntryReason.TRANSFER_OUT: frozenset({(_A, _SUPPLIER), (_C, _SUPPLIER)}),
        # A transfer made for an order arrives committed to it, so that no other sale can come between.
        EntryReason.TRANSFER_IN: frozenset({(_SUPPLIER, _A), (_SUPPLIER, _C), (_SUPPLIER, _U)}),
        EntryReason.FOUND: frozenset({(_LOSS, _A)}),
        EntryReason.COUNT: frozenset(
            {(_LOSS, _A), (_LOSS, _U), (_A, _LOSS), (_R, _LOSS), (_C, _LOSS), (_U, _LOSS)}
        ),
        EntryReason.NOT_FOUND: frozenset({(_C, _LOSS), (_C, _U)}),
        EntryReason.SET_ASIDE: frozenset({(_A, _U), (_R, _U), (_C, _U)}),
        EntryReason.RESTORE: frozenset({(_U, _A)}),
        EntryReason.WRITE_OFF: frozenset({(_A, _LOSS), (_U, _LOSS)}),
    }
)
"""Every move that a reason allows; an entry outside this table cannot be built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Units of one (node, SKU) by state, each at least 0.

    Attributes
    ----------
    available, reserved, committed, unavailable : int
        Units.
    version : int
        Entries applied so far.
    """

    available: int = 0
    reserved: int = 0
    committed: int = 0
    unavailable: int = 0
    version: int = 0

    def __post_init__(self) -> None:
        require_units("available", self.available)
        require_units("reserved", self.reserved)
        require_units("committed", self.committed)
        require_units("unavailable", self.unavailable)

    def units(self, state: StockState) -> int:
        """Units in `state`."""
        match state:
            case StockState.AVAILABLE:
                return self.available
            case StockState.RESERVED:
                return self.reserved
            case StockState.COMMITTED:
                return self.committed
            case StockState.UNAVAILABLE:
                return self.unavailable

    @property
    def on_hand(self) -> int:
        """Units that stand in the node."""
        return self.available + self.reserved + self.committed + self.unavailable


EMPTY = Balance()
"""The balance before any entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement of units of one (node, SKU), from one place to another. Never changed once posted.

    Attributes
    ----------
    entry_id : str
        Unique in the ledger; given by whoever causes the entry, so that posting it again is harmless.
    source, target : StockState | Border
        Where the units leave and where they arrive; `MOVES` says which pairs a reason allows.
    qty : int
        Units, at least 1.
    reference : str
        What caused it: an order, a hold, a count, a delivery note.
    actor : str
        Who did it: a person, a till, a service.
    occurred_at, recorded_at : datetime
        UTC; when it happened, and when the ledger learned of it.
    """

    entry_id: str
    node_id: str
    sku_id: str
    source: Place
    target: Place
    qty: int
    reason: EntryReason
    reference: str
    actor: str
    occurred_at: datetime
    recorded_at: datetime

    def __post_init__(self) -> None:
        require_text("entry_id", self.entry_id)
        require_text("node_id", self.node_id)
        require_text("sku_id", self.sku_id)
        require_text("actor", self.actor)
        require_units("qty", self.qty, at_least=1)
        require_utc("occurred_at", self.occurred_at)
        if self.recorded_at is not self.occurred_at:
            require_utc("recorded_at", self.recorded_at)
        # A plain "available" equals the state, but `apply` would take it for a border.
        typed = type(self.source) in _PLACES and type(self.target) in _PLACES
        if not typed or (self.source, self.target) not in MOVES[self.reason]:
            allowed = sorted(f"{source} -> {target}" for source, target in MOVES[self.reason])
            raise InvalidRequest(
                f"a {self.reason} entry cannot move units {self.source} -> {self.target}",
                remedy=f"it moves {', '.join(allowed)}",
                key="reason",
                value=self.reason.value,
                allowed=allowed,
            )


def apply(balance: Balance, entry: Entry) -> Balance:
    """Post one entry to the balance of its (node, SKU).

    Returns
    -------
    Balance
        The balance after the entry, its version one higher.

    Raises
    ------
    InsufficientStock
        When the source state holds fewer units than the entry moves.
    InvalidRequest
        When the target state would exceed `MAX_UNITS`.
    """
    source, target, qty = entry.source, entry.target, entry.qty
    if isinstance(source, StockState) and (there := balance.units(source)) < qty:
        raise InsufficientStock([Shortfall(entry.node_id, entry.sku_id, qty, there)])
    if isinstance(target, StockState) and (there := balance.units(target)) > MAX_UNITS - qty:
        raise InvalidRequest(
            f"{qty} units more than {there} {target} of {entry.sku_id} at {entry.node_id}",
            remedy=f"a state holds at most {MAX_UNITS} units; check the quantity",
            key="qty",
            value=qty,
        )
    return Balance(
        available=balance.available + qty * ((target is _A) - (source is _A)),
        reserved=balance.reserved + qty * ((target is _R) - (source is _R)),
        committed=balance.committed + qty * ((target is _C) - (source is _C)),
        unavailable=balance.unavailable + qty * ((target is _U) - (source is _U)),
        version=balance.version + 1,
    )


def replay(entries: Iterable[Entry]) -> dict[tuple[str, str], Balance]:
    """Rebuild every balance from its entries, in the order they were posted.

    Give only the entries up to a moment to learn the balances of that moment.

    Returns
    -------
    dict
        Balance by (node_id, sku_id), for each position that any entry names.
    """
    balances: dict[tuple[str, str], Balance] = {}
    for entry in entries:
        position = (entry.node_id, entry.sku_id)
        balances[position] = apply(balances.get(position, EMPTY), entry)
    return balances
