"""Orders over HTTP: placed once, told as they are, followed."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from fulfillment.clock import SystemClock
from fulfillment.services.load_day import load_day
from fulfillment.store.entries import audit, balances
from tests.support.days import a_day
from tests.support.service import RunningService

V1, V2 = ("L1", "V"), ("L2", "V")


@pytest.fixture
def shop(service: RunningService) -> RunningService:
    """Two stores that ship, with three and five units of V."""
    load_day(service.engine, a_day({V1: 3, V2: 5}, {}), actor="import", clock=SystemClock())
    service.runtime.feed.catch_up(look_around=True)
    return service


def an_order(order_id: str | None = None, qty: int = 1, **more: Any) -> dict[str, Any]:
    order = {
        "channel": "web",
        "method": "SHIPPING",
        "postal_code": "10001",
        "customer_id": "C1",
        "lines": [{"sku_id": "V", "qty": qty}],
        **more,
    }
    return order if order_id is None else {"order_id": order_id, **order}


def committed(service: RunningService) -> int:
    with service.engine.connect() as connection:
        assert audit(connection).disagreements == ()
        return sum(balance.committed for balance in balances(connection).values())


def test_an_order_is_placed_and_found_again(shop: RunningService, client: httpx.Client) -> None:
    placed = client.post("/v1/orders", json=an_order("O1", 2))
    assert placed.status_code == 201
    body = placed.json()
    assert (body["order_id"], body["state"], body["unfilled"]) == ("O1", "allocated", [])
    found = client.get("/v1/orders/O1").json()
    assert found["fulfillment_orders"] == body["fulfillment_orders"]
    assert found["lines"] == [{"line_no": 1, "sku_id": "V", "qty": 2, "allocated": 2, "cancelled": 0}]
    (event,) = client.get("/v1/orders/O1/timeline").json()["items"]
    assert (event["type"], event["data"]["decision_id"]) == ("order.allocated", body["decision_id"])


def test_repeated_it_is_the_same_to_the_letter(shop: RunningService, client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "K-1"}
    first = client.post("/v1/orders", json=an_order(qty=2), headers=headers)
    again = client.post("/v1/orders", json=an_order(qty=2), headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert committed(shop) == 2


def test_from_eight_sides_at_once_it_is_one_order(shop: RunningService, client: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/orders", json=an_order("O1")), range(8)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert committed(shop) == 1


def test_another_order_under_the_key_is_refused(shop: RunningService, client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "K-1"}
    client.post("/v1/orders", json=an_order(qty=2), headers=headers)
    other = client.post("/v1/orders", json=an_order(qty=1), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_without_an_id_it_needs_a_key(shop: RunningService, client: httpx.Client) -> None:
    refused = client.post("/v1/orders", json=an_order())
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_missing")


def test_what_cannot_be_filled_is_refused_with_the_shortfalls(
    shop: RunningService, client: httpx.Client
) -> None:
    refused = client.post("/v1/orders", json=an_order("O1", 9))
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    (shortfall,) = refused.json()["shortfalls"]
    assert (shortfall["sku_id"], shortfall["requested"], shortfall["available"]) == ("V", 9, 8)
    assert client.get("/v1/orders/O1").status_code == 404
    assert client.get("/v1/orders/O1/timeline").status_code == 404


def test_a_promise_in_the_past_is_refused_and_stays_refused(
    shop: RunningService, client: httpx.Client
) -> None:
    order = an_order("O1", promise_by="2020-01-01T00:00:00+01:00")
    first = client.post("/v1/orders", json=order)
    assert (first.status_code, first.json()["key"]) == (422, "promise_by")
    assert client.post("/v1/orders", json=order).content == first.content


def test_orders_of_a_batch_succeed_and_fail_each_for_itself(
    shop: RunningService, client: httpx.Client
) -> None:
    batch = [an_order("O1", 4), an_order("O2", 9), an_order("O3", 4), an_order("O4", lines=[])]
    assert client.post("/v1/orders/batch", json={"orders": batch}).status_code == 422
    results = client.post("/v1/orders/batch", json={"orders": batch[:3]}).json()["results"]
    assert [each["status"] for each in results] == [201, 409, 201]
    assert [each["body"].get("order_id") for each in results] == ["O1", None, "O3"]
    assert client.post("/v1/orders/batch", json={"orders": batch[:3]}).json()["results"] == results
    assert client.post("/v1/orders", json=batch[0]).json() == results[0]["body"]
    assert committed(shop) == 8


def test_an_order_of_a_batch_needs_its_id(shop: RunningService, client: httpx.Client) -> None:
    refused = client.post("/v1/orders/batch", json={"orders": [an_order()]})
    assert refused.status_code == 400


def test_an_order_that_waits_for_a_review_is_written_down(shop: RunningService, client: httpx.Client) -> None:
    placed = client.post("/v1/orders", json=an_order("O1", review="payment")).json()
    assert (placed["state"], placed["decision_id"], placed["fulfillment_orders"]) == ("on_hold", None, [])
    assert client.get("/v1/orders/O1").json()["review"] == "payment"
    assert committed(shop) == 0


def test_a_cancelled_order_frees_its_units_once(shop: RunningService, client: httpx.Client) -> None:
    client.post("/v1/orders", json=an_order("O1", 2))
    headers = {"Idempotency-Key": "C-1"}
    first = client.post("/v1/orders/O1/cancel", headers=headers)
    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    assert client.post("/v1/orders/O1/cancel", headers=headers).content == first.content
    again = client.post("/v1/orders/O1/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "move_refused")
    assert committed(shop) == 0
    assert client.post("/v1/orders/O9/cancel").status_code == 404


def test_an_order_keeps_its_lines(shop: RunningService, client: httpx.Client) -> None:
    client.post("/v1/orders", json=an_order("O1", 2))
    wish = {"lines": [{"sku_id": "V", "qty": 1}]}
    refused = client.post("/v1/orders/O1/change", json=wish, headers={"Idempotency-Key": "X"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    assert refused.json()["detail"] == "body: an order keeps its lines: cancel it and place another"
    assert committed(shop) == 2


def test_an_order_changes_from_delivery_to_pickup(shop: RunningService, client: httpx.Client) -> None:
    client.post("/v1/orders", json=an_order("O1", 2))
    assert client.post("/v1/orders/O1/change", json={}).status_code == 422
    wish = {"method": "PICK_UP", "pickup_node_id": "L2"}
    assert client.post("/v1/orders/O1/change", json=wish).status_code == 400
    changed = client.post("/v1/orders/O1/change", json=wish, headers={"Idempotency-Key": "X"}).json()
    assert [its["node_id"] for its in changed["fulfillment_orders"]] == ["L2"]
    assert client.get("/v1/orders/O1").json()["method"] == "PICK_UP"
    assert committed(shop) == 2
    types = [item["type"] for item in client.get("/v1/orders/O1/timeline").json()["items"]]
    assert types == ["order.allocated", "order.changed"]
