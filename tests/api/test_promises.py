"""Promises and availability over HTTP."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.routes import availability as availability_route
from api.schemas import availability, promises
from fulfillment.clock import ManualClock
from fulfillment.services.load_day import load_day
from fulfillment.settings import Settings
from fulfillment.store.engine import open_engine
from fulfillment.store.entries import balances
from fulfillment.store.transaction import read_snapshot
from tests.support.databases import KINDS, ledger_database
from tests.support.days import NOON, a_day
from tests.support.ledgers import a_group, a_receipt, post_all
from tests.support.service import RunningService, running_service

V1, V2 = ("L1", "V"), ("L2", "V")


@pytest.fixture(params=KINDS)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningService]:
    """A service over two stores with 5 and 7 units of one SKU, at noon."""
    with ledger_database(request.param, tmp_path) as url:
        engine = open_engine(url)
        load_day(engine, a_day({V1: 5, V2: 7}, {}), actor="import", clock=ManualClock(NOON))
        engine.dispose()
        settings = Settings(database_url=url, key_cache_seconds=0)
        with running_service(settings, clock=ManualClock(NOON)) as running:
            yield running


@pytest.fixture
def client(service: RunningService) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


def basket(qty: int, **more: object) -> dict[str, Any]:
    lines = [{"sku_id": "V", "qty": qty}]
    return {"channel": "web", "postal_code": "10001", "lines": lines, **more}


def reserved(service: RunningService) -> dict[tuple[str, str], int]:
    found = read_snapshot(service.engine, balances)
    return {position: balance.reserved for position, balance in found.items() if balance.reserved}


def test_a_basket_gets_options_with_arrival_cost_and_parcels(client: httpx.Client) -> None:
    answer = client.post("/v1/promises", json=basket(6))
    assert answer.status_code == 200
    (option,) = [each for each in answer.json()["options"] if each["method"] == "SHIPPING"]
    assert option == {
        "option_id": "SHIPPING-1",
        "method": "SHIPPING",
        "pickup_node_id": None,
        "service": "ground",
        "arrive_by": "2026-11-21T22:00:00Z",
        "cost_cents": 2344,  # 90 a parcel, 363 for picking, 611.11 commission, two steps of 640
        "parcels": option["parcels"],
        "unfilled": [],
    }
    (parcel,) = option["parcels"]
    assert (parcel["node_id"], parcel["departs_at"]) == ("L2", "2026-11-20T22:00:00Z")
    assert parcel["lines"] == [{"line_no": 1, "sku_id": "V", "qty": 6}]
    closed = {each["method"]: each["reasons"] for each in answer.json()["unavailable"]}
    assert closed["LOCAL"] == [{"line_no": 1, "sku_id": "V", "qty": 6, "reason": "out_of_reach"}]


def test_a_held_option_is_kept_and_asking_again_keeps_it_once(
    service: RunningService, client: httpx.Client
) -> None:
    hold = {"hold_id": "cart", "expires_in_seconds": 60, "customer_id": "C1", "option_id": "SHIPPING-1"}
    first = client.post("/v1/promises", json=basket(6, hold=hold)).json()
    assert first["hold"] == {
        "hold_id": "cart",
        "option_id": "SHIPPING-1",
        "expires_at": "2026-11-20T12:01:00Z",
    }
    assert reserved(service) == {V2: 6}
    service.runtime.feed.catch_up()
    again = client.post("/v1/promises", json=basket(6, hold=hold)).json()
    assert (again["options"], again["hold"]) == (first["options"], first["hold"])
    assert reserved(service) == {V2: 6}
    client.post("/v1/promises", json=basket(2, hold=hold))
    assert sum(reserved(service).values()) == 2


def test_units_that_others_took_meanwhile_are_looked_for_elsewhere(
    service: RunningService, client: httpx.Client
) -> None:
    """The view has not heard of the first cart yet: its units are refused by the database."""
    hold = {"hold_id": "cart-1", "option_id": "SHIPPING-1"}
    client.post("/v1/promises", json=basket(6, hold=hold))
    answer = client.post("/v1/promises", json=basket(5, hold={**hold, "hold_id": "cart-2"}))
    assert answer.status_code == 200, answer.text
    assert reserved(service) == {V1: 5, V2: 6}
    answer = client.post("/v1/promises", json=basket(2, hold={**hold, "hold_id": "cart-3"}))
    assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_stock")
    lacks = {"node_id": "", "sku_id": "V", "requested": 2, "available": 1, "reason": "no_stock"}
    assert answer.json()["shortfalls"] == [lacks]


def test_a_hold_needs_the_scope_and_a_basket_one_destination(service: RunningService) -> None:
    with service.client("read") as reader:
        assert reader.post("/v1/promises", json=basket(1)).status_code == 200
        answer = reader.post("/v1/promises", json=basket(1, hold={"hold_id": "x"}))
        assert (answer.status_code, answer.json()["scope"]) == (403, "orders")
        for wrong in ({"lat": 40.0}, {"lat": 40.0, "lon": -74.0}):
            assert reader.post("/v1/promises", json=basket(1, **wrong)).status_code == 422
        nowhere = reader.post("/v1/promises", json=basket(1, postal_code="99999"))
        assert (nowhere.status_code, nowhere.json()["id"]) == (404, "99999")


def test_the_same_line_number_twice_is_refused(client: httpx.Client) -> None:
    lines = [{"sku_id": "V", "qty": 1, "line_no": 1}, {"sku_id": "V", "qty": 1, "line_no": 1}]
    assert client.post("/v1/promises", json=basket(1, lines=lines)).status_code == 422


def test_availability_is_told_for_one_and_for_many(service: RunningService, client: httpx.Client) -> None:
    many = client.post("/v1/availability", json={"sku_ids": ["V", "X"], "channel": "web"}).json()
    assert many == {
        "positions": [
            {"sku_id": "V", "node_id": "L1", "atp": 5, "version": 1},
            {"sku_id": "V", "node_id": "L2", "atp": 7, "version": 1},
        ],
        "totals": {"V": 12},
        "unknown_sku_ids": ["X"],
        "ledger_position": many["ledger_position"],
    }
    unknown = [f"X{k}" for k in range(availability_route.SKUS_IN_LINE_MAX)]
    most = client.post("/v1/availability", json={"sku_ids": ["V", *unknown], "channel": "web"}).json()
    assert (most["positions"], most["unknown_sku_ids"]) == (many["positions"], unknown)
    post_all(service.engine, a_group(a_receipt(V1, 4)))
    asked = {"sku_id": "V", "node_id": "L1", "consistency": "database"}
    one = client.get("/v1/availability", params=asked).json()
    assert [at["atp"] for at in one["positions"]] == [9]
    deadline = time.monotonic() + 20
    while client.get("/v1/availability", params={"sku_id": "V"}).json()["totals"] != {"V": 16}:
        assert time.monotonic() < deadline


def test_the_examples_of_the_specification_are_sound() -> None:
    promises.PromiseBody.model_validate(promises.REQUEST)
    promises.PromiseAnswer.model_validate(promises.ANSWER)
    availability.AvailabilityBody.model_validate(availability.REQUEST)
    availability.AvailabilityAnswer.model_validate(availability.ANSWER)
