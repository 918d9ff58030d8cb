"""Reference data: what was put is read, again it changes nothing, another content is the next version."""

from typing import Any

import httpx
import pytest

from api.schemas import calendars, capacities, kits, nodes, policies, postal_codes, rates, skus

Json = dict[str, Any]


def put(client: httpx.Client, path: str, body: Any) -> Json:
    answer = client.put(path, json=body)
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


@pytest.fixture
def stocked(client: httpx.Client) -> httpx.Client:
    """A client of a service that knows a node and three SKUs."""
    put(client, "/v1/nodes/store-17", nodes.EXAMPLE)
    for sku_id in ("sku-1042", "sku-7", "gift-set"):
        put(client, f"/v1/skus/{sku_id}", skus.EXAMPLE)
    return client


@pytest.mark.parametrize(
    ("path", "body", "change"),
    [
        ("/v1/nodes/store-17", nodes.EXAMPLE, {"pickup": False}),
        ("/v1/skus/sku-1042", skus.EXAMPLE, {"name": "Felt pen, red"}),
        ("/v1/calendars/store-17", calendars.EXAMPLE, {"closed_dates": []}),
        ("/v1/calendars/store-17", calendars.EXAMPLE, {"opening_hours": ""}),
        ("/v1/kits/gift-set", kits.EXAMPLE, {"components": [{"sku_id": "sku-7", "qty": 3}]}),
        ("/v1/kits/gift-set", kits.EXAMPLE, {"components": []}),
        ("/v1/rates", rates.EXAMPLE, {"steps": [{**rates.EXAMPLE["steps"][0], "cost_micros": 1}]}),  # type: ignore[index,dict-item,call-overload]
        ("/v1/policies/current", policies.EXAMPLE, {"body_toml": "version = 1\n"}),
    ],
)
def test_what_was_put_is_read_and_versions_grow_only_with_changes(
    stocked: httpx.Client, path: str, body: Json, change: Json
) -> None:
    first = put(stocked, path, body)
    assert first["version"] == 1
    assert body.items() <= first.items()
    assert put(stocked, path, body) == first
    assert stocked.get(path).json() == first
    second = put(stocked, path, {**body, **change})
    assert (second["version"], {**second, "version": 1} == first) == (2, False)
    assert change.items() <= stocked.get(path).json().items()


def test_only_the_capacity_that_orders_are_held_to_can_be_set(stocked: httpx.Client) -> None:
    path = "/v1/capacities/store-17"
    told = put(stocked, path, capacities.EXAMPLE)["capacities"]
    assert told == [{"slot": "day", "unit": "parcels", "qty": 120, "version": 1}]
    for other in ({"slot": "evening"}, {"unit": "minutes"}):
        refused = stocked.put(
            path, json={"capacities": [{"slot": "day", "unit": "parcels", "qty": 5} | other]}
        )
        assert refused.status_code == 422
        assert "Input should be" in refused.text
    assert stocked.get(path).json()["capacities"] == told


def test_many_rows_go_in_one_request_and_only_changed_ones_count(client: httpx.Client) -> None:
    rows = [{**skus.EXAMPLE, "sku_id": f"s{number:04}"} for number in range(1_500)]
    assert put(client, "/v1/skus", {"skus": rows}) == {"changed": 1_500}
    rows[7]["weight_g"] = 99
    assert put(client, "/v1/skus", {"skus": rows}) == {"changed": 1}
    assert put(client, "/v1/skus", {"skus": rows[:10]}) == {"changed": 0}
    page = client.get("/v1/skus", params={"limit": 1000}).json()
    rest = client.get("/v1/skus", params={"limit": 1000, "cursor": page["next_cursor"]}).json()
    assert [each["sku_id"] for each in page["items"] + rest["items"]] == [each["sku_id"] for each in rows]
    places = [{**postal_codes.EXAMPLE, "postal_code": code} for code in ("62701", "62702")]
    assert put(client, "/v1/postal-codes", {"postal_codes": places}) == {"changed": 2}
    assert client.get("/v1/postal-codes/62702").json() == {**places[1], "version": 1}
    assert len(client.get("/v1/postal-codes").json()["items"]) == 2


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/v1/calendars/nowhere", calendars.EXAMPLE, 404, "there is no node nowhere"),
        ("/v1/capacities/nowhere", capacities.EXAMPLE, 404, "there is no node nowhere"),
        ("/v1/kits/nothing", kits.EXAMPLE, 404, "there is no sku nothing"),
        ("/v1/kits/gift-set", {"components": [{"sku_id": "x", "qty": 1}]}, 404, "there is no sku x"),
        ("/v1/kits/gift-set", {"components": [{"sku_id": "gift-set", "qty": 1}]}, 422, "not the kit itself"),
        ("/v1/skus/s", {**skus.EXAMPLE, "gtin": "04006381333930"}, 422, "check digit"),
        ("/v1/policies/current", {"body_toml": "version = 1\nfly = 2\n"}, 422, "fly"),
        ("/v1/skus", {"skus": [{**skus.EXAMPLE, "sku_id": "a"}] * 2}, 422, "named twice"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(
    stocked: httpx.Client, path: str, body: Json, status: int, said: str
) -> None:
    answer = stocked.put(path, json=body)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_a_kit_is_made_of_goods_alone(stocked: httpx.Client) -> None:
    put(stocked, "/v1/kits/gift-set", kits.EXAMPLE)
    inner = stocked.put("/v1/kits/sku-7", json={"components": [{"sku_id": "sku-1042", "qty": 1}]})
    assert (inner.status_code, inner.json()["kit_sku_id"]) == (409, "gift-set")
    put(stocked, "/v1/skus/box", skus.EXAMPLE)
    outer = stocked.put("/v1/kits/box", json={"components": [{"sku_id": "gift-set", "qty": 1}]})
    assert (outer.status_code, outer.json()["sku_id"]) == (409, "gift-set")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"max_km": 400.0, "max_weight_g": 2000}, "max_km or transit_days"),
        ({}, "the same weight"),
        ({"zone": 2, "max_km": 500.0}, "no wider reach"),
        ({"max_weight_g": 2000}, "fewer weight steps"),
    ],
)
def test_a_price_list_that_is_no_grid_is_refused(client: httpx.Client, change: Json, said: str) -> None:
    near, far = rates.EXAMPLE["steps"]  # type: ignore[misc]
    steps = [near, {**near, **change}] + ([] if "zone" in change else [far])  # type: ignore[dict-item]
    answer = client.put("/v1/rates", json={"steps": steps})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert said in answer.json()["detail"]
