"""Supply over HTTP: announced, changed, received in parts, cancelled."""

import httpx
import pytest
from sqlalchemy import update

from api.schemas.supply import EXAMPLE
from fulfillment.store.entries import balances
from fulfillment.store.schema.stock import supply
from tests.support.ledgers import stock_up
from tests.support.service import RunningService

V = ("warehouse-east", "tee-black-m")
PATH = "/v1/supply/po-3308-1"


@pytest.fixture(autouse=True)
def stocked(service: RunningService) -> None:
    stock_up(service.engine, {V: 1, ("store-17", "mug-blue"): 1})


def receive(client: httpx.Client, receipt_id: str, qty: int) -> httpx.Response:
    return client.post(f"{PATH}/receipts", json={"receipt_id": receipt_id, "qty": qty})


def test_supply_is_announced_changed_and_listed(client: httpx.Client) -> None:
    announced = client.put(PATH, json=EXAMPLE)
    assert announced.status_code == 200, announced.text
    assert (announced.json()["state"], announced.json()["qty"]) == ("due", 480)
    assert client.put(PATH, json=EXAMPLE).json() == announced.json()
    changed = client.put(PATH, json={**EXAMPLE, "due_on": "2026-12-01", "qty": 400}).json()
    assert (changed["due_on"], changed["qty"]) == ("2026-12-01", 400)
    listed = client.get("/v1/supply", params={"node_id": V[0], "sku_id": V[1]}).json()
    assert listed == {"items": [changed], "next_cursor": None}
    assert client.get("/v1/supply", params={"node_id": "store-17"}).json()["items"] == []


def test_units_arrive_in_parts_and_the_rest_stays_due(service: RunningService, client: httpx.Client) -> None:
    client.put(PATH, json=EXAMPLE)
    assert receive(client, "r1", 200).json()["qty"] == 280
    assert receive(client, "r1", 200).json()["qty"] == 280  # again, harmless
    assert receive(client, "r1", 100).status_code == 409
    ended = receive(client, "r2", 300).json()  # twenty more than announced
    assert ended["state"] == "received"
    assert receive(client, "r3", 1).status_code == 409
    assert client.get("/v1/supply").json()["items"] == []
    with service.engine.connect() as connection:
        assert balances(connection)[V].available == 501
    types = [event["type"] for event in client.get("/v1/events").json()["items"]]
    assert types == ["supply.announced", "supply.received", "supply.received"]


def test_units_that_are_promised_cannot_be_taken_back(service: RunningService, client: httpx.Client) -> None:
    client.put(PATH, json=EXAMPLE)
    with service.engine.begin() as connection:
        connection.execute(update(supply).values(promised=100))
    assert client.put(PATH, json={**EXAMPLE, "qty": 99}).json()["promised"] == 100
    assert receive(client, "r1", 50).json()["promised"] == 50


def test_what_was_cancelled_is_not_due(client: httpx.Client) -> None:
    client.put(PATH, json=EXAMPLE)
    for _ in range(2):
        assert client.delete(PATH).json()["state"] == "cancelled"
    assert client.get("/v1/supply").json()["items"] == []
    assert receive(client, "r1", 1).status_code == 409
    assert client.put(PATH, json=EXAMPLE).status_code == 409


def test_supply_for_nobody_is_not_found(client: httpx.Client) -> None:
    assert client.put(PATH, json={**EXAMPLE, "node_id": "nowhere"}).status_code == 404
    assert client.put(PATH, json={**EXAMPLE, "sku_id": "nothing"}).status_code == 404
    assert receive(client, "r1", 1).status_code == 404
    assert client.delete(PATH).status_code == 404


def test_a_supply_cannot_become_another(client: httpx.Client) -> None:
    client.put(PATH, json=EXAMPLE)
    assert client.put(PATH, json={**EXAMPLE, "sku_id": "mug-blue"}).status_code == 409
    client.put(PATH, json=EXAMPLE)
    receive(client, "r1", 480)
    assert client.delete(PATH).status_code == 409
