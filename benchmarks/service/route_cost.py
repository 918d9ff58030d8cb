"""What the framework costs: CPU of a request that does nothing, layer by layer, beside a bare FastAPI route.

The application is called as a server calls it, in this process, so neither sockets nor a client are counted.

    python -m benchmarks.service.route_cost
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import ASGIApp, Message

from api.answers import json_answer
from api.app import make_app
from api.auth import Orderer
from api.runtime import Service
from api.short_way import shorten
from fulfillment.domain.access import Scope as KeyScope
from fulfillment.services.api_keys import create_key
from fulfillment.settings import Settings
from fulfillment.store.engine import open_engine
from fulfillment.store.migrate import make_current

REQUESTS = 4_000
ROUNDS = 5
BODY = orjson.dumps(
    {
        "order_id": "o-1",
        "channel": "web",
        "method": "SHIPPING",
        "postal_code": "62701",
        "customer_id": "c-1",
        "lines": [{"sku_id": "sku-1", "qty": 1}, {"sku_id": "sku-2", "qty": 2}],
    }
)


class Line(BaseModel):
    sku_id: str
    qty: int


class Order(BaseModel):
    order_id: str
    channel: str
    method: str
    postal_code: str
    customer_id: str
    lines: list[Line]


def a_bare_app() -> FastAPI:
    """Make the route as a tutorial would."""
    app = FastAPI()

    @app.post("/v1/none", status_code=201)
    async def none(order: Order) -> dict[str, str]:
        return {"order_id": order.order_id}

    return app


def add_ours(app: FastAPI, *, short: bool) -> None:
    """Add the same route with a key, as the routes of this service are made."""

    @app.post("/v1/none", status_code=201)
    async def none(order: Order, service: Service, caller: Orderer) -> Response:
        return json_answer({"order_id": order.order_id}, 201)

    # First, as the routes that are asked most are.
    app.router.routes.insert(0, app.router.routes.pop())
    for route in app.router.routes:
        if isinstance(route, APIRoute) and route.path == "/v1/none":
            assert not short or shorten(route)


async def cpu_micros(app: ASGIApp, headers: list[tuple[bytes, bytes]]) -> float:
    """Return the least CPU of a request over the rounds, in microseconds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(REQUESTS):
            status = await _ask(app, headers)
            assert status == 201, status
        best = min(best, (time.process_time() - began) / REQUESTS * 1e6)
    return best


async def _ask(app: ASGIApp, headers: list[tuple[bytes, bytes]]) -> int:
    status = 0

    async def receive() -> Message:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/none",
        "raw_path": b"/v1/none",
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
        "state": {},
    }
    await app(scope, receive, send)
    return status


async def measure() -> dict[str, float]:
    """Measure the bare route, then ours."""
    headers = [
        (b"host", b"127.0.0.1"),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(BODY)).encode()),
        (b"accept", b"*/*"),
    ]
    found = {"bare": await cpu_micros(a_bare_app(), headers)}
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'ledger.db'}"
        engine = open_engine(url)
        make_current(engine)
        for name, level, short in (
            ("ours, FastAPI's way, quiet", "warning", False),
            ("ours, short way, quiet", "warning", True),
            ("ours, short way, a log line each", "info", True),
        ):
            app = make_app(Settings(database_url=url, key_cache_seconds=3600, log_level=level))
            add_ours(app, short=short)
            async with app.router.lifespan_context(app):
                runtime = app.state.runtime
                _, secret = create_key(engine, "b", list(KeyScope), clock=runtime.clock, ids=runtime.ids)
                with_key = [*headers, (b"authorization", f"Bearer {secret}".encode())]
                found[name] = await cpu_micros(app, with_key)
        engine.dispose()
    return found


def main() -> None:
    found = asyncio.run(measure())
    for name, micros in found.items():
        text = f"{name:34} {micros:7.1f} us of CPU a request, {micros / found['bare']:.2f} of bare"
        sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
