"""Receive units of a supply: they are on the shelf now, and no longer under way."""

from dataclasses import dataclass, replace
from urllib.parse import quote

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import Conflict, NotFound
from fulfillment.domain.stock import Border, Entry, EntryReason, StockState
from fulfillment.ids import IdSource
from fulfillment.services.set_supply import due_supply, supply_event
from fulfillment.store.outbox import add_events
from fulfillment.store.posting import EntryGroup
from fulfillment.store.stock import post
from fulfillment.store.stock_rows import known_movements
from fulfillment.store.supply import StoredSupply, lock_supply, write_supply
from fulfillment.store.transaction import run_in_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveSupply:
    """Units that arrived.

    Attributes
    ----------
    receipt_id : str
        Unique a supply; receiving it again is harmless.
    qty : int
        Fewer than announced leaves the rest due; more is received all the same.
    """

    supply_id: str
    receipt_id: str
    qty: int


def receive_supply(
    engine: Engine, command: ReceiveSupply, *, clock: Clock, ids: IdSource, actor: str
) -> StoredSupply:
    """Put units of a supply on the shelf.

    Raises
    ------
    NotFound
        When there is no such supply.
    Conflict
        When it was received in full or cancelled, or the receipt stands for other units.
    """

    def story(connection: Connection) -> StoredSupply:
        return _receive(connection, command, clock, ids, actor)

    return run_in_transaction(engine, story)


def _receive(
    connection: Connection, command: ReceiveSupply, clock: Clock, ids: IdSource, actor: str
) -> StoredSupply:
    known = lock_supply(connection, command.supply_id)
    if known is None:
        raise NotFound(f"supply {command.supply_id} is not there", kind="supply", id=command.supply_id)
    entry = _entry(known, command, actor, clock)
    earlier = known_movements(connection, [entry.entry_id]).get(entry.entry_id)
    if earlier is not None:
        if earlier[4] != command.qty:
            raise Conflict(
                f"receipt {command.receipt_id} brought {earlier[4]} units",
                kind="receipt",
                id=command.receipt_id,
            )
        return known
    supply = due_supply(connection, command.supply_id)
    posted = post(connection, [EntryGroup(entry.entry_id, (entry,))])
    for refusal in posted.refused.values():
        raise refusal
    received = _less(supply, command.qty)
    write_supply(connection, received)
    told = supply_event(received, "received", ids, received=command.qty, is_complete=received.state != "due")
    add_events(connection, [told], clock.now())
    return received


def _less(supply: StoredSupply, qty: int) -> StoredSupply:
    """Take units off what is under way; those that were promised arrive first."""
    if qty >= supply.qty:
        return replace(supply, state="received", promised=0)
    return replace(supply, qty=supply.qty - qty, promised=max(0, supply.promised - qty))


def _entry(supply: StoredSupply, command: ReceiveSupply, actor: str, clock: Clock) -> Entry:
    now = clock.now()
    reason = EntryReason.TRANSFER_IN if supply.kind == "transfer" else EntryReason.RECEIVE
    return Entry(
        entry_id=f"supply/{quote(supply.supply_id, safe='')}/{quote(command.receipt_id, safe='')}",
        node_id=supply.node_id,
        sku_id=supply.sku_id,
        source=Border.SUPPLIER,
        target=StockState.AVAILABLE,
        qty=command.qty,
        reason=reason,
        reference=supply.reference or supply.supply_id,
        actor=actor,
        occurred_at=now,
        recorded_at=now,
    )
