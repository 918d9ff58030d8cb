"""The entries that move a hold's units; each service of holds posts them before it writes the hold."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import quote

from fulfillment.domain.holds import Hold
from fulfillment.domain.stock import Entry, EntryReason, StockState
from fulfillment.ids import IdSource
from fulfillment.store.outbox import Event

Units = Iterable[tuple[tuple[str, str], int]]
"""Units by (node_id, sku_id)."""

_MOVES = {
    EntryReason.HOLD: (StockState.AVAILABLE, StockState.RESERVED),
    EntryReason.RELEASE: (StockState.RESERVED, StockState.AVAILABLE),
    EntryReason.COMMIT: (StockState.RESERVED, StockState.COMMITTED),
}


def hold_entries(
    hold: Hold,
    reason: EntryReason,
    units: Units,
    *,
    actor: str,
    now: datetime,
    reference: str | None = None,
) -> list[Entry]:
    """Move units of the hold as it is after the change; its version makes the ids unique to that change."""
    source, target = _MOVES[reason]
    return [
        Entry(
            entry_id=f"hold/{quote(hold.hold_id, safe='')}/{hold.version}/{reason}"
            f"/{quote(node_id, safe='')}/{quote(sku_id, safe='')}",
            node_id=node_id,
            sku_id=sku_id,
            source=source,
            target=target,
            qty=qty,
            reason=reason,
            reference=hold.hold_id if reference is None else reference,
            actor=actor,
            occurred_at=now,
            recorded_at=now,
        )
        for (node_id, sku_id), qty in units
    ]


def hold_event(hold: Hold, happened: str, ids: IdSource, **more: object) -> Event:
    """Tell what happened to a hold."""
    return Event(
        ids.new_id(),
        f"hold.{happened}",
        hold.hold_id,
        {
            "hold_id": hold.hold_id,
            "channel": hold.channel,
            "customer_id": hold.customer_id,
            "expires_at": hold.expires_at.isoformat(),
            "units": [
                {"node_id": held.node_id, "sku_id": held.sku_id, "qty": held.qty} for held in hold.units
            ],
            **more,
        },
    )
