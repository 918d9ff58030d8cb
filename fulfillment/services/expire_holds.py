"""End holds whose time is over, when somebody needs their units."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

from fulfillment.domain.stock import Entry, EntryReason, StockState
from fulfillment.store.holds import ExpiredHold
from fulfillment.store.posting import EntryGroup


def expiry_groups(holds: Iterable[ExpiredHold], *, actor: str, now: datetime) -> list[EntryGroup]:
    """Make the entries that give back what expired holds reserve, a group a hold."""
    return [
        EntryGroup(
            f"expire/{hold.hold_id}",
            tuple(
                _entry(hold.hold_id, node_id, sku_id, qty, actor, now) for node_id, sku_id, qty in hold.units
            ),
        )
        for hold in holds
    ]


def _entry(hold_id: str, node_id: str, sku_id: str, qty: int, actor: str, now: datetime) -> Entry:
    name = "/".join(quote(part, safe="") for part in (hold_id, node_id, sku_id))
    return Entry(
        entry_id=f"expire/{name}",
        node_id=node_id,
        sku_id=sku_id,
        source=StockState.RESERVED,
        target=StockState.AVAILABLE,
        qty=qty,
        reason=EntryReason.EXPIRE,
        reference=hold_id,
        actor=actor,
        occurred_at=now,
        recorded_at=now,
    )
