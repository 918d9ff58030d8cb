"""Orders: placed, read, followed."""

from concurrent.futures import Future
from datetime import UTC
from typing import Annotated

from fastapi import APIRouter, Path
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import json_answer, plain
from api.auth import Orderer, Reader
from api.errors import as_response, problem_of
from api.idempotency import KeyHeader, key_of
from api.runtime import Runtime, Service
from api.schemas.orders import (
    BatchAnswer,
    BatchBody,
    ChangeBody,
    OrderAnswer,
    OrderBody,
    PlacedAnswer,
    TimelineAnswer,
)
from api.schemas.words import Id
from api.specification import problems
from fulfillment.domain.errors import FulfillmentError, InvalidRequest, NotFound
from fulfillment.domain.lines import Line
from fulfillment.domain.placing import OrderRequest
from fulfillment.services.cancel_order import cancel_order
from fulfillment.services.once import once
from fulfillment.services.place_orders import Placement
from fulfillment.store.idempotency import Answer, RequestKey
from fulfillment.store.order_reads import read_order, read_timeline
from fulfillment.store.transaction import read_snapshot

router = APIRouter(prefix="/v1/orders", tags=["orders"])

OrderId = Annotated[Id, Path(examples=["web-100045"])]
EVENTS_MAX = 1_000
PLACE = "place order"
_UNKNOWN = "There is no such order."
_SHORT = (
    "`insufficient_stock`: the order cannot be filled; `shortfalls` says what lacks and why. Or the hold has "
    "ended, or there is an order of this id."
)


@router.post(
    "",
    status_code=201,
    response_model=PlacedAnswer,
    responses=problems(
        s400="No Idempotency-Key, and no `order_id`.", s404="A SKU or the hold is unknown.", s409=_SHORT
    ),
)
async def place_order(
    body: OrderBody, service: Service, caller: Orderer, idempotency_key: KeyHeader = None
) -> Response:
    """Decide an order on live stock, commit its units, and tell what will happen; all of it or nothing."""
    key = key_of(caller, PLACE, body, header=idempotency_key, own_id=body.order_id)
    return _told(await service.wakeups.result_of(await _submitted(service, key, body)))


@router.post("/batch", response_model=BatchAnswer, responses=problems(s400="An order without an `order_id`."))
async def place_batch(body: BatchBody, service: Service, caller: Orderer) -> Response:
    """Place up to 1,000 orders, each for itself: one that is refused does not touch the others."""
    keys = [key_of(caller, PLACE, each, own_id=each.order_id) for each in body.orders]
    futures = [await _submitted(service, key, each) for key, each in zip(keys, body.orders, strict=True)]
    return json_answer({"results": [_outcome(each) for each in await service.wakeups.results_of(futures)]})


@router.get("/{order_id}", response_model=OrderAnswer, responses=problems(s404=_UNKNOWN))
def get_order(order_id: OrderId, service: Service, _: Reader) -> Response:
    """Read an order as it is now, whatever channel placed it."""
    found = read_snapshot(service.engine, lambda connection: read_order(connection, order_id))
    if found is None:
        raise _unknown(order_id)
    return json_answer(found)


@router.get("/{order_id}/timeline", response_model=TimelineAnswer, responses=problems(s404=_UNKNOWN))
def get_timeline(order_id: OrderId, service: Service, _: Reader) -> Response:
    """Read what happened to an order, oldest first."""
    items = read_snapshot(service.engine, lambda connection: read_timeline(connection, order_id, EVENTS_MAX))
    if not items and read_snapshot(service.engine, lambda c: read_order(c, order_id)) is None:
        raise _unknown(order_id)
    return json_answer({"items": items})


@router.post(
    "/{order_id}/cancel",
    response_model=OrderAnswer,
    responses=problems(s404=_UNKNOWN, s409="`move_refused`: some of it has left the house, or it has ended."),
)
def cancel(
    order_id: OrderId, service: Service, caller: Orderer, idempotency_key: KeyHeader = None
) -> Response:
    """Cancel an order whole: its units are free again. Without a key, repeating it is refused."""
    key = None
    if idempotency_key is not None:
        key = key_of(caller, f"cancel order {order_id}", None, header=idempotency_key)

    def story(connection: Connection) -> Answer:
        now = service.clock.now()
        cancel_order(connection, order_id, now=now, ids=service.ids, actor=caller.client_id)
        return Answer(200, plain(read_order(connection, order_id)))

    return _told(once(service.engine, key, story, problem=problem_of, clock=service.clock))


@router.post(
    "/{order_id}/clear",
    response_model=PlacedAnswer,
    responses=problems(
        s400="No Idempotency-Key.",
        s404=_UNKNOWN,
        s409="`move_refused`: it waits for no review. Else why it cannot be filled; it stays on hold.",
    ),
)
def clear(
    order_id: OrderId, service: Service, caller: Orderer, idempotency_key: KeyHeader = None
) -> Response:
    """Let an order go on whose payment or fraud review is over: it is decided and committed now."""
    key = key_of(caller, f"clear order {order_id}", None, header=idempotency_key)
    return _told(service.changes.clear(key, order_id))


@router.post(
    "/{order_id}/change",
    response_model=PlacedAnswer,
    responses=problems(
        s400="No Idempotency-Key.",
        s404=_UNKNOWN,
        s409="`move_refused`: a node may have begun. `insufficient_stock`: it cannot be filled that way; it "
        "stands as it was.",
    ),
)
def change(
    order_id: OrderId, body: ChangeBody, service: Service, caller: Orderer, idempotency_key: KeyHeader = None
) -> Response:
    """Deliver an order another way or elsewhere; members that are left out stay as they are."""
    key = key_of(caller, f"change order {order_id}", body, header=idempotency_key)
    return _told(service.changes.change(key, order_id, body.applied_to))


async def _submitted(service: Runtime, key: RequestKey, body: OrderBody) -> Future[Answer]:
    """Hand an order in; whatever speaks against it is told by the future."""
    told: Future[Answer] = Future()
    try:
        try:
            return service.committer.submit(Placement(key, _request_of(service, body)))
        except InvalidRequest as refusal:
            told.set_result(await run_in_threadpool(_refused, service, key, refusal))
    except FulfillmentError as error:
        told.set_exception(error)
    return told


def _refused(service: Runtime, key: RequestKey, refusal: InvalidRequest) -> Answer:
    """Refuse what no order may ask for; unless it did ask for it when it was still allowed."""

    def refuse(_: object) -> Answer:
        raise refusal

    return once(service.engine, key, refuse, problem=problem_of, clock=service.clock)


def _request_of(service: Runtime, body: OrderBody) -> OrderRequest:
    return OrderRequest(
        order_id=body.order_id or service.ids.new_id(),
        channel=body.channel,
        method=body.method,
        lines=tuple(
            Line(number if line.line_no is None else line.line_no, line.sku_id, line.qty)
            for number, line in enumerate(body.lines, start=1)
        ),
        placed_at=service.clock.now(),
        customer_id=body.customer_id,
        service=body.service,
        postal_code=body.postal_code,
        pickup_node_id=body.pickup_node_id,
        promise_by=None if body.promise_by is None else body.promise_by.astimezone(UTC),
        priority=body.priority,
        on_short=body.on_short,
        review=body.review,
        hold_id=body.hold_id,
    )


def _told(answer: Answer) -> Response:
    return as_response(answer.body) if answer.status >= 400 else json_answer(answer.body, answer.status)


def _outcome(each: Answer | BaseException) -> dict[str, object]:
    if isinstance(each, Answer):
        return {"status": each.status, "body": each.body}
    if not isinstance(each, FulfillmentError):
        raise each
    problem = problem_of(each)
    return {"status": problem["status"], "body": problem}


def _unknown(order_id: str) -> NotFound:
    return NotFound(f"there is no order {order_id}", kind="order", id=order_id)
