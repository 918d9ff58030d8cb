"""Webhooks: who is told of events, and how well they answer."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Admin
from api.pages import PAGE_SIZE, Cursor, Limit, keys_of, page_of
from api.runtime import Service
from api.schemas.webhooks import (
    ReplayBody,
    SecretBody,
    WebhookAnswer,
    WebhookBody,
    WebhookCreated,
    WebhookPage,
)
from api.schemas.words import Id
from api.specification import problems
from fulfillment.domain.cursor import Cursor as FeedCursor
from fulfillment.domain.errors import NotFound
from fulfillment.domain.webhooks import Webhook
from fulfillment.services import change_webhook as change
from fulfillment.services.change_secret import change_secret
from fulfillment.services.put_webhook import PutWebhook
from fulfillment.services.put_webhook import put_webhook as put
from fulfillment.store import webhooks as stored
from fulfillment.store.transaction import read_snapshot

router = APIRouter(prefix="/v1/webhooks", tags=["events"])

WebhookId = Annotated[Id, Path(examples=["warehouse-system"])]
_UNKNOWN = "There is no such webhook."
_FORGOTTEN = "`events_forgotten`: events after the cursor are kept no longer."


@router.put(
    "/{webhook_id}",
    response_model=WebhookAnswer,
    responses={
        201: {"model": WebhookCreated, "description": "It is new."},
        **problems(s409=f"The webhook has another secret, or {_FORGOTTEN}"),
    },
)
def put_webhook(webhook_id: WebhookId, body: WebhookBody, service: Service, _: Admin) -> Response:
    """Add a webhook, or change the address and the types of a known one."""
    wanted = PutWebhook(
        webhook_id=webhook_id,
        url=body.url,
        event_types=tuple(body.event_types),
        secret=body.secret,
        since=None if body.since is None else FeedCursor.parse(body.since, "since"),
    )
    webhook, is_new = put(
        service.engine, wanted, trusted_hosts=service.settings.webhook_hosts, clock=service.clock
    )
    if not is_new:
        return json_answer(_document(webhook))
    return json_answer({**_document(webhook), "secret": webhook.secret}, HTTPStatus.CREATED)


@router.get("/{webhook_id}", response_model=WebhookAnswer, responses=problems(s404=_UNKNOWN))
def get_webhook(webhook_id: WebhookId, service: Service, _: Admin) -> Response:
    """Read a webhook and how well its endpoint answers."""
    found = read_snapshot(service.engine, lambda connection: stored.find_webhook(connection, webhook_id))
    if found is None:
        raise NotFound(f"there is no webhook {webhook_id}", kind="webhook", id=webhook_id)
    return json_answer(_document(found))


@router.get("", response_model=WebhookPage)
def list_webhooks(service: Service, _: Admin, limit: Limit = PAGE_SIZE, cursor: Cursor = None) -> Response:
    """List the webhooks by id."""
    keys = keys_of(cursor, str)
    after = None if keys is None else keys[0]
    found = read_snapshot(service.engine, lambda connection: stored.list_webhooks(connection, after, limit))
    return json_answer(page_of([_document(each) for each in found], limit, "webhook_id"))


@router.delete("/{webhook_id}", status_code=HTTPStatus.NO_CONTENT)
def delete_webhook(webhook_id: WebhookId, service: Service, _: Admin) -> Response:
    """End a webhook; ending it again is harmless."""
    change.delete_webhook(service.engine, webhook_id)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.put("/{webhook_id}/secret", response_model=WebhookAnswer, responses=problems(s404=_UNKNOWN))
def put_webhook_secret(webhook_id: WebhookId, body: SecretBody, service: Service, _: Admin) -> Response:
    """Sign with another secret; for a while the one before signs beside it."""
    overlap = timedelta(seconds=body.overlap_seconds)
    return json_answer(
        _document(change_secret(service.engine, webhook_id, body.secret, overlap, clock=service.clock))
    )


@router.post(
    "/{webhook_id}/enable",
    response_model=WebhookAnswer,
    responses=problems(s404=_UNKNOWN, s409=_FORGOTTEN),
)
def enable_webhook(webhook_id: WebhookId, service: Service, _: Admin) -> Response:
    """Let a webhook go on where it stopped, with a clean record."""
    return json_answer(_document(change.enable_webhook(service.engine, webhook_id, clock=service.clock)))


@router.post("/{webhook_id}/disable", response_model=WebhookAnswer, responses=problems(s404=_UNKNOWN))
def disable_webhook(webhook_id: WebhookId, service: Service, caller: Admin) -> Response:
    """Stop telling a webhook; what happens meanwhile is told when it is enabled again."""
    reason = f"disabled by {caller.client_id}"
    return json_answer(_document(change.disable_webhook(service.engine, webhook_id, reason=reason)))


@router.post(
    "/{webhook_id}/replay",
    response_model=WebhookAnswer,
    responses=problems(s404=_UNKNOWN, s409=_FORGOTTEN),
)
def replay_webhook(webhook_id: WebhookId, body: ReplayBody, service: Service, _: Admin) -> Response:
    """Tell a webhook everything after a cursor, again if it has been told before, and enable it."""
    cursor = FeedCursor.parse(body.cursor)
    return json_answer(_document(change.replay_webhook(service.engine, webhook_id, cursor)))


def _document(webhook: Webhook) -> dict[str, object]:
    return {
        "webhook_id": webhook.webhook_id,
        "url": webhook.url,
        "event_types": list(webhook.event_types),
        "is_enabled": webhook.is_enabled,
        "disabled_reason": webhook.disabled_reason,
        "cursor": str(webhook.delivered),
        "attempts": webhook.attempts,
        "failing_since": webhook.failing_since,
        "next_attempt_at": webhook.next_attempt_at,
        "last_error": webhook.last_error,
        "previous_secret_until": webhook.previous_secret_until,
        "version": webhook.version,
    }
