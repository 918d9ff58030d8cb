"""Rates: what carriers charge, as one list that changes as a whole."""

from fastapi import APIRouter
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Admin, Reader
from api.runtime import Service
from api.schemas.rates import RatesAnswer, RatesBody
from fulfillment.domain.price_list import RateStep
from fulfillment.services import put_reference
from fulfillment.store.reference import read_price_list
from fulfillment.store.transaction import read_snapshot

router = APIRouter(prefix="/v1/rates", tags=["network"])


@router.put("", response_model=RatesAnswer)
def put_rates(body: RatesBody, service: Service, _: Admin) -> Response:
    """Replace the price list: a step that is left out is gone. The same request again changes nothing."""
    steps = [RateStep(**each.model_dump()) for each in body.steps]
    put_reference.put_rates(service.engine, steps, clock=service.clock)
    return _answer(service)


@router.get("", response_model=RatesAnswer)
def get_rates(service: Service, _: Reader) -> Response:
    """Read the price list as it is now; its version is 0 when there never was one."""
    return _answer(service)


def _answer(service: Service) -> Response:
    return json_answer(read_snapshot(service.engine, read_price_list))
