"""Kits: SKUs that are made of others."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.auth import Admin, Reader
from api.pages import PAGE_SIZE, Cursor, Limit
from api.reference import answer_one, answer_page
from api.routes.skus import SkuId
from api.runtime import Service
from api.schemas.kits import KitAnswer, KitBody, KitPage
from api.specification import problems
from fulfillment.services import put_reference
from fulfillment.store.reference import kit_page, read_kit

router = APIRouter(prefix="/v1/kits", tags=["network"])


@router.put(
    "/{sku_id}",
    response_model=KitAnswer,
    responses=problems(
        s404="There is no such SKU.", s409="A component is a kit itself, or the kit is a component."
    ),
)
def put_kit(sku_id: SkuId, body: KitBody, service: Service, _: Admin) -> Response:
    """Replace the recipe of a kit; without components it is a kit no more. Again, it changes nothing."""
    components = {each.sku_id: each.qty for each in body.components}
    put_reference.put_kit(service.engine, sku_id, components, clock=service.clock)
    return _answer(service, sku_id)


@router.get("/{sku_id}", response_model=KitAnswer, responses=problems(s404="The SKU never was a kit."))
def get_kit(sku_id: SkuId, service: Service, _: Reader) -> Response:
    """Read a recipe as it is now."""
    return _answer(service, sku_id)


@router.get("", response_model=KitPage)
def list_kits(service: Service, _: Reader, limit: Limit = PAGE_SIZE, cursor: Cursor = None) -> Response:
    """List the recipes by SKU."""
    return answer_page(service, kit_page, cursor, limit, "sku_id", _told)


def _answer(service: Service, sku_id: str) -> Response:
    return answer_one(service, lambda c: read_kit(c, sku_id), "kit", sku_id, _told)


def _told(found: dict[str, Any]) -> dict[str, Any]:
    components = [{"sku_id": sku_id, "qty": qty} for sku_id, qty in found["components"].items()]
    return {"sku_id": found["kit_sku_id"], "components": components, "version": found["version"]}
