"""Nodes: the places that fulfil."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.auth import Admin, Reader
from api.pages import PAGE_SIZE, Cursor, Limit
from api.reference import answer_one, answer_page
from api.runtime import Service
from api.schemas.nodes import NodeAnswer, NodeBody, NodePage
from api.schemas.words import Id
from api.specification import problems
from fulfillment.domain.network import Node
from fulfillment.services.put_reference import put_nodes
from fulfillment.store.schema.network import node_version
from fulfillment.store.versions import current_page, current_row

router = APIRouter(prefix="/v1/nodes", tags=["network"])

NodeId = Annotated[Id, Path(examples=["store-17"])]


@router.put("/{node_id}", response_model=NodeAnswer)
def put_node(node_id: NodeId, body: NodeBody, service: Service, _: Admin) -> Response:
    """Add a node, or a version of it; the same request again changes nothing."""
    put_nodes(service.engine, [Node(node_id=node_id, **body.model_dump())], clock=service.clock)
    return _answer(service, node_id)


@router.get("/{node_id}", response_model=NodeAnswer, responses=problems(s404="There is no such node."))
def get_node(node_id: NodeId, service: Service, _: Reader) -> Response:
    """Read a node as it is now."""
    return _answer(service, node_id)


@router.get("", response_model=NodePage)
def list_nodes(service: Service, _: Reader, limit: Limit = PAGE_SIZE, cursor: Cursor = None) -> Response:
    """List the nodes by id."""
    return answer_page(
        service, lambda c, *place: current_page(c, node_version, *place), cursor, limit, "node_id"
    )


def _answer(service: Service, node_id: str) -> Response:
    return answer_one(service, lambda c: current_row(c, node_version, [node_id]), "node", node_id)
