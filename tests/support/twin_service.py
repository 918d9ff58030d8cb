"""A broken service that the harnesses must catch.

`python -m tests.support.twin_service URL PORT MODE` takes orders at POST /v1/orders, as the service does, and
keeps their rows alone. MODE says what is wrong with it:

- ``before-commit``: the answer leaves, then the transaction commits;
- ``asynchronous``: PostgreSQL is told not to wait for its log;
- ``read-then-write``: it looks whether there are units, thinks, and then writes what it believes is left;
- ``forgetful``: it knows no order that it was asked for before, and sells its units again.
"""

import json
import sys
import threading
import time
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from sqlalchemy import Connection, Engine, create_engine, text

from fulfillment.store.columns import OrderColumns, OrderLineColumns
from fulfillment.store.engine import open_engine, parse_url
from fulfillment.store.orders import add_orders

COMMIT_DELAY_SECONDS = 0.02
THINKING_SECONDS = 0.005


def careless_engine(url: str) -> Engine:
    """Open PostgreSQL without the checks of `open_engine`, told not to wait for its log."""
    return create_engine(
        parse_url(url), connect_args={"options": "-c timezone=UTC -c synchronous_commit=off"}, pool_size=40
    )


def careful_enough(engine: Engine, order: dict) -> bool:
    """Write an order's rows unless they are there."""
    with engine.begin() as connection:
        if not _is_known(connection, order):
            _add(connection, order)
    return True


def read_then_write(engine: Engine, order: dict) -> bool:
    """Sell one unit of the first line, with nothing between the look and the write that would stop others."""
    (sku_id,) = (line["sku_id"] for line in order["lines"])
    with engine.connect() as connection:
        shelves = connection.execute(
            text("SELECT node_id, available FROM stock WHERE sku_id = :sku AND available > 0"),
            {"sku": sku_id},
        ).all()
    if not shelves:
        return False
    time.sleep(THINKING_SECONDS)
    node_id, available = shelves[0]
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE stock SET available = :left WHERE node_id = :node AND sku_id = :sku"),
            {"left": available - 1, "node": node_id, "sku": sku_id},
        )
        if not _is_known(connection, order):
            _add(connection, order)
    return True


def forgetful(engine: Engine, order: dict) -> bool:
    """Sell one unit for every request."""
    (sku_id,) = (line["sku_id"] for line in order["lines"])
    taken = text(
        "UPDATE stock SET available = available - 1 WHERE sku_id = :sku AND node_id ="
        " (SELECT min(node_id) FROM stock WHERE sku_id = :sku AND available > 0)"
    )
    with engine.begin() as connection:
        if not connection.execute(taken, {"sku": sku_id}).rowcount:
            return False
        if not _is_known(connection, order):
            _add(connection, order)
    return True


WAYS = {
    "before-commit": careful_enough,
    "asynchronous": careful_enough,
    "read-then-write": read_then_write,
    "forgetful": forgetful,
}


def _is_known(connection: Connection, order: dict) -> bool:
    known = connection.execute(text("SELECT 1 FROM orders WHERE order_id = :id"), {"id": order["order_id"]})
    return known.first() is not None


def _add(connection: Connection, order: dict) -> None:
    lines = order["lines"]
    count = len(lines)
    now = datetime.now(UTC)
    placed = OrderColumns(
        order_id=[order["order_id"]],
        placed_at=[now],
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
    add_orders(connection, placed, its_lines, ["digest"], now)


class Handler(BaseHTTPRequestHandler):
    """Answers every order with 201."""

    protocol_version = "HTTP/1.1"
    engine: ClassVar[Engine]
    mode: ClassVar[str]

    def do_GET(self) -> None:
        self._answer(200, {"status": "ready"})

    def do_POST(self) -> None:
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.mode == "before-commit":
            threading.Thread(target=self._write_later, args=(order,)).start()
            self._answer(201, {"order_id": order["order_id"]})
            return
        try:
            is_placed = WAYS[self.mode](self.engine, order)
        except Exception:
            self._answer(503, {"code": "busy"})
            return
        if is_placed:
            self._answer(201, {"order_id": order["order_id"]})
        else:
            self._answer(409, {"code": "insufficient_stock"})

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _write_later(self, order: dict) -> None:
        time.sleep(COMMIT_DELAY_SECONDS)
        careful_enough(self.engine, order)

    def _answer(self, status: int, document: dict) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(url: str, port: str, mode: str) -> None:
    """Serve until killed."""
    Handler.mode = mode
    Handler.engine = careless_engine(url) if mode == "asynchronous" else open_engine(url)
    ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
