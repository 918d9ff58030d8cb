"""Nothing is refused for what was put a moment ago, and what was put decides at once where it must."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.schemas import nodes, postal_codes, rates, skus
from tests.support.service import RunningService

SKU = "sku-1042"
PLACE = postal_codes.EXAMPLE["postal_code"]
BASKET = {"channel": "web", "postal_code": PLACE, "lines": [{"sku_id": SKU, "qty": 1}]}


def put(client: httpx.Client, path: str, body: Any) -> None:
    client.put(path, json=body).raise_for_status()


def receive(client: httpx.Client, node_id: str, qty: int) -> None:
    entry = {"entry_id": f"asn-{node_id}", "node_id": node_id, "sku_id": SKU, "qty": qty, "reason": "receive"}
    (told,) = client.post("/v1/inventory/entries", json={"entries": [entry]}).json()["results"]
    assert told["outcome"] == "applied"


def order(client: httpx.Client, order_id: str, qty: int = 1) -> httpx.Response:
    lines = [{"sku_id": SKU, "qty": qty}]
    body = BASKET | {"order_id": order_id, "method": "SHIPPING", "customer_id": "C1", "lines": lines}
    return client.post("/v1/orders", json=body)


@pytest.fixture
def furnished(service: RunningService) -> Iterator[httpx.Client]:
    """A client of a service whose feed has just read one network, so that it reads the next one later."""
    with service.client() as client:
        put(client, "/v1/nodes/elsewhere", nodes.EXAMPLE)
        service.runtime.feed.renew()
        put(client, "/v1/nodes/store-1", nodes.EXAMPLE)
        put(client, "/v1/skus", {"skus": [{"sku_id": SKU, **skus.EXAMPLE}]})
        put(client, "/v1/rates", rates.EXAMPLE)
        put(client, "/v1/postal-codes", {"postal_codes": [postal_codes.EXAMPLE]})
        receive(client, "store-1", 9)
        yield client


def test_an_order_is_not_refused_for_a_node_that_was_put_a_moment_ago(furnished: httpx.Client) -> None:
    assert order(furnished, "O1").status_code == 201
    put(furnished, "/v1/nodes/store-2", nodes.EXAMPLE)
    receive(furnished, "store-2", 5)
    assert order(furnished, "O2", 12).status_code == 201


def test_a_promise_knows_the_places_that_were_put_a_moment_ago(furnished: httpx.Client) -> None:
    told = furnished.post("/v1/promises", json=BASKET)
    assert [each["unfilled"] for each in told.json()["options"] if each["method"] == "SHIPPING"] == [[]]


def test_a_promise_that_holds_its_units_does_too(furnished: httpx.Client) -> None:
    held = furnished.post("/v1/promises", json=BASKET | {"hold": {"hold_id": "cart-1"}})
    assert held.json()["hold"]["hold_id"] == "cart-1"


def test_availability_knows_the_skus_that_were_put_a_moment_ago(furnished: httpx.Client) -> None:
    told = furnished.get("/v1/availability", params={"sku_id": SKU}).json()
    assert (told["totals"], told["unknown_sku_ids"]) == ({SKU: 9}, [])


def test_room_and_units_that_were_given_free_a_moment_ago_are_taken(furnished: httpx.Client) -> None:
    put(furnished, "/v1/capacities/store-1", {"capacities": [day_of(0)]})
    put(furnished, "/v1/buffers", {"rules": [{"sku_id": SKU, "qty": 9}]})
    assert order(furnished, "O1").status_code == 409
    put(furnished, "/v1/capacities/store-1", {"capacities": [day_of(7)]})
    assert order(furnished, "O2").status_code == 409
    put(furnished, "/v1/buffers", {"rules": [{"sku_id": SKU, "qty": 1}]})
    assert order(furnished, "O3").status_code == 201


def day_of(qty: int) -> dict[str, Any]:
    return {"slot": "day", "unit": "parcels", "qty": qty}


def test_an_order_may_be_changed_to_a_store_that_was_put_a_moment_ago(furnished: httpx.Client) -> None:
    assert order(furnished, "O1").status_code == 201
    put(furnished, "/v1/nodes/store-3", nodes.EXAMPLE)
    receive(furnished, "store-3", 2)
    change = {"method": "PICK_UP", "pickup_node_id": "store-3"}
    changed = furnished.post("/v1/orders/O1/change", json=change, headers={"Idempotency-Key": "change-1"})
    assert [each["node_id"] for each in changed.json()["fulfillment_orders"]] == ["store-3"]
