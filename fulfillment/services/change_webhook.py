"""Change what became of an endpoint: stop it, let it go on, take it back to an earlier place, end it."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.cursor import Cursor
from fulfillment.domain.errors import NotFound
from fulfillment.domain.webhooks import Webhook
from fulfillment.services.read_events import require_kept
from fulfillment.store import webhooks
from fulfillment.store.transaction import run_in_transaction


def enable_webhook(engine: Engine, webhook_id: str, *, clock: Clock) -> Webhook:
    """Let an endpoint go on where it stopped, with a clean record; an event that waits is tried at once.

    Raises
    ------
    NotFound
        When there is none of that id.
    EventsForgotten
        When events that it has not got are kept no longer: `replay_webhook` says from where to go on.
    """
    now = clock.now()

    def story(connection: Connection, known: Webhook) -> Webhook:
        require_kept(connection, known.delivered)
        webhooks.retry_parked_at(connection, webhook_id, now)
        return _enabled(known)

    return _change(engine, webhook_id, story)


def disable_webhook(engine: Engine, webhook_id: str, *, reason: str) -> Webhook:
    """Stop telling an endpoint; what happens meanwhile is told when it is enabled again.

    Raises
    ------
    NotFound
        When there is none of that id.
    """

    def story(_connection: Connection, known: Webhook) -> Webhook:
        return replace(known, is_enabled=False, disabled_reason=reason) if known.is_enabled else known

    return _change(engine, webhook_id, story)


def replay_webhook(engine: Engine, webhook_id: str, cursor: Cursor) -> Webhook:
    """Tell an endpoint everything after `cursor`, again if it has been told before, and enable it.

    Raises
    ------
    NotFound
        When there is none of that id.
    EventsForgotten
        When events after `cursor` are kept no longer.
    """

    def story(connection: Connection, known: Webhook) -> Webhook:
        require_kept(connection, cursor)
        webhooks.unpark_all(connection, webhook_id)
        return replace(_enabled(known), delivered=cursor)

    return _change(engine, webhook_id, story)


def delete_webhook(engine: Engine, webhook_id: str) -> None:
    """End an endpoint; ending it again is harmless."""

    def story(connection: Connection) -> None:
        webhooks.lock_webhook(connection, webhook_id)
        webhooks.delete_webhook(connection, webhook_id)

    run_in_transaction(engine, story)


def _change(engine: Engine, webhook_id: str, story: Callable[[Connection, Webhook], Webhook]) -> Webhook:
    def locked(connection: Connection) -> Webhook:
        known = webhooks.lock_webhook(connection, webhook_id)
        if known is None:
            raise NotFound(f"there is no webhook {webhook_id}", kind="webhook", id=webhook_id)
        changed = story(connection, known)
        return known if changed == known else webhooks.change_webhook(connection, changed)

    return run_in_transaction(engine, locked)


def _enabled(known: Webhook) -> Webhook:
    return replace(
        known,
        is_enabled=True,
        disabled_reason=None,
        attempts=0,
        failing_since=None,
        next_attempt_at=None,
        last_error=None,
    )
