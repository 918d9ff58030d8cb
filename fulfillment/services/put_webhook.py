"""Tell the ledger where events go: a new endpoint, or another address or other types of a known one."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.checks import require_text
from fulfillment.domain.cursor import Cursor
from fulfillment.domain.errors import Conflict
from fulfillment.domain.webhooks import (
    SECRET_PREFIX,
    Webhook,
    require_event_types,
    require_secret,
    require_url,
)
from fulfillment.ids import new_secret
from fulfillment.services.read_events import require_kept
from fulfillment.store import webhooks
from fulfillment.store.feed import events_head
from fulfillment.store.transaction import run_in_transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PutWebhook:
    """What is wanted of an endpoint.

    Attributes
    ----------
    secret : str or None
        For a new endpoint; made up when there is none. A known one keeps its secret (`change_secret`).
    since : Cursor or None
        A new endpoint gets the events after it; None: those that happen from now on.
    """

    webhook_id: str
    url: str
    event_types: tuple[str, ...] = ()
    secret: str | None = field(default=None, repr=False)
    since: Cursor | None = None


def put_webhook(
    engine: Engine, wanted: PutWebhook, *, trusted_hosts: Sequence[str], clock: Clock
) -> tuple[Webhook, bool]:
    """Add an endpoint, or change the address and the types of a known one; the same again changes nothing.

    Returns
    -------
    Webhook
        As it is now.
    bool
        Whether it is new.

    Raises
    ------
    InvalidRequest
        When the address, a type or the secret cannot be used.
    Conflict
        When a known one has another secret.
    EventsForgotten
        When the events after `since` are kept no longer.
    """
    require_text("webhook_id", wanted.webhook_id)
    require_url(wanted.url, trusted_hosts)
    require_event_types(wanted.event_types)
    if wanted.secret is not None:
        require_secret(wanted.secret)
    secret = wanted.secret or _make_secret()
    now = clock.now()

    def story(connection: Connection) -> tuple[Webhook, bool]:
        known = webhooks.lock_webhook(connection, wanted.webhook_id)
        if known is not None:
            return _changed(connection, known, wanted), False
        if wanted.since is not None:
            require_kept(connection, wanted.since)
        added = Webhook(
            webhook_id=wanted.webhook_id,
            url=wanted.url,
            secret=secret,
            event_types=wanted.event_types,
            delivered=wanted.since or events_head(connection),
        )
        webhooks.add_webhook(connection, added, now)
        return added, True

    return run_in_transaction(engine, story)


def _changed(connection: Connection, known: Webhook, wanted: PutWebhook) -> Webhook:
    if wanted.secret not in (None, known.secret):
        raise Conflict(
            f"webhook {known.webhook_id} has another secret; change it by itself, so that both sign a while",
            webhook_id=known.webhook_id,
        )
    if (known.url, known.event_types) == (wanted.url, wanted.event_types):
        return known
    # A new address begins with a clean record.
    changed = replace(
        known,
        url=wanted.url,
        event_types=wanted.event_types,
        attempts=0,
        failing_since=None,
        next_attempt_at=None,
        last_error=None,
    )
    return webhooks.change_webhook(connection, changed)


def _make_secret() -> str:
    text = new_secret()
    return SECRET_PREFIX + base64.b64encode(text.encode()).decode()
