"""Change a hold in place: more or fewer units, other nodes, another channel, more time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import NotFound, StaleVersion
from fulfillment.domain.holds import HeldUnits, Hold
from fulfillment.domain.stock import Entry, EntryReason
from fulfillment.ids import IdSource
from fulfillment.services.expire_holds import post_after_expiry
from fulfillment.services.hold_entries import hold_entries, hold_event
from fulfillment.services.open_hold import require_future
from fulfillment.store.holds import lock_holds, write_hold
from fulfillment.store.outbox import add_events
from fulfillment.store.posting import EntryGroup
from fulfillment.store.transaction import run_in_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeHold:
    """What shall be different; None leaves as it is.

    Attributes
    ----------
    units : tuple of HeldUnits or None
        All that it shall hold afterwards, at most one a position: another node moves it there.
    expires_at : datetime or None
        UTC; later or earlier, but in the future.
    expected_version : int or None
        The version that the caller has seen; None changes whatever is there.
    """

    hold_id: str
    units: tuple[HeldUnits, ...] | None = None
    expires_at: datetime | None = None
    channel: str | None = None
    customer_id: str | None = None
    expected_version: int | None = None


def change_hold(engine: Engine, command: ChangeHold, *, clock: Clock, ids: IdSource, actor: str) -> Hold:
    """Make all of the change or none of it.

    A unit that it keeps stays reserved throughout: nobody can take it in between. When the channel changes,
    the new one must leave its own buffer alone, for all units.

    Raises
    ------
    NotFound
        When there is no such hold, or a position has no stock row.
    ReservationClosed
        When it has ended or expired.
    StaleVersion
        When it is no longer at the expected version.
    InsufficientStock
        When it cannot grow or move so; it is as it was.
    InvalidRequest
        When it would have expired already, or would hold nothing.
    """

    def story(connection: Connection) -> Hold:
        return change_hold_within(connection, command, clock=clock, ids=ids, actor=actor)

    return run_in_transaction(engine, story)


def change_hold_within(
    connection: Connection, command: ChangeHold, *, clock: Clock, ids: IdSource, actor: str
) -> Hold:
    """Do what `change_hold` does, in the caller's transaction."""
    now = clock.now()
    hold = _locked(connection, command)
    if command.expires_at is not None:
        require_future(command.expires_at, now)
    changed = hold.changed(
        now=now,
        units=command.units,
        expires_at=command.expires_at,
        channel=command.channel,
        customer_id=command.customer_id,
    )
    if entries := _entries(hold, changed, actor, now):
        group = EntryGroup(hold.hold_id, tuple(entries), sells_on=changed.channel)
        posted = post_after_expiry(connection, [group], actor=actor, now=now)
        if refusal := posted.refused.get(group.group_id):
            raise refusal
    write_hold(connection, changed)
    add_events(connection, [hold_event(changed, "changed", ids)], now)
    return changed


def _locked(connection: Connection, command: ChangeHold) -> Hold:
    hold = lock_holds(connection, [command.hold_id]).get(command.hold_id)
    if hold is None:
        raise NotFound(f"hold {command.hold_id} is not there", kind="hold", id=command.hold_id)
    if command.expected_version not in (None, hold.version):
        raise StaleVersion(
            f"hold {hold.hold_id} is at version {hold.version}, not {command.expected_version}",
            kind="hold",
            id=hold.hold_id,
            version=hold.version,
        )
    return hold


def _entries(hold: Hold, changed: Hold, actor: str, now: datetime) -> list[Entry]:
    """Release what it gives up before it takes more; on another channel all of it is taken anew."""
    before, after = hold.units_by_position(), changed.units_by_position()
    if hold.channel != changed.channel:
        released, taken = before, after
    else:
        positions = sorted({*before, *after})
        change = {position: after.get(position, 0) - before.get(position, 0) for position in positions}
        released = {position: -qty for position, qty in change.items() if qty < 0}
        taken = {position: qty for position, qty in change.items() if qty > 0}
    return [
        *hold_entries(changed, EntryReason.RELEASE, released.items(), actor=actor, now=now),
        *hold_entries(changed, EntryReason.HOLD, taken.items(), actor=actor, now=now),
    ]
