"""Holds: carts and checkouts that claim stock for a while."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Orderer, Reader
from api.idempotency import KeyHeader, key_of
from api.once import answer_once
from api.runtime import Runtime, Service
from api.schemas.holds import ChangeHoldBody, HeldUnitsBody, HoldAnswer, HoldsAnswer, OpenHoldBody
from api.schemas.words import Id
from api.specification import problems
from fulfillment.domain.errors import NotFound
from fulfillment.domain.holds import HeldUnits, Hold
from fulfillment.domain.transitions import HoldState
from fulfillment.services.change_hold import ChangeHold, change_hold_within
from fulfillment.services.open_hold import OpenHold, open_hold_within
from fulfillment.services.release_hold import release_hold_within
from fulfillment.store.holds import holds_of_customer, read_holds
from fulfillment.store.transaction import read_snapshot

router = APIRouter(prefix="/v1/holds", tags=["holds"])

HoldId = Annotated[Id, Path(examples=["cart-81"])]
_UNKNOWN = "There is no such hold."


@router.post(
    "",
    status_code=201,
    response_model=HoldAnswer,
    responses=problems(
        s400="No Idempotency-Key, and no `hold_id`.",
        s404="A position has no stock.",
        s409="`insufficient_stock`, with `shortfalls`; or a hold of this id ended or has another content.",
    ),
)
def open_hold(
    body: OpenHoldBody, service: Service, caller: Orderer, idempotency_key: KeyHeader = None
) -> Response:
    """Reserve units until they expire, all of them or none.

    A hold under your own `hold_id` may be opened again: nothing more is reserved, and its expiry is
    refreshed.
    """
    # Its own id makes the request harmless to repeat, and a stored answer could refresh no expiry.
    by_own_id = body.hold_id is not None and idempotency_key is None
    key = None if by_own_id else key_of(caller, "open hold", body, header=idempotency_key)
    command = OpenHold(
        hold_id=body.hold_id or service.ids.new_id(),
        channel=body.channel,
        units=_added_up(body.units),
        expires_at=service.clock.now() + timedelta(seconds=body.expires_in_seconds),
        customer_id=body.customer_id,
    )
    return answer_once(
        service,
        key,
        lambda connection: _document(
            open_hold_within(
                connection, command, clock=service.clock, ids=service.ids, actor=caller.client_id
            ),
            service,
        ),
        status=201,
    )


@router.get("/{hold_id}", response_model=HoldAnswer, responses=problems(s404=_UNKNOWN))
def get_hold(hold_id: HoldId, service: Service, _: Reader) -> Response:
    """Read a hold as it is now."""
    found = read_snapshot(service.engine, lambda connection: read_holds(connection, [hold_id])).get(hold_id)
    if found is None:
        raise NotFound(f"hold {hold_id} is not there", kind="hold", id=hold_id)
    return json_answer(_document(found, service))


@router.get("", response_model=HoldsAnswer)
def find_holds(
    service: Service,
    _: Reader,
    customer_id: Annotated[Id, Query(description="Whose.", examples=["c-5521"])],
) -> Response:
    """Find a customer's living holds, whatever channel began them."""
    found = read_snapshot(
        service.engine, lambda connection: holds_of_customer(connection, customer_id, service.clock.now())
    )
    return json_answer({"items": [_document(hold, service) for hold in found]})


@router.patch(
    "/{hold_id}",
    response_model=HoldAnswer,
    responses=problems(
        s404=_UNKNOWN,
        s409="`insufficient_stock`: it cannot grow or move so, and stays as it was. `reservation_closed`: "
        "it has ended. `stale_version`: somebody changed it first.",
    ),
)
def change_hold(
    hold_id: HoldId,
    body: ChangeHoldBody,
    service: Service,
    caller: Orderer,
    idempotency_key: KeyHeader = None,
) -> Response:
    """Change a hold in place: more or fewer units, other nodes, another channel, more time.

    All of the change or none; nobody can take a unit that it keeps.
    """
    seconds = body.expires_in_seconds
    command = ChangeHold(
        hold_id=hold_id,
        units=None if body.units is None else _added_up(body.units),
        expires_at=None if seconds is None else service.clock.now() + timedelta(seconds=seconds),
        channel=body.channel,
        customer_id=body.customer_id,
        expected_version=body.expected_version,
    )
    operation = f"change hold {hold_id}"
    key = None if idempotency_key is None else key_of(caller, operation, body, header=idempotency_key)
    return answer_once(
        service,
        key,
        lambda connection: _document(
            change_hold_within(
                connection, command, clock=service.clock, ids=service.ids, actor=caller.client_id
            ),
            service,
        ),
    )


@router.delete(
    "/{hold_id}",
    response_model=HoldAnswer,
    responses=problems(s404=_UNKNOWN, s409="It has become an order."),
)
def release_hold(hold_id: HoldId, service: Service, caller: Orderer) -> Response:
    """Give its units back now; a hold that has ended already stays as it is."""
    return answer_once(
        service,
        None,
        lambda connection: _document(
            release_hold_within(
                connection, hold_id, clock=service.clock, ids=service.ids, actor=caller.client_id
            ),
            service,
        ),
    )


def _added_up(units: Sequence[HeldUnitsBody]) -> tuple[HeldUnits, ...]:
    total: dict[tuple[str, str], int] = {}
    for each in units:
        total[each.node_id, each.sku_id] = total.get((each.node_id, each.sku_id), 0) + each.qty
    return tuple(HeldUnits(*position, qty) for position, qty in total.items())


def _document(hold: Hold, service: Runtime) -> dict[str, Any]:
    has_expired = hold.has_expired(service.clock.now())
    return {
        "hold_id": hold.hold_id,
        "state": HoldState.EXPIRED.value if has_expired else hold.state.value,
        "channel": hold.channel,
        "customer_id": hold.customer_id,
        "expires_at": hold.expires_at.isoformat().replace("+00:00", "Z"),
        "units": [{"node_id": each.node_id, "sku_id": each.sku_id, "qty": each.qty} for each in hold.units],
        "version": hold.version,
    }
