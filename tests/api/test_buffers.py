"""Buffers over HTTP: one rule of each kind speaks, and channels that sell keep to it."""

import httpx
import pytest

from api.schemas.buffers import EXAMPLE
from tests.support.ledgers import stock_up
from tests.support.service import RunningService

V = ("store-17", "tee-black-m")


@pytest.fixture(autouse=True)
def stocked(service: RunningService) -> None:
    stock_up(service.engine, {V: 10})


def put(client: httpx.Client, *rules: dict[str, object]) -> list[dict[str, object]]:
    answer = client.put("/v1/buffers", json={"rules": list(rules)})
    assert answer.status_code == 200, answer.text
    changed: list[dict[str, object]] = answer.json()["changed"]
    return changed


def spoken(client: httpx.Client, channel: str = "marketplace") -> tuple[int, int, int]:
    params = {"node_id": V[0], "sku_id": V[1], "channel": channel}
    found = client.get("/v1/buffers/spoken", params=params).json()
    return (found["safety_stock"], found["channel_buffer"], found["floor"])


def hold(client: httpx.Client, hold_id: str, qty: int, channel: str) -> int:
    body = {
        "hold_id": hold_id,
        "channel": channel,
        "expires_in_seconds": 60,
        "units": [{"node_id": V[0], "sku_id": V[1], "qty": qty}],
    }
    return client.post("/v1/holds", json=body).status_code


def test_the_most_special_rule_speaks_alone_and_a_withdrawn_one_is_silent(client: httpx.Client) -> None:
    put(client, {"qty": 3}, {"channel": "marketplace", "qty": 1}, EXAMPLE)
    assert spoken(client) == (3, 2, 5)
    assert spoken(client, "web") == (3, 0, 3)
    put(client, {"sku_id": V[1], "qty": 0}, {**EXAMPLE, "qty": None})
    assert spoken(client) == (0, 1, 1)


def test_the_same_rules_again_change_nothing(client: httpx.Client) -> None:
    assert put(client, EXAMPLE) == [EXAMPLE]
    assert put(client, EXAMPLE) == []
    assert client.get("/v1/buffers").json() == {"items": [EXAMPLE], "next_cursor": None}


def test_rules_are_listed_page_by_page_without_those_that_were_withdrawn(client: httpx.Client) -> None:
    rules = [{"node_id": None, "sku_id": None, "channel": f"c{n}", "qty": n} for n in range(3)]
    put(client, *rules, {"qty": 1})
    put(client, {"qty": None})
    first = client.get("/v1/buffers", params={"limit": 2}).json()
    second = client.get("/v1/buffers", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [*first["items"], *second["items"]] == rules


def test_a_channel_that_sells_keeps_to_its_floor(client: httpx.Client) -> None:
    """Case D21: threshold 3, on hand 10, 8 wanted."""
    put(client, {"qty": 3})
    assert hold(client, "a", 8, "web") == 409
    assert hold(client, "b", 7, "web") == 201
    put(client, {"qty": 0})
    assert hold(client, "c", 3, "web") == 201


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([{"node_id": "nowhere", "qty": 1}], 404),
        ([{"sku_id": "nothing", "qty": 1}], 404),
        ([{"qty": 1}, {"qty": 2}], 422),
        ([{"qty": -1}], 422),
        ([{}], 422),
        ([], 422),
    ],
)
def test_rules_that_cannot_be_are_refused_whole(
    client: httpx.Client, rules: list[dict[str, object]], status: int
) -> None:
    assert client.put("/v1/buffers", json={"rules": [*rules, EXAMPLE] if rules else []}).status_code == status
    assert client.get("/v1/buffers").json()["items"] == []
