"""Webhooks: where events go, who delivers them now, and what an endpoint has not taken yet."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, Row, Select, and_, delete, exists, insert, or_, select, tuple_, update

from fulfillment.domain.cursor import Cursor
from fulfillment.domain.webhooks import ParkedSubject, Webhook
from fulfillment.store.feed import events_head
from fulfillment.store.schema.messaging import parked_subject, webhook
from fulfillment.store.transaction import racing_for_keys

_COPIED = (
    "webhook_id",
    "url",
    "secret",
    "previous_secret",
    "previous_secret_until",
    "is_enabled",
    "disabled_reason",
    "attempts",
    "failing_since",
    "next_attempt_at",
    "last_error",
    "version",
)
"""Fields of a `Webhook` that are columns of the same name."""


def find_webhook(connection: Connection, webhook_id: str) -> Webhook | None:
    """Read a webhook."""
    return _one(connection, _webhooks().where(webhook.c.webhook_id == webhook_id))


def lock_webhook(connection: Connection, webhook_id: str) -> Webhook | None:
    """Read a webhook and keep everybody else from changing it until the transaction ends."""
    return _one(connection, _webhooks().where(webhook.c.webhook_id == webhook_id).with_for_update())


def list_webhooks(connection: Connection, after: str | None, limit: int) -> list[Webhook]:
    """List webhooks by id, those after `after`."""
    page = _webhooks().order_by(webhook.c.webhook_id).limit(limit)
    if after is not None:
        page = page.where(webhook.c.webhook_id > after)
    return [_webhook_of(row) for row in connection.execute(page)]


def add_webhook(connection: Connection, added: Webhook, recorded_at: datetime) -> None:
    """Add a webhook that was not there a moment ago."""
    with racing_for_keys():
        connection.execute(insert(webhook).values(**_values_of(added), recorded_at=recorded_at))


def change_webhook(connection: Connection, changed: Webhook) -> Webhook:
    """Write a new version of a locked webhook; whatever is being delivered to it changes nothing any more."""
    newer = replace(changed, version=changed.version + 1)
    write_webhook(connection, newer)
    return newer


def write_webhook(connection: Connection, written: Webhook) -> None:
    """Write a locked webhook without a new version: its health, as a delivery found it."""
    connection.execute(
        update(webhook).where(webhook.c.webhook_id == written.webhook_id).values(**_values_of(written))
    )


def delete_webhook(connection: Connection, webhook_id: str) -> None:
    """Delete a webhook and what waits for it."""
    unpark_all(connection, webhook_id)
    connection.execute(delete(webhook).where(webhook.c.webhook_id == webhook_id))


def due_webhooks(connection: Connection, now: datetime) -> list[str]:
    """List the webhooks that have something to be delivered, and that nobody delivers to now."""
    return list(connection.execute(_due(connection, now).order_by(webhook.c.webhook_id)).scalars())


def lease_webhook(
    connection: Connection, webhook_id: str, lease: str, now: datetime, until: datetime
) -> Webhook | None:
    """Become the only one who delivers to a webhook, until `until`; None when it is not due any more."""
    is_it = webhook.c.webhook_id == webhook_id
    # Who finds it locked leaves it to the other one: it is being leased, or changed.
    locked = connection.execute(
        _due(connection, now).where(is_it).with_for_update(of=webhook, skip_locked=True)
    ).one_or_none()
    if locked is None:
        return None
    connection.execute(update(webhook).where(is_it).values(lease=lease, leased_until=until))
    return find_webhook(connection, webhook_id)


def lock_leased(connection: Connection, webhook_id: str, lease: str) -> Webhook | None:
    """Lock a webhook that is leased under `lease`; None when the lease ended and somebody else has it."""
    is_ours = and_(webhook.c.webhook_id == webhook_id, webhook.c.lease == lease)
    return _one(connection, _webhooks().where(is_ours).with_for_update())


def end_lease(connection: Connection, webhook_id: str, lease: str) -> None:
    """Let the next one deliver to a webhook."""
    is_ours = and_(webhook.c.webhook_id == webhook_id, webhook.c.lease == lease)
    connection.execute(update(webhook).where(is_ours).values(lease=None, leased_until=None))


def parked_subjects(connection: Connection, webhook_id: str) -> list[ParkedSubject]:
    """List the subjects that wait apart, those to be tried first before the others."""
    p = parked_subject.c
    rows = connection.execute(
        select(parked_subject).where(p.webhook_id == webhook_id).order_by(p.next_attempt_at, p.subject)
    )
    return [
        ParkedSubject(
            subject=row.subject,
            first=Cursor(row.first_xid, row.first_position),
            attempts=row.attempts,
            failing_since=row.failing_since,
            next_attempt_at=row.next_attempt_at,
            last_error=row.last_error,
        )
        for row in rows
    ]


def park(connection: Connection, webhook_id: str, subjects: Sequence[ParkedSubject]) -> None:
    """Write subjects that wait apart, new ones and known ones."""
    unpark(connection, webhook_id, [each.subject for each in subjects])
    if subjects:
        connection.execute(insert(parked_subject), [_parked_values(webhook_id, each) for each in subjects])


def unpark(connection: Connection, webhook_id: str, subjects: Sequence[str]) -> None:
    """Let subjects travel with the others again."""
    p = parked_subject.c
    connection.execute(delete(parked_subject).where(p.webhook_id == webhook_id, p.subject.in_(subjects)))


def unpark_all(connection: Connection, webhook_id: str) -> None:
    """Let every subject travel with the others again."""
    connection.execute(delete(parked_subject).where(parked_subject.c.webhook_id == webhook_id))


def retry_parked_at(connection: Connection, webhook_id: str, at: datetime) -> None:
    """Let every subject that waits apart be tried at `at`."""
    is_its = parked_subject.c.webhook_id == webhook_id
    connection.execute(update(parked_subject).where(is_its).values(next_attempt_at=at))


def least_needed(connection: Connection) -> Cursor | None:
    """Tell the place after which events are still to be delivered to an enabled webhook; None without any."""
    w, p = webhook.c, parked_subject.c
    delivered = select(w.delivered_xid, w.delivered_position).where(w.is_enabled)
    # The parked event itself is needed too, so the place is the one before it.
    parked = (
        select(p.first_xid, p.first_position - 1)
        .join_from(parked_subject, webhook, w.webhook_id == p.webhook_id)
        .where(w.is_enabled)
    )
    places = [Cursor(*row) for row in connection.execute(delivered.union(parked))]
    return min(places, default=None)


def _due(connection: Connection, now: datetime) -> Select[str]:
    w, p = webhook.c, parked_subject.c
    head = events_head(connection)
    is_behind = tuple_(w.delivered_xid, w.delivered_position) < tuple_(head.xid, head.position)
    has_parked = exists().where(p.webhook_id == w.webhook_id, p.next_attempt_at <= now)
    return select(w.webhook_id).where(
        w.is_enabled,
        or_(w.leased_until.is_(None), w.leased_until <= now),
        or_(w.next_attempt_at.is_(None), w.next_attempt_at <= now),
        or_(is_behind, has_parked),
    )


def _webhooks() -> Select[*tuple[object, ...]]:
    w = webhook.c
    return select(*(w[name] for name in _COPIED), w.event_types, w.delivered_xid, w.delivered_position)


def _one(connection: Connection, wanted: Select[*tuple[object, ...]]) -> Webhook | None:
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _webhook_of(row)


def _webhook_of(row: Row[*tuple[object, ...]]) -> Webhook:
    return Webhook(
        **{name: getattr(row, name) for name in _COPIED},
        event_types=tuple(row.event_types),
        delivered=Cursor(row.delivered_xid, row.delivered_position),
    )


def _values_of(written: Webhook) -> dict[str, object]:
    return {
        **{name: getattr(written, name) for name in _COPIED},
        "event_types": list(written.event_types),
        "delivered_xid": written.delivered.xid,
        "delivered_position": written.delivered.position,
    }


def _parked_values(webhook_id: str, parked: ParkedSubject) -> dict[str, object]:
    return {
        "webhook_id": webhook_id,
        "subject": parked.subject,
        "first_xid": parked.first.xid,
        "first_position": parked.first.position,
        "attempts": parked.attempts,
        "failing_since": parked.failing_since,
        "next_attempt_at": parked.next_attempt_at,
        "last_error": parked.last_error,
    }
