"""Inventory: what nodes and partners report of stock, and what the books say."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Caller, Reader, Stockkeeper, StoreHand
from api.errors import problem_of
from api.pages import PAGE_SIZE, Cursor, Limit, cursor_of, keys_of, page_of
from api.reported_entries import read_entries
from api.runtime import Runtime, Service
from api.schemas.inventory import (
    BalancePage,
    CountAnswer,
    CountBody,
    EntriesAnswer,
    EntryPage,
    SalesAnswer,
    SalesBody,
    entries_schema,
)
from api.schemas.words import Id, UtcMoment
from api.specification import problems
from fulfillment.domain.counts import CountedSku
from fulfillment.domain.errors import FulfillmentError
from fulfillment.domain.stock import Balance
from fulfillment.services.post_entries import post_entries
from fulfillment.services.sell_at_till import SoldUnits, sell_at_till
from fulfillment.services.sync_counts import CountSheet, sync_counts
from fulfillment.store.entries import BalanceFilter, balances_as_of, history, some_balances
from fulfillment.store.posting import Position
from fulfillment.store.transaction import read_snapshot

router = APIRouter(prefix="/v1/inventory", tags=["inventory"])

NodeId = Annotated[Id, Path(examples=["store-17"])]
OfNode = Annotated[Id | None, Query(description="Of this node alone.", examples=["store-17"])]
OfSku = Annotated[Id | None, Query(description="Of this SKU alone.", examples=["tee-black-m"])]
AsOf = Annotated[
    UtcMoment | None, Query(description="As the ledger knew it at this moment; absent: as it is now.")
]


@router.post(
    "/entries",
    response_model=EntriesAnswer,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": entries_schema()}}}
    },
)
async def report_entries(request: Request, service: Service, caller: Stockkeeper) -> Response:
    """Post up to 10,000 entries, each for itself; one that is rejected does not touch the others.

    An entry's id makes it harmless to send it again. What reserves or commits units is no entry to report:
    holds and orders do that, and a sale at the till is a sale.
    """
    # Read past FastAPI, which would parse ten thousand entries on the event loop.
    body = await request.body()
    return await to_thread.run_sync(_report, service, caller, body, limiter=service.bulk)


@router.post("/sales", response_model=SalesAnswer)
def report_sales(body: SalesBody, service: Service, caller: StoreHand) -> Response:
    """Book sales at the till, up to 1,000. What was carried out is sold, whoever was promised it.

    A sale draws on what is available, then on holds, then on orders; whoever lost a unit is named in the
    answer and in an event, and an order waits for another node. A sale's id makes it harmless to repeat.
    """
    sales = [
        SoldUnits(each.sale_id, each.node_id, each.sku_id, each.qty, each.reference, _utc(each.occurred_at))
        for each in body.sales
    ]
    sold = sell_at_till(service.engine, sales, clock=service.clock, ids=service.ids, actor=caller.client_id)
    names = [{"sale_id": sale.sale_id} for sale in sales]
    return json_answer(
        {
            "results": _outcomes(names, sold.duplicates, sold.refused),
            "lost": [asdict(each) for each in sold.lost],
        }
    )


@router.put(
    "/counts/{node_id}", response_model=CountAnswer, responses=problems(s404="There is no such node.")
)
def sync_count(node_id: NodeId, body: CountBody, service: Service, caller: Stockkeeper) -> Response:
    """Compare a node's count with the books at the moment of counting, and book the differences.

    Sent again it finds none. Whoever loses a unit that is not there is named, as at the till.
    """
    sheet = CountSheet(
        count_id=body.count_id,
        node_id=node_id,
        counted_at=body.counted_at.astimezone(UTC),
        lines=[CountedSku(line.sku_id, line.qty, line.unavailable) for line in body.lines],
        is_complete=body.is_complete,
    )
    synced = sync_counts(service.engine, sheet, clock=service.clock, ids=service.ids, actor=caller.client_id)
    return json_answer(asdict(synced))


@router.get("/balances", response_model=BalancePage)
def list_balances(
    service: Service,
    _: Reader,
    node_id: OfNode = None,
    sku_id: OfSku = None,
    as_of: AsOf = None,
    limit: Limit = PAGE_SIZE,
    cursor: Cursor = None,
) -> Response:
    """Read balances, by node and SKU, as they are or as they were."""
    after = keys_of(cursor, str, str)
    wanted = BalanceFilter(node_id, sku_id, None if after is None else (after[0], after[1]), limit)

    def read(connection: Connection) -> dict[Position, Balance]:
        if as_of is None:
            return some_balances(connection, wanted)
        return balances_as_of(connection, as_of.astimezone(UTC), wanted)

    found = read_snapshot(service.engine, read)
    items = [{"node_id": node, "sku_id": sku, **asdict(balance)} for (node, sku), balance in found.items()]
    return json_answer(page_of(items, limit, "node_id", "sku_id"))


@router.get("/entries", response_model=EntryPage)
def list_entries(
    service: Service,
    _: Reader,
    node_id: Annotated[Id, Query(examples=["store-17"])],
    sku_id: Annotated[Id, Query(examples=["tee-black-m"])],
    limit: Limit = PAGE_SIZE,
    cursor: Cursor = None,
) -> Response:
    """Read the history of one SKU at one node, oldest first."""
    after = keys_of(cursor, int)
    version = 0 if after is None else int(after[0])
    found = read_snapshot(
        service.engine, lambda c: history(c, (node_id, sku_id), after_version=version, limit=limit)
    )
    items = [
        {**asdict(entry), "stock_version": number} for number, entry in enumerate(found, start=version + 1)
    ]
    is_full = len(items) == limit
    return json_answer({"items": items, "next_cursor": cursor_of(version + limit) if is_full else None})


def _report(service: Runtime, caller: Caller, body: bytes) -> Response:
    entries = read_entries(body)
    posted = post_entries(service.engine, entries, clock=service.clock, actor=caller.client_id)
    names = [{"entry_id": entry_id} for entry_id in entries.entry_id]
    return json_answer({"results": _outcomes(names, posted.duplicates, posted.refused)})


def _outcomes(
    results: list[dict[str, Any]], duplicates: Sequence[int], refused: Mapping[int, FulfillmentError]
) -> list[dict[str, Any]]:
    """Complete `results`, which name what was sent, by what became of each."""
    for result in results:
        result["outcome"] = "applied"
    for index in duplicates:
        results[index]["outcome"] = "duplicate"
    for index, error in refused.items():
        results[index] |= {"outcome": "rejected", "error": problem_of(error)}
    return results


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)
