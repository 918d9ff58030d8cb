"""Announce, change and cancel supply: units that a supplier has promised for a day."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.availability import Supply
from fulfillment.domain.errors import Conflict, NotFound
from fulfillment.ids import IdSource
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.places import unknown_nodes, unknown_skus
from fulfillment.store.supply import StoredSupply, add_supply, lock_supply, write_supply
from fulfillment.store.transaction import run_in_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSupply:
    """A line of a purchase order.

    Attributes
    ----------
    due_on : date
        Local day of the node on which the units can be used.
    reference : str
        The purchase order.
    """

    supply_id: str
    node_id: str
    sku_id: str
    due_on: date
    qty: int
    reference: str = ""


def set_supply(engine: Engine, command: SetSupply, *, clock: Clock, ids: IdSource) -> StoredSupply:
    """Announce a supply, or change its day, its units or its reference; the same again changes nothing.

    Raises
    ------
    NotFound
        When there is no such node or SKU.
    Conflict
        When it was announced for another node or SKU, has arrived or was cancelled, or has more units
        promised to orders than it would have left.
    """

    def story(connection: Connection) -> StoredSupply:
        return _set(connection, command, clock, ids)

    return run_in_transaction(engine, story)


def cancel_supply(engine: Engine, supply_id: str, *, clock: Clock, ids: IdSource) -> StoredSupply:
    """Note that the units will not come; a cancelled supply stays as it is.

    Raises
    ------
    NotFound
        When there is no such supply.
    Conflict
        When it has arrived.
    """

    def story(connection: Connection) -> StoredSupply:
        known = due_supply(connection, supply_id, also="cancelled")
        if known.state == "cancelled":
            return known
        cancelled = replace(known, state="cancelled")
        write_supply(connection, cancelled)
        add_events(connection, [supply_event(cancelled, "cancelled", ids)], clock.now())
        return cancelled

    return run_in_transaction(engine, story)


def due_supply(connection: Connection, supply_id: str, *, also: str = "due") -> StoredSupply:
    """Lock a supply that is due still, or in the state `also`.

    Raises
    ------
    NotFound
        When there is no such supply.
    Conflict
        When it is in another state.
    """
    known = lock_supply(connection, supply_id)
    if known is None:
        raise NotFound(f"supply {supply_id} is not there", kind="supply", id=supply_id)
    if known.state not in ("due", also):
        raise Conflict(f"supply {supply_id} is {known.state}", kind="supply", id=supply_id, state=known.state)
    return known


def supply_event(supply: StoredSupply, happened: str, ids: IdSource, **more: object) -> Event:
    """Tell what happened to a supply."""
    data = {
        "supply_id": supply.supply_id,
        "node_id": supply.node_id,
        "sku_id": supply.sku_id,
        "due_on": supply.due_on.isoformat(),
        "qty": supply.qty,
        "promised": supply.promised,
        "reference": supply.reference,
        **more,
    }
    return Event(ids.new_id(), f"supply.{happened}", supply.supply_id, data)


def _set(connection: Connection, command: SetSupply, clock: Clock, ids: IdSource) -> StoredSupply:
    if lock_supply(connection, command.supply_id) is None:
        return _announce(connection, command, clock, ids)
    known = due_supply(connection, command.supply_id)
    if (known.node_id, known.sku_id) != (command.node_id, command.sku_id):
        raise Conflict(
            f"supply {known.supply_id} is {known.sku_id} for {known.node_id}; cancel it and announce another",
            kind="supply",
            id=known.supply_id,
        )
    if command.qty < known.promised:
        raise Conflict(
            f"{known.promised} units of supply {known.supply_id} are promised to orders",
            kind="supply",
            id=known.supply_id,
            promised=known.promised,
        )
    _checked(command)
    changed = replace(known, due_on=command.due_on, qty=command.qty, reference=command.reference)
    if changed != known:
        write_supply(connection, changed)
        add_events(connection, [supply_event(changed, "changed", ids)], clock.now())
    return changed


def _announce(connection: Connection, command: SetSupply, clock: Clock, ids: IdSource) -> StoredSupply:
    _checked(command)
    for kind, unknown in (
        ("node", unknown_nodes(connection, [command.node_id])),
        ("sku", unknown_skus(connection, [command.sku_id])),
    ):
        if unknown:
            raise NotFound(f"there is no {kind} {unknown[0]}", kind=kind, id=unknown[0])
    announced = StoredSupply(
        supply_id=command.supply_id,
        node_id=command.node_id,
        sku_id=command.sku_id,
        kind="purchase",
        state="due",
        due_on=command.due_on,
        qty=command.qty,
        promised=0,
        reference=command.reference,
    )
    now = clock.now()
    add_supply(connection, announced, now)
    add_events(connection, [supply_event(announced, "announced", ids)], now)
    return announced


def _checked(command: SetSupply) -> Supply:
    """Check it as the domain does."""
    return Supply(
        supply_id=command.supply_id,
        node_id=command.node_id,
        sku_id=command.sku_id,
        due_on=command.due_on,
        qty=command.qty,
    )
