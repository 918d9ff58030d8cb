"""Events on the wire: CloudEvents 1.0."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

CURSOR_PATTERN = r"^[0-9a-f]{1,16}-[0-9a-f]{1,16}$"
EVENT_TYPE_PATTERN = r"^([a-z][a-z_]*(\.[a-z][a-z_]*)*(\.\*)?|\*)$"

EXAMPLE: JsonDict = {
    "specversion": "1.0",
    "id": "01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b10",
    "source": "/fulfillment/retailer",
    "type": "order.allocated",
    "subject": "web-100045",
    "time": "2026-11-20T12:00:00.120000Z",
    "datacontenttype": "application/json",
    "cursor": "2fe-1c",
    "data": {"order_id": "web-100045", "decision_id": "01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b0f"},
}

PlaceInFeed = Annotated[
    str,
    Field(
        max_length=40,
        description="A place in the feed, as an answer or an event told it.",
        examples=["2fe-1c"],
    ),
]
EventType = Annotated[
    str,
    Field(
        pattern=EVENT_TYPE_PATTERN,
        max_length=100,
        description="A type such as `order.placed`, or `order.*` for all that begin so.",
        examples=["order.*"],
    ),
]


class EventAnswer(BaseModel):
    """Something that happened, in its envelope; `docs/events.md` lists the types and their data."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    specversion: Literal["1.0"]
    id: str = Field(description="The same whenever this event is told again.")
    source: str
    type: str
    subject: str = Field(
        description="What it happened to: the id of an order, a hold, a webhook. Events of one "
        "subject come in the order in which they happened."
    )
    time: datetime
    datacontenttype: Literal["application/json"]
    cursor: str = Field(description="Reading on from it gives what follows this event.")
    data: dict[str, Any]


class EventFeedPage(BaseModel):
    """Events in the order of the feed."""

    items: list[EventAnswer]
    next_cursor: PlaceInFeed = Field(
        description="Where to read on, now or later; there is always one. Nothing that was written before it "
        "can appear after it."
    )
