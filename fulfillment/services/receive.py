"""Receive units from suppliers, many at once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.stock import Border, Entry, EntryReason, StockState
from fulfillment.store.posting import EntryGroup, Posted
from fulfillment.store.stock import post
from fulfillment.store.transaction import run_in_transaction

ENTRIES_PER_TRANSACTION = 10_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """Units of one SKU that arrived at a node.

    Attributes
    ----------
    entry_id : str
        Given by whoever reports it; reporting it again is harmless.
    reference : str
        The delivery note.
    occurred_at : datetime
        UTC.
    """

    entry_id: str
    node_id: str
    sku_id: str
    qty: int
    reference: str
    occurred_at: datetime


def receive(
    engine: Engine,
    receipts: Sequence[Receipt],
    *,
    actor: str,
    clock: Clock,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Posted:
    """Post a receipt of each, by groups of `ENTRIES_PER_TRANSACTION` that commit one by one.

    After a crash, call it again with the same receipts: those that are in the ledger are duplicates.

    Parameters
    ----------
    on_progress : callable
        Takes how many receipts more are done.

    Returns
    -------
    Posted
        By entry id; refused are unknown nodes and SKUs, and ids that stand for another movement.
    """
    outcome = Posted()
    for group in _in_groups(receipts, ENTRIES_PER_TRANSACTION):
        now = clock.now()
        entries = [EntryGroup(receipt.entry_id, (_entry(receipt, actor, now),)) for receipt in group]

        def story(connection: Connection, entries: list[EntryGroup] = entries) -> Posted:
            return post(connection, entries)

        posted = run_in_transaction(engine, story)
        outcome.applied.extend(posted.applied)
        outcome.duplicates.extend(posted.duplicates)
        outcome.refused.update(posted.refused)
        on_progress(len(group))
    return outcome


def _entry(receipt: Receipt, actor: str, now: datetime) -> Entry:
    return Entry(
        entry_id=receipt.entry_id,
        node_id=receipt.node_id,
        sku_id=receipt.sku_id,
        source=Border.SUPPLIER,
        target=StockState.AVAILABLE,
        qty=receipt.qty,
        reason=EntryReason.RECEIVE,
        reference=receipt.reference,
        actor=actor,
        occurred_at=receipt.occurred_at,
        recorded_at=now,
    )


def _in_groups(receipts: Sequence[Receipt], size: int) -> Iterator[Sequence[Receipt]]:
    for start in range(0, len(receipts), size):
        yield receipts[start : start + size]
