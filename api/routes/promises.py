"""Promises: what a basket can be had for, where and when."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Caller, Reader
from api.errors import Forbidden
from api.runtime import Runtime, Service
from api.schemas.promises import PromiseAnswer, PromiseBody
from api.specification import problems
from fulfillment.domain.access import Scope
from fulfillment.domain.errors import InvalidRequest, NotFound
from fulfillment.domain.lines import Line, require_lines
from fulfillment.domain.placing import PlannedParcel
from fulfillment.live.hold_promise import HeldPromise, HoldWish, hold_promise
from fulfillment.live.promise import Option, PromiseRequest, Promises, promise

router = APIRouter(prefix="/v1/promises", tags=["promises"])

LINES_IN_LINE_MAX = 8
"""Baskets with more lines are looked at beside the event loop: their search may take long."""
_MICROS_PER_CENT = 10_000
_TAKEN = "`insufficient_stock`: no option has the whole basket to hold; or the hold's id is taken."
_UNKNOWN = "There is no such postal code, node or option."


@router.post("", response_model=PromiseAnswer, responses=problems(s404=_UNKNOWN, s409=_TAKEN))
async def make_promise(body: PromiseBody, service: Service, caller: Reader) -> Response:
    """Offer the options of a basket: for each method those that no other one beats on arrival and cost.

    With `hold`, which needs the scope orders, the units of one option are kept until the checkout.
    """
    request = _request(body)
    if body.hold is not None:
        _require_orders(caller)
        wish = HoldWish(
            hold_id=body.hold.hold_id,
            expires_in=timedelta(seconds=body.hold.expires_in_seconds),
            customer_id=body.hold.customer_id,
            option_id=body.hold.option_id,
        )
        return _held_answer(await run_in_threadpool(_hold, service, request, wish, caller))
    known = service.feed.changes
    in_line = len(request.lines) <= LINES_IN_LINE_MAX
    found = _promise(service, request) if in_line else await run_in_threadpool(_promise, service, request)
    if found is None or not found.has_all:
        # What it lacks may have been put a moment ago.
        await run_in_threadpool(service.feed.renew)
        if found is None or service.feed.changes != known:
            found = await run_in_threadpool(promise, service.feed.decider, request, service.clock.now())
    return _answer(found)


def _promise(service: Runtime, request: PromiseRequest) -> Promises | None:
    """Promise by what the view knows; None when it does not know a place."""
    try:
        return promise(service.feed.decider, request, service.clock.now())
    except NotFound:
        return None


def _hold(service: Runtime, request: PromiseRequest, wish: HoldWish, caller: Caller) -> HeldPromise:
    service.feed.renew()
    return hold_promise(
        service.engine,
        service.feed.decider,
        request,
        wish,
        clock=service.clock,
        ids=service.ids,
        actor=caller.client_id,
    )


def _require_orders(caller: Caller) -> None:
    if Scope.ORDERS not in caller.scopes:
        raise Forbidden(f"the API key lacks the scope {Scope.ORDERS}, which a hold needs", scope=Scope.ORDERS)


def _request(body: PromiseBody) -> PromiseRequest:
    if (body.lat is None) != (body.lon is None) or (body.lat is not None and body.postal_code is not None):
        raise InvalidRequest(
            "the destination is not one place",
            remedy="give a postal_code, or a lat and a lon",
            key="postal_code",
        )
    lines = tuple(
        Line(number if line.line_no is None else line.line_no, line.sku_id, line.qty)
        for number, line in enumerate(body.lines, start=1)
    )
    require_lines(lines)
    return PromiseRequest(
        channel=body.channel,
        lines=lines,
        postal_code=body.postal_code,
        point=None if body.lat is None or body.lon is None else (body.lat, body.lon),
        pickup_node_ids=None if body.pickup_node_ids is None else tuple(dict.fromkeys(body.pickup_node_ids)),
    )


def _held_answer(held: HeldPromise) -> Response:
    kept = {
        "hold_id": held.hold.hold_id,
        "option_id": held.option_id,
        "expires_at": held.hold.expires_at,
    }
    return _answer(held.promises, kept)


def _answer(promises: Promises, kept: dict[str, Any] | None = None) -> Response:
    return json_answer(
        {
            "options": [_option(option) for option in promises.options],
            "unavailable": promises.unavailable,
            "hold": kept,
            "ledger_position": promises.position,
        }
    )


def _option(option: Option) -> dict[str, Any]:
    services = {parcel.service for parcel in option.parcels}
    return {
        "option_id": option.option_id,
        "method": option.method,
        "pickup_node_id": option.pickup_node_id,
        "service": services.pop() if len(services) == 1 else "mixed",
        "arrive_by": option.arrive_by,
        "cost_cents": _cents(option.cost_micros),
        "parcels": [_parcel(parcel) for parcel in option.parcels],
        "unfilled": option.unfilled,
    }


def _parcel(parcel: PlannedParcel) -> dict[str, Any]:
    return {
        "node_id": parcel.node_id,
        "carrier": parcel.carrier,
        "service": parcel.service,
        "departs_at": parcel.departs_at,
        "arrives_at": parcel.arrives_at,
        "lines": parcel.lines,
        "cost_cents": _cents(parcel.cost_micros),
    }


def _cents(micros: int) -> int:
    """Round to the cent, halves up."""
    return (micros + _MICROS_PER_CENT // 2) // _MICROS_PER_CENT
