"""Open a hold: reserve units for a cart until it expires."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import Conflict, InvalidRequest
from fulfillment.domain.holds import HeldUnits, Hold
from fulfillment.domain.stock import EntryReason
from fulfillment.ids import IdSource
from fulfillment.services.expire_holds import post_after_expiry
from fulfillment.services.hold_entries import hold_entries, hold_event
from fulfillment.store.holds import add_hold, lock_holds, write_hold
from fulfillment.store.outbox import add_events
from fulfillment.store.posting import EntryGroup
from fulfillment.store.transaction import run_in_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHold:
    """What a cart asks for.

    Attributes
    ----------
    hold_id : str
        The cart's own id makes opening it again harmless.
    units : tuple of HeldUnits
        At most one a position.
    expires_at : datetime
        UTC.
    """

    hold_id: str
    channel: str
    units: tuple[HeldUnits, ...]
    expires_at: datetime
    customer_id: str | None = None


def open_hold(engine: Engine, command: OpenHold, *, clock: Clock, ids: IdSource, actor: str) -> Hold:
    """Reserve all units or none.

    Opening a hold that lives already, with the same content, refreshes its expiry and reserves nothing more.

    Raises
    ------
    InsufficientStock
        Naming each position that lacks units above its safety stock and the channel's buffer.
    NotFound
        When a position has no stock row.
    Conflict
        When a hold of that id has another content.
    ReservationClosed
        When a hold of that id has ended.
    InvalidRequest
        When it would have expired already.
    """

    def story(connection: Connection) -> Hold:
        return open_hold_within(connection, command, clock=clock, ids=ids, actor=actor)

    return run_in_transaction(engine, story)


def open_hold_within(
    connection: Connection, command: OpenHold, *, clock: Clock, ids: IdSource, actor: str
) -> Hold:
    """Do what `open_hold` does, in the caller's transaction."""
    now = clock.now()
    require_future(command.expires_at, now)
    wanted = Hold(
        hold_id=command.hold_id,
        channel=command.channel,
        units=command.units,
        expires_at=command.expires_at,
        customer_id=command.customer_id,
    )
    known = lock_holds(connection, [command.hold_id]).get(command.hold_id)
    if known is not None:
        return _refresh(connection, known, wanted, now)
    entries = hold_entries(wanted, EntryReason.HOLD, wanted.units_by_position().items(), actor=actor, now=now)
    group = EntryGroup(wanted.hold_id, tuple(entries), sells_on=wanted.channel)
    posted = post_after_expiry(connection, [group], actor=actor, now=now)
    if refusal := posted.refused.get(group.group_id):
        raise refusal
    add_hold(connection, wanted, now)
    add_events(connection, [hold_event(wanted, "opened", ids)], now)
    return wanted


def require_future(expires_at: datetime, now: datetime) -> None:
    """Refuse an expiry that has passed.

    Raises
    ------
    InvalidRequest
        When it has.
    """
    if expires_at <= now:
        raise InvalidRequest(
            f"the hold would have expired at {expires_at.isoformat()}, it is {now.isoformat()}",
            remedy="give a moment in the future, or release the hold",
            key="expires_at",
            value=expires_at.isoformat(),
        )


def _refresh(connection: Connection, known: Hold, wanted: Hold, now: datetime) -> Hold:
    refreshed = known.changed(now=now, expires_at=max(known.expires_at, wanted.expires_at))
    asked = (wanted.channel, wanted.customer_id, wanted.units_by_position())
    if asked != (known.channel, known.customer_id, known.units_by_position()):
        raise Conflict(
            f"hold {known.hold_id} is there with another content; change it instead",
            kind="hold",
            id=known.hold_id,
            version=known.version,
        )
    if refreshed.expires_at == known.expires_at:
        return known
    write_hold(connection, refreshed)
    return refreshed
