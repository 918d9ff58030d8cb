"""Holds over HTTP."""

import time

import httpx
import pytest

from api.schemas.holds import OPEN_EXAMPLE
from tests.support.ledgers import stock_up
from tests.support.service import RunningService

V, V2 = ("store-17", "tee-black-m"), ("store-18", "tee-black-m")


@pytest.fixture(autouse=True)
def stocked(service: RunningService) -> None:
    stock_up(service.engine, {V: 5, V2: 3})


def units(*held: tuple[tuple[str, str], int]) -> list[dict[str, object]]:
    return [{"node_id": node_id, "sku_id": sku_id, "qty": qty} for (node_id, sku_id), qty in held]


def opened(client: httpx.Client, **changes: object) -> httpx.Response:
    return client.post("/v1/holds", json={**OPEN_EXAMPLE, **changes})


def test_a_cart_is_opened_read_found_changed_and_released(client: httpx.Client) -> None:
    answer = opened(client)
    assert answer.status_code == 201, answer.text
    cart = answer.json()
    assert (cart["state"], cart["version"], cart["units"]) == ("active", 1, units((V, 2)))
    assert client.get("/v1/holds/cart-81").json() == cart
    assert client.get("/v1/holds", params={"customer_id": "c-5521"}).json() == {"items": [cart]}
    moved = client.patch("/v1/holds/cart-81", json={"units": units((V2, 3)), "channel": "store"}).json()
    assert (moved["version"], moved["channel"], moved["units"]) == (2, "store", units((V2, 3)))
    released = client.delete("/v1/holds/cart-81").json()
    assert released["state"] == "released"
    assert client.delete("/v1/holds/cart-81").json() == released
    assert client.get("/v1/holds", params={"customer_id": "c-5521"}).json() == {"items": []}


def test_opening_a_cart_again_refreshes_it_and_equal_positions_are_added_up(client: httpx.Client) -> None:
    """Case D03."""
    first = opened(client, units=units((V, 1), (V, 1)))
    again = opened(client, expires_in_seconds=1800)
    assert (again.status_code, again.json()["version"]) == (201, 2)
    assert again.json()["expires_at"] > first.json()["expires_at"]
    assert opened(client, units=units((V, 3))).status_code == 409


def test_a_key_gives_the_first_answer_again(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "k-1"}
    body = {**OPEN_EXAMPLE, "hold_id": None}
    answers = [client.post("/v1/holds", json=body, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    other = client.post("/v1/holds", json={**body, "channel": "app"}, headers=headers)
    assert other.status_code == 422
    assert client.post("/v1/holds", json=body).status_code == 400
    change = {"units": units((V, 3)), "expected_version": 1}
    path = f"/v1/holds/{answers[0].json()['hold_id']}"
    changed = [client.patch(path, json=change, headers={"Idempotency-Key": "k-2"}) for _ in range(2)]
    assert [each.status_code for each in changed] == [200, 200]
    assert client.patch(path, json=change).json()["code"] == "stale_version"


def test_units_that_are_not_there_are_named(client: httpx.Client) -> None:
    """Cases D01 and D07."""
    opened(client, units=units((V, 4)))
    refused = opened(client, hold_id="other", units=units((V, 3)))
    assert (refused.status_code, refused.json()["code"]) == (409, "insufficient_stock")
    assert refused.json()["shortfalls"] == [
        {"node_id": V[0], "sku_id": V[1], "requested": 3, "available": 1, "reason": "no_stock"}
    ]
    assert client.get("/v1/holds/other").status_code == 404
    assert client.patch("/v1/holds/cart-81", json={"units": units((V, 6))}).status_code == 409
    assert client.get("/v1/holds/cart-81").json()["units"] == units((V, 4))


def test_a_hold_whose_time_is_over_says_so_although_nothing_was_written(client: httpx.Client) -> None:
    opened(client, expires_in_seconds=1)
    time.sleep(1.1)
    cart = client.get("/v1/holds/cart-81").json()
    assert cart["state"] == "expired"
    assert client.patch("/v1/holds/cart-81", json={"channel": "app"}).json()["code"] == "reservation_closed"
    assert opened(client, hold_id="next", units=units((V, 5))).status_code == 201
    assert cart["version"] == 1


@pytest.mark.parametrize(
    "change", [{"expires_in_seconds": 0}, {"units": []}, {"channel": ""}, {"units": units((V, 0))}]
)
def test_a_cart_that_cannot_be_is_refused(client: httpx.Client, change: dict[str, object]) -> None:
    assert opened(client, **change).status_code == 422
