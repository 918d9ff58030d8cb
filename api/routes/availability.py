"""Availability: what may be promised, position by position."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Reader
from api.runtime import Runtime, Service
from api.schemas.availability import SKUS_MAX, AvailabilityAnswer, AvailabilityBody, Consistency
from api.schemas.words import Id
from fulfillment.live.availability import (
    Availability,
    AvailabilityQuery,
    Region,
    availability,
    availability_in_database,
)

router = APIRouter(prefix="/v1/availability", tags=["availability"])


SKUS_IN_LINE_MAX = 16
"""Questions about more SKUs are answered beside the event loop: those about a thousand take long."""


@router.post("", response_model=AvailabilityAnswer)
async def ask_availability(body: AvailabilityBody, service: Service, _: Reader) -> Response:
    """Tell what a channel may promise of many SKUs, by node, region and day."""
    query = AvailabilityQuery(
        sku_ids=body.sku_ids,
        channel=body.channel or "",
        node_ids=body.node_ids,
        region=None if body.region is None else Region(**body.region.model_dump()),
        on=body.on_date,
    )
    return await _answer(service, query, body.consistency)


@router.get("", response_model=AvailabilityAnswer)
async def get_availability(
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
    return await _answer(service, query, consistency)


async def _answer(service: Runtime, query: AvailabilityQuery, consistency: Consistency) -> Response:
    if consistency is Consistency.DATABASE or query.on is not None:
        return await run_in_threadpool(_from_database, service, query)
    if len(query.sku_ids) > SKUS_IN_LINE_MAX:
        found = await run_in_threadpool(_from_view, service, query)
    else:
        found = _from_view(service, query)
    if found.unknown_sku_ids:  # which may have been put a moment ago
        await run_in_threadpool(service.feed.renew)
        found = await run_in_threadpool(_from_view, service, query)
    return _told(found)


def _from_database(service: Runtime, query: AvailabilityQuery) -> Response:
    decider, now = service.feed.decider, service.clock.now()
    return _told(availability_in_database(service.engine, decider, query, now))


def _from_view(service: Runtime, query: AvailabilityQuery) -> Availability:
    return availability(service.feed.decider, query, service.clock.now())


def _told(found: Availability) -> Response:
    return json_answer(
        {
            "positions": found.positions,
            "totals": found.totals,
            "unknown_sku_ids": found.unknown_sku_ids,
            "ledger_position": found.position,
        }
    )
