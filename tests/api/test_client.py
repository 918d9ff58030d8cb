"""The typed client: as the service is, and careful with repeats."""

import httpx
import pytest

from api.client import Client, ServiceProblem
from api.client.generate import FILE, routes, source
from api.schemas import nodes, skus
from api.schemas.nodes import NodeBody
from api.schemas.orders import BatchBody, OrderBody
from api.schemas.skus import SkusBody
from fulfillment.clock import SystemClock
from fulfillment.domain.transitions import OrderState
from fulfillment.services.load_day import load_day
from tests.support.days import a_day
from tests.support.service import RunningService

ORDER = {
    "channel": "web",
    "method": "SHIPPING",
    "postal_code": "10001",
    "customer_id": "C1",
    "lines": [{"sku_id": "V", "qty": 2}],
}


def test_the_client_is_as_new_as_the_routes() -> None:
    assert FILE.read_text(encoding="utf-8") == source(), "run `python -m api.client.generate`"


def test_every_operation_has_a_method() -> None:
    assert [route.name for route in routes() if not hasattr(Client, route.name)] == []


def test_an_order_is_placed_read_and_harmless_to_repeat(service: RunningService) -> None:
    load_day(service.engine, a_day({("L1", "V"): 3}, {}), actor="import", clock=SystemClock())
    service.runtime.feed.catch_up(look_around=True)
    order = OrderBody.model_validate({**ORDER, "order_id": "web-1"})
    with Client(service.url, service.key()) as client:
        placed = client.place_order(order)
        assert client.place_order(order) == placed
        assert placed.state is OrderState.ALLOCATED
        assert client.get_order("web-1").fulfillment_orders == placed.fulfillment_orders
        with pytest.raises(ServiceProblem) as short:
            client.place_order(OrderBody.model_validate(ORDER))
    assert (short.value.status, short.value.code) == (409, "insufficient_stock")
    assert short.value.document["shortfalls"][0]["sku_id"] == "V"


def test_reference_data_travel_as_models_and_pages_are_followed(service: RunningService) -> None:
    with Client(service.url, service.key()) as client:
        node = NodeBody.model_validate(nodes.EXAMPLE)
        assert client.put_node("store 17?", node).node_id == "store 17?"
        rows = [{**skus.EXAMPLE, "sku_id": f"s{number}"} for number in range(3)]
        assert client.put_skus(SkusBody.model_validate({"skus": rows})).changed == 3
        first = client.list_skus(limit=2)
        rest = client.list_skus(limit=2, cursor=first.next_cursor)
    assert [each.sku_id for each in first.items + rest.items] == ["s0", "s1", "s2"]


BUSY = httpx.Response(503, headers={"Retry-After": "2"}, json={"code": "busy", "detail": "later"})
PLACED = httpx.Response(
    201,
    json={
        "order_id": "o",
        "state": "allocated",
        "decision_id": None,
        "cost_cents": 0,
        "fulfillment_orders": [],
        "unfilled": [],
        "ledger_position": "0",
    },
)


def a_client(*answers: httpx.Response | Exception) -> tuple[Client, list[httpx.Request], list[float]]:
    """A client of a service that gives these answers in turn, what it was asked, and how long it waited."""
    asked: list[httpx.Request] = []
    waits: list[float] = []
    left = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        found = next(left)
        if isinstance(found, Exception):
            raise found
        return found

    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://service")
    return Client("", "k", http=http, sleep=waits.append, attempts_max=3), asked, waits


def test_a_busy_service_is_asked_again_when_it_says_so() -> None:
    client, asked, waits = a_client(BUSY, BUSY, PLACED)
    client.place_order(OrderBody.model_validate(ORDER))
    assert waits == [2.0, 2.0]
    keys = {request.headers["idempotency-key"] for request in asked}
    assert len(keys) == 1


def test_an_answer_that_was_lost_is_asked_for_under_the_same_key() -> None:
    client, asked, _ = a_client(httpx.ReadError("lost"), PLACED)
    client.place_order(OrderBody.model_validate(ORDER))
    assert len({request.headers["idempotency-key"] for request in asked}) == 1
    assert len(asked) == 2


def test_what_has_no_name_of_its_own_is_not_repeated_when_its_answer_is_lost() -> None:
    client, asked, _ = a_client(httpx.ReadError("lost"), PLACED)
    with pytest.raises(httpx.ReadError):
        client.place_batch(BatchBody.model_validate({"orders": [{**ORDER, "order_id": "o"}]}))
    assert len(asked) == 1


def test_repeats_are_bounded() -> None:
    client, asked, _ = a_client(BUSY, BUSY, BUSY, PLACED)
    with pytest.raises(ServiceProblem, match="later"):
        client.place_order(OrderBody.model_validate(ORDER))
    assert len(asked) == 3
