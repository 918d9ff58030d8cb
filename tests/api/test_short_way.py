"""The short way answers as FastAPI's own way does."""

import asyncio
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Header, Query, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.answers import json_answer
from api.errors import add_handlers
from api.short_way import shorten
from fulfillment.domain.errors import NotFound
from fulfillment.domain.kinds import Method


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    sku_id: Annotated[str, Field(min_length=1)]
    qty: Annotated[int, Field(ge=1)]


class Order(BaseModel):
    method: Method
    lines: Annotated[list[Line], Field(min_length=1)]


async def who(request: Request) -> str:
    return request.headers.get("x-who", "nobody")


async def place(
    order: Order,
    caller: Annotated[str, Depends(who)],
    key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=2)] = None,
) -> Response:
    if order.lines[0].sku_id == "gone":
        raise NotFound("there is no sku gone", kind="sku", id="gone")
    return json_answer({"method": order.method, "caller": caller, "key": key}, 201)


def an_app(*, short: bool) -> FastAPI:
    app = FastAPI()
    add_handlers(app)
    app.add_api_route("/orders", place, methods=["POST"])
    for route in app.routes:
        if isinstance(route, APIRoute) and short:
            assert shorten(route)
    return app


def post(app: FastAPI, content: bytes, headers: dict[str, str]) -> tuple[int, str, Any]:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post("/orders", content=content, headers=headers)

    answer = asyncio.run(ask())
    body = answer.json()
    places = [error["location"][:1] for error in body["errors"]] if "errors" in body else body
    return answer.status_code, answer.headers["content-type"], places


JSON = {"content-type": "application/json"}
GOOD = b'{"method": "SHIPPING", "lines": [{"sku_id": "a", "qty": 1}]}'


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (GOOD, {}, 422),
        (GOOD, JSON, 201),
        (GOOD, {"content-type": "application/vnd.shop+json; charset=utf-8"}, 201),
        (GOOD, {"content-type": "text/plain"}, 422),
        (GOOD, {**JSON, "x-who": "me", "idempotency-key": "k1"}, 201),
        (GOOD, {**JSON, "idempotency-key": "k"}, 422),
        (GOOD.replace(b'"a"', b'"gone"'), JSON, 404),
        (GOOD.replace(b'"a"', b'"\\ud800"'), JSON, 422),
        (GOOD.replace(b'"a"', b'"\xff"'), JSON, 422),
        (GOOD.replace(b"1", b"0"), JSON, 422),
        (GOOD.replace(b"1", b'"1"'), JSON, 201),
        (GOOD.replace(b"1", b"1.5"), JSON, 422),
        (GOOD.replace(b"SHIPPING", b"BY_BIRD"), JSON, 422),
        (b'{"method": "SHIPPING", "lines": []}', JSON, 422),
        (b"[]", JSON, 422),
        (b"", JSON, 422),
        (b"{", JSON, 422),
    ],
)
def test_it_answers_as_the_long_way_does(content: bytes, headers: dict[str, str], status: int) -> None:
    answered = post(an_app(short=True), content, headers)
    assert answered[0] == status
    if content.endswith(b'"\xff", "qty": 1}]}'):
        return  # FastAPI's own way calls it a body that cannot be parsed, 400
    long = post(an_app(short=False), content, headers)
    assert answered[:2] == long[:2]
    if status != 422:
        assert answered == long


def test_what_needs_more_keeps_the_long_way() -> None:
    async def with_query(order: Order, limit: Annotated[int, Query()]) -> Response:
        return json_answer({"limit": limit, "lines": len(order.lines)})

    def in_a_thread(order: Order) -> Response:
        return json_answer({"lines": len(order.lines)})

    app = FastAPI()
    for name, endpoint in (("a", with_query), ("b", in_a_thread)):
        app.add_api_route(f"/{name}", endpoint, methods=["POST"])
    assert [shorten(route) for route in app.routes if isinstance(route, APIRoute)] == [False, False]
