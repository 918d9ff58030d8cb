"""SKUs: the catalogue."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Admin, Reader
from api.pages import PAGE_SIZE, Cursor, Limit
from api.reference import answer_one, answer_page
from api.runtime import Service
from api.schemas.skus import SkuAnswer, SkuBody, SkuPage, SkusBody
from api.schemas.words import Id, Put
from api.specification import problems
from fulfillment.domain.network import Sku
from fulfillment.services import put_reference
from fulfillment.store.schema.catalogue import sku_version
from fulfillment.store.versions import current_page, current_row

router = APIRouter(prefix="/v1/skus", tags=["network"])

SkuId = Annotated[Id, Path(examples=["sku-1042"])]


@router.put("", response_model=Put)
def put_skus(body: SkusBody, service: Service, _: Admin) -> Response:
    """Add many SKUs, or versions of them, all or none; the same request again changes nothing."""
    skus = [Sku(**each.model_dump()) for each in body.skus]
    return json_answer({"changed": put_reference.put_skus(service.engine, skus, clock=service.clock)})


@router.put("/{sku_id}", response_model=SkuAnswer)
def put_sku(sku_id: SkuId, body: SkuBody, service: Service, _: Admin) -> Response:
    """Add a SKU, or a version of it; the same request again changes nothing."""
    put_reference.put_skus(service.engine, [Sku(sku_id=sku_id, **body.model_dump())], clock=service.clock)
    return _answer(service, sku_id)


@router.get("/{sku_id}", response_model=SkuAnswer, responses=problems(s404="There is no such SKU."))
def get_sku(sku_id: SkuId, service: Service, _: Reader) -> Response:
    """Read a SKU as it is now."""
    return _answer(service, sku_id)


@router.get("", response_model=SkuPage)
def list_skus(service: Service, _: Reader, limit: Limit = PAGE_SIZE, cursor: Cursor = None) -> Response:
    """List the SKUs by id."""
    return answer_page(
        service, lambda c, *place: current_page(c, sku_version, *place), cursor, limit, "sku_id"
    )


def _answer(service: Service, sku_id: str) -> Response:
    return answer_one(service, lambda c: current_row(c, sku_version, [sku_id]), "sku", sku_id)
