"""The entries that commit available units to an order."""

from collections.abc import Mapping
from datetime import datetime

from fulfillment.domain.placing import Position
from fulfillment.domain.stock import Entry, EntryReason, StockState


def commit_entries(
    units: Mapping[Position, int], *, order_id: str, decision_id: str, actor: str, now: datetime
) -> list[Entry]:
    """Take `units` by (node_id, sku_id) for a decision, which makes the ids unique."""
    return [
        Entry(
            entry_id=f"place/{decision_id}/{number}",
            node_id=node_id,
            sku_id=sku_id,
            source=StockState.AVAILABLE,
            target=StockState.COMMITTED,
            qty=qty,
            reason=EntryReason.COMMIT,
            reference=order_id,
            actor=actor,
            occurred_at=now,
            recorded_at=now,
        )
        for number, ((node_id, sku_id), qty) in enumerate(sorted(units.items()))
    ]
