"""Buffers: safety stocks, and what each channel must leave to the others."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import json_answer
from api.auth import Admin, Reader
from api.pages import PAGE_SIZE, Cursor, Limit, cursor_of, keys_of
from api.runtime import Service
from api.schemas.buffers import RulesAnswer, RulesBody, RulesList, SpokenAnswer
from api.schemas.words import Id
from api.specification import problems
from fulfillment.domain.buffers import BufferRule
from fulfillment.services.set_buffers import set_buffers
from fulfillment.store.buffers import buffers_at, page_of_rules
from fulfillment.store.transaction import read_snapshot

router = APIRouter(prefix="/v1/buffers", tags=["inventory"])


@router.put("", response_model=RulesAnswer, responses=problems(s404="A node or a SKU is unknown."))
def put_buffers(body: RulesBody, service: Service, _: Admin) -> Response:
    """Set safety stocks and channel buffers; the same again changes nothing.

    Of the rules of one kind that fit a position exactly one speaks, the first that exists of: this SKU at
    this node, this SKU at any node, any SKU at this node, any SKU at any node. The safety stock and the
    channel's buffer are looked up apart and added.
    """
    rules = [
        BufferRule(each.node_id or "", each.sku_id or "", each.channel or "", each.qty) for each in body.rules
    ]
    changed = set_buffers(service.engine, rules, clock=service.clock, ids=service.ids)
    return json_answer({"changed": [_document(rule) for rule in changed]})


@router.get("", response_model=RulesList)
def list_buffers(service: Service, _: Reader, limit: Limit = PAGE_SIZE, cursor: Cursor = None) -> Response:
    """List the rules in force, by node, SKU and channel; rules for any come first."""
    after = keys_of(cursor, str, str, str)
    key = None if after is None else (after[0], after[1], after[2])
    found = read_snapshot(service.engine, lambda connection: page_of_rules(connection, key, limit))
    is_full = len(found) == limit
    return json_answer(
        {
            "items": [_document(rule) for rule in found],
            "next_cursor": cursor_of(*found[-1].key) if is_full else None,
        }
    )


@router.get("/spoken", response_model=SpokenAnswer)
def get_spoken(
    service: Service,
    _: Reader,
    node_id: Annotated[Id, Query(examples=["store-17"])],
    sku_id: Annotated[Id, Query(examples=["tee-black-m"])],
    channel: Annotated[Id, Query(examples=["marketplace"])],
) -> Response:
    """Tell which units a channel must leave alone at one position."""
    buffers = read_snapshot(
        service.engine, lambda connection: buffers_at(connection, [(node_id, sku_id)], [channel])
    )
    return json_answer(
        {
            "safety_stock": buffers.safety_stock(node_id, sku_id),
            "channel_buffer": buffers.channel_buffer(node_id, sku_id, channel),
            "floor": buffers.floor(node_id, sku_id, channel),
        }
    )


def _document(rule: BufferRule) -> dict[str, Any]:
    return {
        "node_id": rule.node_id or None,
        "sku_id": rule.sku_id or None,
        "channel": rule.channel or None,
        "qty": rule.qty,
    }
