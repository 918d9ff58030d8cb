"""Availability: what may be promised, position by position."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Reader
from api.runtime import Service
from api.schemas.availability import SKUS_MAX, AvailabilityAnswer, AvailabilityBody, Consistency
from api.schemas.words import Id
from fulfillment.live.availability import (
    AvailabilityQuery,
    Region,
    availability,
    availability_in_database,
)

router = APIRouter(prefix="/v1/availability", tags=["availability"])


@router.post("", response_model=AvailabilityAnswer)
def ask_availability(body: AvailabilityBody, service: Service, _: Reader) -> Response:
    """Tell what a channel may promise of many SKUs, by node, region and day."""
    query = AvailabilityQuery(
        sku_ids=body.sku_ids,
        channel=body.channel or "",
        node_ids=body.node_ids,
        region=None if body.region is None else Region(**body.region.model_dump()),
        on=body.on_date,
    )
    return _answer(service, query, body.consistency)


@router.get("", response_model=AvailabilityAnswer)
def get_availability(
    service: Service,
    _: Reader,
    sku_id: Annotated[list[Id], Query(min_length=1, max_length=SKUS_MAX, examples=[["sku-1001"]])],
    node_id: Annotated[list[Id] | None, Query(max_length=SKUS_MAX)] = None,
    channel: Annotated[Id | None, Query()] = None,
    on_date: Annotated[date | None, Query()] = None,
    consistency: Annotated[Consistency, Query()] = Consistency.VIEW,
) -> Response:
    """Tell what a channel may promise of a SKU or a few."""
    query = AvailabilityQuery(sku_ids=sku_id, channel=channel or "", node_ids=node_id, on=on_date)
    return _answer(service, query, consistency)


def _answer(service: Service, query: AvailabilityQuery, consistency: Consistency) -> Response:
    decider, now = service.feed.decider, service.clock.now()
    if consistency is Consistency.DATABASE or query.on is not None:
        found = availability_in_database(service.engine, decider, query, now)
    else:
        found = availability(decider, query, now)
    return json_answer(
        {
            "positions": found.positions,
            "totals": found.totals,
            "unknown_sku_ids": found.unknown_sku_ids,
            "ledger_position": found.position,
        }
    )
