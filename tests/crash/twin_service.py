"""A broken service that the crash harness must catch: it acknowledges what may still be lost.

`python -m tests.crash.twin_service URL PORT MODE`, where MODE is `before-commit` (the answer leaves, then the
transaction commits) or `asynchronous` (PostgreSQL is told not to wait for its log). It takes orders at
POST /v1/orders, as the service does, and keeps only their rows.
"""

import json
import sys
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from sqlalchemy import Engine, create_engine, text

from fulfillment.store.columns import OrderColumns, OrderLineColumns
from fulfillment.store.engine import open_engine, parse_url
from fulfillment.store.orders import add_orders

COMMIT_DELAY_SECONDS = 0.02


def careless_engine(url: str) -> Engine:
    """Open PostgreSQL without the checks of `open_engine`, told not to wait for its log."""
    return create_engine(
        parse_url(url), connect_args={"options": "-c timezone=UTC -c synchronous_commit=off"}, pool_size=40
    )


def write(engine: Engine, order: dict) -> None:
    """Write an order's rows unless they are there."""
    lines = order["lines"]
    count = len(lines)
    placed = OrderColumns(
        order_id=[order["order_id"]],
        placed_at=[datetime.now(UTC)],
        channel=["web"],
        postal_code=[order["postal_code"]],
        method=["SHIPPING"],
        service=[""],
        pickup_node_id=[None],
        promise_by=[None],
        priority=[1],
        customer_id=[order["customer_id"]],
    )
    its_lines = OrderLineColumns(
        order_id=[order["order_id"]] * count,
        line_no=list(range(1, count + 1)),
        sku_id=[line["sku_id"] for line in lines],
        qty=[line["qty"] for line in lines],
    )
    with engine.begin() as connection:
        known = connection.execute(
            text("SELECT 1 FROM orders WHERE order_id = :id"), {"id": order["order_id"]}
        )
        if known.first() is None:
            add_orders(connection, placed, its_lines, ["digest"], datetime.now(UTC))


class Handler(BaseHTTPRequestHandler):
    """Answers every order with 201."""

    protocol_version = "HTTP/1.1"
    engine: ClassVar[Engine]
    answers_first: ClassVar[bool]

    def do_GET(self) -> None:
        self._answer(200, {"status": "ready"})

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.answers_first:
            threading.Thread(target=self._write_later, args=(order,)).start()
        else:
            try:
                write(self.engine, order)
            except Exception:
                self._answer(503, {"code": "busy"})
                return
        self._answer(201, {"order_id": order["order_id"]})

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _write_later(self, order: dict) -> None:
        time.sleep(COMMIT_DELAY_SECONDS)
        write(self.engine, order)

    def _answer(self, status: int, document: dict) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(url: str, port: str, mode: str) -> None:
    """Serve until killed."""
    Handler.answers_first = mode == "before-commit"
    Handler.engine = open_engine(url) if Handler.answers_first else careless_engine(url)
    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
