"""Postal codes: the points that destinations stand for."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Admin, Reader
from api.pages import PAGE_SIZE, Cursor, Limit
from api.reference import answer_one, answer_page
from api.runtime import Service
from api.schemas.postal_codes import PostalCodeAnswer, PostalCodePage, PostalCodesBody
from api.schemas.words import Id, Put
from api.specification import problems
from fulfillment.domain.network import PostalCode
from fulfillment.services import put_reference
from fulfillment.store.schema import network
from fulfillment.store.versions import current_page, current_row

router = APIRouter(prefix="/v1/postal-codes", tags=["network"])

Code = Annotated[Id, Path(examples=["62701"])]


@router.put("", response_model=Put)
def put_postal_codes(body: PostalCodesBody, service: Service, _: Admin) -> Response:
    """Add postal codes, or versions of them, all or none; the same request again changes nothing."""
    places = [PostalCode(**each.model_dump()) for each in body.postal_codes]
    changed = put_reference.put_postal_codes(service.engine, places, clock=service.clock)
    return json_answer({"changed": changed})


@router.get(
    "/{postal_code}",
    response_model=PostalCodeAnswer,
    responses=problems(s404="There is no such postal code."),
)
def get_postal_code(postal_code: Code, service: Service, _: Reader) -> Response:
    """Read a postal code as it is now."""
    return answer_one(
        service, lambda c: current_row(c, network.postal_code, [postal_code]), "postal_code", postal_code
    )


@router.get("", response_model=PostalCodePage)
def list_postal_codes(
    service: Service, _: Reader, limit: Limit = PAGE_SIZE, cursor: Cursor = None
) -> Response:
    """List the postal codes."""
    return answer_page(
        service, lambda c, *place: current_page(c, network.postal_code, *place), cursor, limit, "postal_code"
    )
