"""What others are told, and the envelope it travels in."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

from fulfillment.domain.cursor import Cursor

CLOUDEVENTS_VERSION = "1.0"


class FeedEvent(NamedTuple):
    """An event as the feed tells it."""

    cursor: Cursor
    event_id: str
    type: str
    subject: str
    data: Mapping[str, object]
    occurred_at: datetime


def source_of(retailer: str) -> str:
    """Return the CloudEvents source of a retailer's ledger, a URI reference."""
    return f"/fulfillment/{quote(retailer, safe='')}"


def cloud_event(event: FeedEvent, source: str) -> dict[str, object]:
    """Put an event into its envelope: CloudEvents 1.0, structured mode, as a JSON object.

    ``cursor`` is an extension: reading the feed from it gives what follows this event.
    """
    return {
        "specversion": CLOUDEVENTS_VERSION,
        "id": event.event_id,
        "source": source,
        "type": event.type,
        "subject": event.subject,
        "time": event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "cursor": str(event.cursor),
        "data": dict(event.data),
    }
