"""Entries that nodes and partners may report themselves, without a use case of ours around them.

What reserves or commits units is not among them: holds and orders keep those two counts, together with who
claims what. Nor is a sale at the till, which draws on whatever is there and tells whoever lost a unit.
"""

from collections.abc import Mapping
from types import MappingProxyType

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.stock import Border, EntryReason, StockState

_A, _U = StockState.AVAILABLE.value, StockState.UNAVAILABLE.value
_SUPPLIER, _CUSTOMER, _LOSS = Border.SUPPLIER.value, Border.CUSTOMER.value, Border.LOSS.value

Move = tuple[str, str]
"""From where to where."""

REPORTED: Mapping[str, tuple[Move, ...]] = MappingProxyType(
    {
        EntryReason.RECEIVE.value: ((_SUPPLIER, _A), (_SUPPLIER, _U)),
        EntryReason.RETURN.value: ((_CUSTOMER, _A), (_CUSTOMER, _U)),
        EntryReason.TRANSFER_OUT.value: ((_A, _SUPPLIER),),
        EntryReason.TRANSFER_IN.value: ((_SUPPLIER, _A), (_SUPPLIER, _U)),
        EntryReason.FOUND.value: ((_LOSS, _A),),
        EntryReason.SET_ASIDE.value: ((_A, _U),),
        EntryReason.RESTORE.value: ((_U, _A),),
        EntryReason.WRITE_OFF.value: ((_A, _LOSS), (_U, _LOSS)),
    }
)
"""By reason, the moves that may be reported; the first one is meant where none is named."""

_INSTEAD = {
    EntryReason.SELL.value: "report a sale at the till as a sale",
    EntryReason.COUNT.value: "send a count as a count, which is compared with the books",
}


def reported_move(reason: str, source: str | None, target: str | None) -> Move:
    """Complete the move of a reported entry.

    Raises
    ------
    InvalidRequest
        When no such entry may be reported.
    """
    allowed = REPORTED.get(reason, ())
    for move in allowed:
        if source in (None, move[0]) and target in (None, move[1]):
            return move
    if allowed:
        moves = ", ".join(f"{a} -> {b}" for a, b in allowed)
        raise InvalidRequest(
            f"a reported {reason} cannot move units {source} -> {target}",
            remedy=f"it moves {moves}",
            key="reason",
            value=reason,
        )
    raise InvalidRequest(
        f"entries of the reason {reason} cannot be reported",
        remedy=_INSTEAD.get(reason, f"report one of {', '.join(REPORTED)}"),
        key="reason",
        value=reason,
    )
