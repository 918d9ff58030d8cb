"""Inventory over HTTP: entries in bulk, sales at the till, counts, balances now and then."""

from datetime import timedelta

import httpx
import pytest

from api.schemas.inventory import COUNT_EXAMPLE, ENTRY_EXAMPLE, SALE_EXAMPLE
from fulfillment.store.entries import audit
from tests.support.ledgers import stock_up
from tests.support.service import RunningService

V, W = ("store-17", "tee-black-m"), ("store-17", "mug-blue")


@pytest.fixture
def stocked(service: RunningService) -> RunningService:
    stock_up(service.engine, {V: 5, W: 2})
    return service


def balance(client: httpx.Client, position: tuple[str, str], **more: str) -> tuple[int, int, int, int]:
    params = {"node_id": position[0], "sku_id": position[1], **more}
    [found] = client.get("/v1/inventory/balances", params=params).json()["items"]
    return tuple(found[name] for name in ("available", "reserved", "committed", "unavailable"))  # type: ignore[return-value]


def outcomes(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [result["outcome"] for result in answer.json()["results"]]


def test_each_entry_is_applied_a_duplicate_or_rejected_with_a_problem(
    stocked: RunningService, client: httpx.Client
) -> None:
    entries = [
        ENTRY_EXAMPLE,
        {**ENTRY_EXAMPLE, "entry_id": "b", "reason": "write_off", "qty": 99},
        {**ENTRY_EXAMPLE, "entry_id": "c", "node_id": "nowhere"},
        {**ENTRY_EXAMPLE, "entry_id": "d", "reason": "set_aside", "occurred_at": "2026-11-19T10:00:00+02:00"},
    ]
    answer = client.post("/v1/inventory/entries", json={"entries": entries})
    assert outcomes(answer) == ["applied", "rejected", "rejected", "applied"]
    problems = [result.get("error") for result in answer.json()["results"]]
    assert [each and (each["status"], each["code"]) for each in problems] == [
        None,
        (409, "insufficient_stock"),
        (404, "not_found"),
        None,
    ]
    assert outcomes(client.post("/v1/inventory/entries", json={"entries": entries[:1]})) == ["duplicate"]
    assert balance(client, V) == (5, 0, 0, 24)
    page = client.get("/v1/inventory/entries", params={"node_id": V[0], "sku_id": V[1]}).json()
    assert [(each["reason"], each["stock_version"]) for each in page["items"]] == [
        ("receive", 1),
        ("receive", 2),
        ("set_aside", 3),
    ]
    assert page["items"][2]["occurred_at"] == "2026-11-19T08:00:00Z"
    assert page["items"][1]["actor"] == "tester"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"qty": 0}, "qty"),
        ({"qty": "3"}, "qty"),
        ({"reason": "sell"}, "reason"),
        ({"reason": "commit"}, "reason"),
        ({"target": "committed"}, "target"),
        ({"entry_id": ""}, "entry_id"),
        ({"unheard_of": 1}, "unheard_of"),
        ({"occurred_at": "2026-11-19T10:00:00"}, "occurred_at"),
    ],
)
def test_an_entry_that_cannot_be_is_named(
    stocked: RunningService, client: httpx.Client, change: dict[str, object], where: str
) -> None:
    answer = client.post("/v1/inventory/entries", json={"entries": [{**ENTRY_EXAMPLE, **change}]})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["location"] == ["body", "entries", 0, where]
    assert balance(client, V)[0] == 5


@pytest.mark.parametrize("body", [b"", b"[", b"[]", b"{}", b'{"entries": []}'])
def test_a_body_that_is_no_list_of_entries_is_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/v1/inventory/entries", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_ten_thousand_entries_go_in_one_request_and_not_one_more(
    stocked: RunningService, client: httpx.Client
) -> None:
    entries = [{**ENTRY_EXAMPLE, "entry_id": f"e{number}", "qty": 1} for number in range(10_001)]
    assert client.post("/v1/inventory/entries", json={"entries": entries}).status_code == 422
    assert set(outcomes(client.post("/v1/inventory/entries", json={"entries": entries[1:]}))) == {"applied"}
    assert balance(client, V)[0] == 10_005
    with stocked.engine.connect() as connection:
        assert audit(connection).disagreements == ()


def test_a_sale_at_the_till_takes_the_carts_unit_and_names_it(
    stocked: RunningService, client: httpx.Client
) -> None:
    cart = {
        "hold_id": "cart-81",
        "channel": "web",
        "expires_in_seconds": 900,
        "units": [{"node_id": V[0], "sku_id": V[1], "qty": 5}],
    }
    assert client.post("/v1/holds", json=cart).status_code == 201
    answer = client.post("/v1/inventory/sales", json={"sales": [SALE_EXAMPLE]})
    assert outcomes(answer) == ["applied"]
    assert [(each["hold_id"], each["qty"]) for each in answer.json()["lost"]] == [("cart-81", 1)]
    assert client.get("/v1/holds/cart-81").json()["units"][0]["qty"] == 4
    assert outcomes(client.post("/v1/inventory/sales", json={"sales": [SALE_EXAMPLE]})) == ["duplicate"]
    assert balance(client, V) == (0, 4, 0, 0)
    types = [event["type"] for event in client.get("/v1/events").json()["items"]]
    assert types == ["hold.opened", "hold.units_lost"]


def test_a_count_is_compared_and_synced(stocked: RunningService, client: httpx.Client) -> None:
    counted_at = (stocked.runtime.clock.now() - timedelta(seconds=1)).isoformat()
    body = {**COUNT_EXAMPLE, "counted_at": counted_at, "lines": [{"sku_id": W[1], "qty": 3}]}
    answer = client.put(f"/v1/inventory/counts/{W[0]}", json=body)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["lines"][0]["books"], answer.json()["lines"][0]["counted"]) == (2, 3)
    assert balance(client, W) == (3, 0, 0, 0)
    assert client.put("/v1/inventory/counts/nowhere", json=body).status_code == 404


def test_balances_are_told_as_they_were_and_page_by_page(
    stocked: RunningService, client: httpx.Client
) -> None:
    before = stocked.runtime.clock.now().isoformat()
    client.post("/v1/inventory/entries", json={"entries": [ENTRY_EXAMPLE]})
    assert balance(client, V) == (29, 0, 0, 0)
    assert balance(client, V, as_of=before) == (5, 0, 0, 0)
    for more in ({}, {"as_of": before}):
        seen, cursor = [], None
        while True:
            params = {"limit": 1, **more} | ({"cursor": cursor} if cursor else {})
            page = client.get("/v1/inventory/balances", params=params).json()
            seen += [(each["node_id"], each["sku_id"]) for each in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert seen == [W, V]


def test_what_each_key_may_do(stocked: RunningService) -> None:
    calls = {
        "inventory": ("POST", "/v1/inventory/entries", {"entries": [ENTRY_EXAMPLE]}),
        "stores": ("POST", "/v1/inventory/sales", {"sales": [SALE_EXAMPLE]}),
    }
    for scope, (method, path, body) in calls.items():
        with stocked.client(scope, name=scope) as client:
            assert client.request(method, path, json=body).status_code == 200
        with stocked.client("read", name=f"not {scope}") as client:
            assert client.request(method, path, json=body).status_code == 403
