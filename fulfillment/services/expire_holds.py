"""End holds whose time is over, when somebody needs their units."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import Connection

from fulfillment.domain.errors import invariant
from fulfillment.domain.stock import Entry, EntryReason, StockState
from fulfillment.store.holds import ExpiredHold, expire_holds, lock_expired_holds
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.posting import EntryGroup, Posted
from fulfillment.store.stock import post


def post_after_expiry(
    connection: Connection,
    groups: Sequence[EntryGroup],
    *,
    actor: str,
    now: datetime,
    ids_are_new: bool = False,
) -> Posted:
    """Post groups; where they take available units, what expired holds still reserve is released first.

    It locks those holds, then stock, so the caller holds no lock on stock yet. The outcome tells of `groups`
    alone.

    ids_are_new : as in `post`
    """
    drawn = {
        (entry.node_id, entry.sku_id)
        for group in groups
        for entry in group.entries
        if entry.source is StockState.AVAILABLE
    }
    expired = lock_expired_holds(connection, sorted(drawn), now) if drawn else []
    expiries = expiry_groups(expired, actor=actor, now=now)
    # A hold that is active has not expired before, so the ids of its expiry are as new.
    posted = post(connection, [*expiries, *groups], ids_are_new=ids_are_new)
    ended = {expiry.group_id for expiry in expiries}
    invariant(
        ended.issubset(posted.applied),
        "an active hold reserves what its positions do not hold",
        refused=posted.refused,
    )
    end_expired(connection, expired, now)
    applied = [group_id for group_id in posted.applied if group_id not in ended]
    return Posted(applied, posted.duplicates, posted.refused, posted.balances)


def end_expired(connection: Connection, holds: Sequence[ExpiredHold], now: datetime) -> None:
    """Write the end of locked holds whose units were given back by entries, and tell of it."""
    expire_holds(connection, [hold.hold_id for hold in holds])
    add_events(connection, [_event(hold) for hold in holds], now)


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


def _event(hold: ExpiredHold) -> Event:
    units = [{"node_id": node_id, "sku_id": sku_id, "qty": qty} for node_id, sku_id, qty in hold.units]
    # A hold expires once, so its event needs no id of its own.
    return Event(
        f"hold.expired/{quote(hold.hold_id, safe='')}",
        "hold.expired",
        hold.hold_id,
        {"hold_id": hold.hold_id, "units": units},
    )


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
