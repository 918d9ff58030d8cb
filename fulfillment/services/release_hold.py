"""Release a hold: give its units back before it expires."""

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import NotFound, invariant
from fulfillment.domain.holds import Hold
from fulfillment.domain.stock import EntryReason
from fulfillment.domain.transitions import HoldState
from fulfillment.ids import IdSource
from fulfillment.services.hold_entries import hold_entries, hold_event
from fulfillment.store.holds import lock_holds, write_states
from fulfillment.store.outbox import add_events
from fulfillment.store.posting import EntryGroup
from fulfillment.store.stock import post
from fulfillment.store.transaction import run_in_transaction


def release_hold(engine: Engine, hold_id: str, *, clock: Clock, ids: IdSource, actor: str) -> Hold:
    """Give back what the hold reserves; one that gave it back already stays as it is.

    Raises
    ------
    NotFound
        When there is no such hold.
    MoveRefused
        When it has become an order.
    """

    def story(connection: Connection) -> Hold:
        return release_hold_within(connection, hold_id, clock=clock, ids=ids, actor=actor)

    return run_in_transaction(engine, story)


def release_hold_within(
    connection: Connection, hold_id: str, *, clock: Clock, ids: IdSource, actor: str
) -> Hold:
    """Do what `release_hold` does, in the caller's transaction."""
    hold = lock_holds(connection, [hold_id]).get(hold_id)
    if hold is None:
        raise NotFound(f"hold {hold_id} is not there", kind="hold", id=hold_id)
    if hold.state in (HoldState.RELEASED, HoldState.EXPIRED):
        return hold
    released, now = hold.released(), clock.now()
    units = hold.units_by_position().items()
    entries = hold_entries(released, EntryReason.RELEASE, units, actor=actor, now=now)
    posted = post(connection, [EntryGroup(hold_id, tuple(entries))])
    invariant(not posted.refused, "an active hold reserves what its positions do not hold", hold_id=hold_id)
    write_states(connection, [released])
    add_events(connection, [hold_event(released, "released", ids)], now)
    return released
