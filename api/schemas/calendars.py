"""Calendars on the wire."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from api.schemas.words import Id, Name

CLOSED_DATES_MAX = 1_000
EXAMPLE: JsonDict = {
    "opening_hours": "Mo-Sa 09:00-21:00; Su 11:00-18:00",
    "closed_dates": [{"closed_on": "2026-12-25", "reason": "Christmas"}],
}


class ClosedDate(BaseModel):
    """A local day on which nothing leaves."""

    model_config = ConfigDict(extra="forbid")

    closed_on: date
    reason: Name = ""


class CalendarBody(BaseModel):
    """Opening hours, which inform, and closed dates, on which no parcel leaves."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    opening_hours: Name = ""
    closed_dates: Annotated[list[ClosedDate], Field(max_length=CLOSED_DATES_MAX)] = []

    @field_validator("closed_dates")
    @classmethod
    def _name_a_day_once(cls, days: list[ClosedDate]) -> list[ClosedDate]:
        if len({day.closed_on for day in days}) < len(days):
            raise ValueError("a day is named twice; keep one of the two")
        return days


class CalendarAnswer(CalendarBody):
    """A node's calendar and its version."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"node_id": "store-17", **EXAMPLE, "version": 1}}
    )

    node_id: Id
    version: int


class CalendarPage(BaseModel):
    """Some of the calendars, by node."""

    items: list[CalendarAnswer]
    next_cursor: str | None
