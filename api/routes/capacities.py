"""Capacities: how much a node can send in a slot."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.auth import Admin, Reader
from api.reference import answer_one
from api.routes.nodes import NodeId
from api.runtime import Service
from api.schemas.capacities import CapacitiesAnswer, CapacitiesBody
from api.specification import problems
from fulfillment.domain.network import Capacity
from fulfillment.services.put_reference import put_capacities as put
from fulfillment.store.reference import read_capacities

router = APIRouter(prefix="/v1/capacities", tags=["network"])


@router.put("/{node_id}", response_model=CapacitiesAnswer, responses=problems(s404="There is no such node."))
def put_capacities(node_id: NodeId, body: CapacitiesBody, service: Service, _: Admin) -> Response:
    """Set capacities of a node; those that are not named stay. The same request again changes nothing."""
    capacities = [Capacity(node_id=node_id, **each.model_dump()) for each in body.capacities]
    put(service.engine, capacities, clock=service.clock)
    return _answer(service, node_id)


@router.get(
    "/{node_id}", response_model=CapacitiesAnswer, responses=problems(s404="The node has no capacity.")
)
def get_capacities(node_id: NodeId, service: Service, _: Reader) -> Response:
    """Read a node's capacities as they are now."""
    return _answer(service, node_id)


def _answer(service: Service, node_id: str) -> Response:
    def read(connection: Connection) -> dict[str, Any] | None:
        found = read_capacities(connection, node_id)
        return {"node_id": node_id, "capacities": found} if found else None

    return answer_one(service, read, "capacity", node_id)
