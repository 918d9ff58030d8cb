"""Calendars: when nodes are open, and on which days they send nothing."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.auth import Admin, Reader
from api.pages import PAGE_SIZE, Cursor, Limit
from api.reference import answer_one, answer_page
from api.routes.nodes import NodeId
from api.runtime import Service
from api.schemas.calendars import CalendarAnswer, CalendarBody, CalendarPage
from api.specification import problems
from fulfillment.domain.network import Calendar
from fulfillment.services.put_reference import put_calendar as put
from fulfillment.store.reference import calendar_page, read_calendar

router = APIRouter(prefix="/v1/calendars", tags=["network"])


@router.put("/{node_id}", response_model=CalendarAnswer, responses=problems(s404="There is no such node."))
def put_calendar(node_id: NodeId, body: CalendarBody, service: Service, _: Admin) -> Response:
    """Replace a node's calendar; the same request again changes nothing."""
    closed_on = {day.closed_on: day.reason for day in body.closed_dates}
    calendar = Calendar(node_id=node_id, opening_hours=body.opening_hours, closed_on=closed_on)
    put(service.engine, calendar, clock=service.clock)
    return _answer(service, node_id)


@router.get("/{node_id}", response_model=CalendarAnswer, responses=problems(s404="The node has no calendar."))
def get_calendar(node_id: NodeId, service: Service, _: Reader) -> Response:
    """Read a node's calendar as it is now."""
    return _answer(service, node_id)


@router.get("", response_model=CalendarPage)
def list_calendars(service: Service, _: Reader, limit: Limit = PAGE_SIZE, cursor: Cursor = None) -> Response:
    """List the calendars by node."""
    return answer_page(service, calendar_page, cursor, limit, "node_id", _told)


def _answer(service: Service, node_id: str) -> Response:
    return answer_one(service, lambda c: read_calendar(c, node_id), "calendar", node_id, _told)


def _told(found: dict[str, Any]) -> dict[str, Any]:
    days = [{"closed_on": day, "reason": reason} for day, reason in sorted(found["closed_on"].items())]
    return {
        "node_id": found["node_id"],
        "opening_hours": found["opening_hours"],
        "closed_dates": days,
        "version": found["version"],
    }
