"""The feed of events, for whoever would rather ask than be told."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Reader
from api.pages import PAGE_SIZE, Limit
from api.runtime import Service
from api.schemas.events import EventFeedPage, EventType, PlaceInFeed
from api.schemas.words import Id
from api.specification import problems
from fulfillment.domain.cursor import Cursor
from fulfillment.domain.events import cloud_event, source_of
from fulfillment.services.read_events import read_events

router = APIRouter(prefix="/v1/events", tags=["events"])

TYPES_MAX = 50


@router.get(
    "",
    response_model=EventFeedPage,
    responses=problems(s409="`events_forgotten`: events after the cursor are kept no longer."),
)
def list_events(
    service: Service,
    _: Reader,
    limit: Limit = PAGE_SIZE,
    cursor: Annotated[
        PlaceInFeed | None, Query(description="`next_cursor` of an earlier page; absent: the oldest kept.")
    ] = None,
    type: Annotated[list[EventType] | None, Query(max_length=TYPES_MAX)] = None,
    subject: Annotated[Id | None, Query(description="Only what happened to this.")] = None,
) -> Response:
    """Read events from a cursor on. Ask again with `next_cursor` for what happened since."""
    page = read_events(
        service.engine,
        None if cursor is None else Cursor.parse(cursor),
        limit,
        types=tuple(type or ()),
        subject=subject,
    )
    source = source_of(service.settings.retailer)
    return json_answer(
        {
            "items": [cloud_event(event, source) for event in page.events],
            "next_cursor": str(page.next_cursor),
        }
    )
