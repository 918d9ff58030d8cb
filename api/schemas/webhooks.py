"""Webhooks on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.events import EventType, PlaceInFeed
from api.schemas.words import Id

EXAMPLE: JsonDict = {"url": "https://hooks.example.com/fulfillment", "event_types": ["order.*"]}
SECRET_EXAMPLE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
_HEALTH: JsonDict = {
    "webhook_id": "warehouse-system",
    **EXAMPLE,
    "is_enabled": True,
    "disabled_reason": None,
    "cursor": "2fe-1c",
    "attempts": 0,
    "failing_since": None,
    "next_attempt_at": None,
    "last_error": None,
    "previous_secret_until": None,
    "version": 1,
}

Secret = Annotated[
    str,
    Field(
        max_length=200,
        description="`whsec_` and the Base64 of 24 to 64 random bytes (Standard Webhooks).",
        examples=[SECRET_EXAMPLE],
    ),
]


class WebhookBody(BaseModel):
    """Where events go, and which."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    url: Annotated[
        str,
        Field(
            max_length=2_000,
            description="HTTPS to a public address; anything else only to hosts that the deployment trusts.",
        ),
    ]
    event_types: list[EventType] = Field(
        default=[], max_length=50, description="Which events; empty for all."
    )
    secret: Secret | None = Field(
        default=None,
        description="Of a new webhook; made up and told once when there is none. Later ones by "
        "`PUT /v1/webhooks/{webhook_id}/secret`.",
    )
    since: PlaceInFeed | None = Field(
        default=None, description="A new webhook gets the events after it; absent: what happens from now on."
    )


class WebhookAnswer(BaseModel):
    """A webhook and how well its endpoint answers."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": _HEALTH})

    webhook_id: Id
    url: str
    event_types: list[str]
    is_enabled: bool
    disabled_reason: str | None
    cursor: PlaceInFeed = Field(description="Every event up to here has been delivered, or waits apart.")
    attempts: int = Field(description="That failed in a row.")
    failing_since: datetime | None
    next_attempt_at: datetime | None
    last_error: str | None
    previous_secret_until: datetime | None = Field(description="Until then the secret before signs too.")
    version: int


class WebhookCreated(WebhookAnswer):
    """A new webhook with its secret, which is not told again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {**_HEALTH, "secret": SECRET_EXAMPLE}}
    )

    secret: Secret


class WebhookPage(BaseModel):
    """Some of the webhooks, by id."""

    items: list[WebhookAnswer]
    next_cursor: str | None


class SecretBody(BaseModel):
    """Another secret."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"secret": SECRET_EXAMPLE, "overlap_seconds": 86_400}}
    )

    secret: Secret
    overlap_seconds: int = Field(
        default=86_400, ge=0, le=30 * 86_400, description="So long the one before signs too."
    )


class ReplayBody(BaseModel):
    """From where to tell everything again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"cursor": "2fe-1c"}})

    cursor: PlaceInFeed
