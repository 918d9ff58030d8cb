"""What endpoints are told, for the specification, which calls it webhooks. `fulfillment worker` tells it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Body, FastAPI, Header
from fastapi.openapi.models import Example

from api.schemas.events import EXAMPLE, EventAnswer
from fulfillment.domain.event_types import EVENT_TYPES

Told = Annotated[
    EventAnswer,
    Body(
        media_type="application/cloudevents+json",
        openapi_examples={
            name: Example(summary=kind.what, value={**EXAMPLE, "type": name, "data": dict(kind.data)})
            for name, kind in EVENT_TYPES.items()
        },
    ),
]


def describe_told_events(app: FastAPI) -> None:
    """Add to the specification what is sent to the address of a webhook."""

    def event(
        body: Told,
        webhook_id: Annotated[str, Header(description="The event's id, the same each time it comes.")],
        webhook_timestamp: Annotated[int, Header(description="When it was sent, in Unix seconds.")],
        webhook_signature: Annotated[
            str, Header(description="By the rules of Standard Webhooks; one for each valid secret.")
        ],
    ) -> None:
        """Answer 2xx within 10 seconds; `docs/events.md` says what follows any other answer."""

    app.webhooks.add_api_route(
        "event", event, methods=["POST"], status_code=HTTPStatus.NO_CONTENT, tags=["events"]
    )
