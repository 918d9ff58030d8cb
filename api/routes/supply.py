"""Supply: units under way to a node, which count for the day on which they are due."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Reader, Stockkeeper
from api.pages import PAGE_SIZE, Cursor, Limit, keys_of, page_of
from api.runtime import Service
from api.schemas.supply import ReceiptBody, SupplyAnswer, SupplyBody, SupplyPage
from api.schemas.words import Id
from api.specification import problems
from fulfillment.services import receive_supply as receiving
from fulfillment.services import set_supply as setting
from fulfillment.store.supply import read_supply
from fulfillment.store.transaction import read_snapshot

router = APIRouter(prefix="/v1/supply", tags=["inventory"])

SupplyId = Annotated[Id, Path(examples=["po-3308-1"])]
OfNode = Annotated[Id | None, Query(description="To this node alone.", examples=["warehouse-east"])]
OfSku = Annotated[Id | None, Query(description="Of this SKU alone.", examples=["tee-black-m"])]
_UNKNOWN = "There is no such supply."


@router.put(
    "/{supply_id}",
    response_model=SupplyAnswer,
    responses=problems(
        s404="The node or the SKU is unknown.",
        s409="It is for another node or SKU, has ended, or would have fewer units than are promised of it.",
    ),
)
def put_supply(supply_id: SupplyId, body: SupplyBody, service: Service, _: Stockkeeper) -> Response:
    """Announce units, or change their day or number; the same again changes nothing."""
    command = setting.SetSupply(supply_id=supply_id, **body.model_dump())
    supply = setting.set_supply(service.engine, command, clock=service.clock, ids=service.ids)
    return json_answer(asdict(supply))


@router.post(
    "/{supply_id}/receipts",
    response_model=SupplyAnswer,
    responses=problems(s404=_UNKNOWN, s409="It has ended, or the receipt brought another number of units."),
)
def receive_supply(supply_id: SupplyId, body: ReceiptBody, service: Service, caller: Stockkeeper) -> Response:
    """Put units that arrived on the shelf; fewer than announced leave the rest due."""
    command = receiving.ReceiveSupply(supply_id=supply_id, receipt_id=body.receipt_id, qty=body.qty)
    supply = receiving.receive_supply(
        service.engine, command, clock=service.clock, ids=service.ids, actor=caller.client_id
    )
    return json_answer(asdict(supply))


@router.delete(
    "/{supply_id}",
    response_model=SupplyAnswer,
    responses=problems(s404=_UNKNOWN, s409="It has arrived."),
)
def cancel_supply(supply_id: SupplyId, service: Service, _: Stockkeeper) -> Response:
    """Note that the units will not come; a cancelled supply stays as it is."""
    supply = setting.cancel_supply(service.engine, supply_id, clock=service.clock, ids=service.ids)
    return json_answer(asdict(supply))


@router.get("", response_model=SupplyPage)
def list_supply(
    service: Service,
    _: Reader,
    node_id: OfNode = None,
    sku_id: OfSku = None,
    limit: Limit = PAGE_SIZE,
    cursor: Cursor = None,
) -> Response:
    """List what is due, by id."""
    after = keys_of(cursor, str)
    found = read_snapshot(
        service.engine,
        lambda connection: read_supply(
            connection, node_id=node_id, sku_id=sku_id, after=after[0] if after else "", limit=limit
        ),
    )
    return json_answer(page_of([asdict(each) for each in found], limit, "supply_id"))
