"""Order requests and committers for tests."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from fulfillment.clock import Clock, ManualClock
from fulfillment.domain.errors import FulfillmentError, InvalidRequest, NotFound
from fulfillment.domain.holds import HeldUnits
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line
from fulfillment.domain.placing import Decider, OrderRequest, Position
from fulfillment.ids import TimeOrderedIds
from fulfillment.live.committer import Committer, CommitterLimits
from fulfillment.services.open_hold import OpenHold, open_hold
from fulfillment.services.place_orders import Placement
from fulfillment.store.idempotency import RequestKey
from tests.support.deciders import PlainDecider
from tests.support.ledgers import NOON


def an_order(order_id: str, *lines: tuple[str, int], **more: Any) -> OrderRequest:
    """Ask for lines of (sku_id, qty), shipped, unless said."""
    asked: dict[str, Any] = {
        "order_id": order_id,
        "channel": "web",
        "method": Method.SHIPPING,
        "lines": tuple(Line(number, sku_id, qty) for number, (sku_id, qty) in enumerate(lines, start=1)),
        "placed_at": NOON,
        "customer_id": "C1",
        "postal_code": "10001",
    }
    return OrderRequest(**asked | more)


def a_placement(order_id: str, *lines: tuple[str, int], key: str | None = None, **more: Any) -> Placement:
    """Ask for it under a key; the order's own id unless said."""
    request = an_order(order_id, *lines, **more)
    digest = repr(request.lines) + str(more)
    return Placement(RequestKey("shop", key or order_id, digest), request)


def a_committer(
    ledger: Engine, decider: Decider | None = None, clock: Clock | None = None, **limits: Any
) -> Committer:
    """A committer at noon with the plain decider."""
    clock = clock or ManualClock(NOON)
    return Committer(
        ledger,
        decider or PlainDecider(ledger),
        problem=problem,
        clock=clock,
        ids=TimeOrderedIds(clock),
        limits=CommitterLimits(**limits),
    )


def open_hold_in(ledger: Engine, hold_id: str, units: dict[Position, int], expires_at: datetime) -> None:
    """Open a hold at noon."""
    held = tuple(HeldUnits(*position, qty) for position, qty in units.items())
    command = OpenHold(hold_id=hold_id, channel="web", units=held, expires_at=expires_at)
    clock = ManualClock(NOON)
    open_hold(ledger, command, clock=clock, ids=TimeOrderedIds(clock), actor="tester")


def problem(error: FulfillmentError) -> Mapping[str, object]:
    """Tell an error as the API would, in short."""
    status = 404 if isinstance(error, NotFound) else 422 if isinstance(error, InvalidRequest) else 409
    return {"status": status, "code": error.code, **error.data}
