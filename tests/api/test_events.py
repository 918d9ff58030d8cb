import httpx
from sqlalchemy import Connection

from fulfillment.domain.event_types import EVENT_TYPES
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.transaction import run_in_transaction
from tests.support.ledgers import NOON
from tests.support.service import RunningService


def tell(service: RunningService, *names: tuple[str, str]) -> None:
    """Write events of (type, subject), one transaction each."""
    for type, subject in names:

        def story(connection: Connection, type: str = type, subject: str = subject) -> None:
            event = Event(service.runtime.ids.new_id(), type, subject, {"order_id": subject})
            add_events(connection, [event], NOON)

        run_in_transaction(service.engine, story)


def test_events_are_cloud_events_and_pages_follow_each_other(
    service: RunningService, client: httpx.Client
) -> None:
    tell(service, ("order.placed", "O1"), ("order.allocated", "O1"), ("order.placed", "O2"))
    first = client.get("/v1/events", params={"limit": 2}).json()
    then = client.get("/v1/events", params={"cursor": first["next_cursor"]}).json()
    items = first["items"] + then["items"]
    assert [(item["type"], item["subject"]) for item in items] == [
        ("order.placed", "O1"),
        ("order.allocated", "O1"),
        ("order.placed", "O2"),
    ]
    assert {k: v for k, v in items[0].items() if k not in ("id", "cursor")} == {
        "specversion": "1.0",
        "source": "/fulfillment/retailer",
        "type": "order.placed",
        "subject": "O1",
        "time": "2026-11-20T12:00:00Z",
        "datacontenttype": "application/json",
        "data": {"order_id": "O1"},
    }


def test_the_last_cursor_waits_for_what_happens_next(service: RunningService, client: httpx.Client) -> None:
    tell(service, ("order.placed", "O1"))
    reached = client.get("/v1/events").json()["next_cursor"]
    assert client.get("/v1/events", params={"cursor": reached}).json() == {
        "items": [],
        "next_cursor": reached,
    }
    tell(service, ("order.cancelled", "O1"))
    (item,) = client.get("/v1/events", params={"cursor": reached}).json()["items"]
    assert (item["type"], item["cursor"]) == (
        "order.cancelled",
        client.get("/v1/events").json()["next_cursor"],
    )


def test_events_are_filtered_by_types_and_subject(service: RunningService, client: httpx.Client) -> None:
    tell(service, ("order.placed", "O1"), ("hold.opened", "H1"), ("order.allocated", "O2"))

    def subjects(**params: object) -> list[str]:
        return [item["subject"] for item in client.get("/v1/events", params=params).json()["items"]]

    assert subjects(type="order.*") == ["O1", "O2"]
    assert subjects(type=["hold.opened", "order.placed"]) == ["O1", "H1"]
    assert subjects(type="order.*", subject="O2") == ["O2"]
    assert subjects(type="transfer.*") == []


def test_a_filter_that_finds_nothing_moves_on_all_the_same(
    service: RunningService, client: httpx.Client
) -> None:
    tell(service, ("order.placed", "O1"))
    reached = client.get("/v1/events").json()["next_cursor"]
    assert client.get("/v1/events", params={"type": "hold.*"}).json()["next_cursor"] == reached


def test_a_cursor_that_is_none_and_a_type_that_is_none_are_refused(client: httpx.Client) -> None:
    answer = client.get("/v1/events", params={"cursor": "yesterday"})
    assert (answer.status_code, answer.json()["key"]) == (422, "cursor")
    assert client.get("/v1/events", params={"type": "Order Placed"}).status_code == 422


def test_the_specification_shows_every_type_that_endpoints_are_told(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    told = document["webhooks"]["event"]["post"]
    (content,) = told["requestBody"]["content"].items()
    assert content[0] == "application/cloudevents+json"
    assert set(content[1]["examples"]) == set(EVENT_TYPES)
    assert list(told["responses"]) == ["204"]
    operations = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
        if "operationId" in operation
    ]
    assert len(operations) == len(set(operations))
