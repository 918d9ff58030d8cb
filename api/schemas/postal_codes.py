"""Postal codes on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from api.schemas.words import ROWS_MAX, Id, Lat, Lon
from fulfillment.domain.checks import MAX_UNITS

EXAMPLE: JsonDict = {"postal_code": "62701", "lat": 39.8, "lon": -89.649, "population": 1174}


class PostalCodeRow(BaseModel):
    """A place to deliver to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    postal_code: Id
    lat: Lat
    lon: Lon
    population: Annotated[int, Field(ge=0, le=MAX_UNITS)] = 0


class PostalCodesBody(BaseModel):
    """Many places."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"postal_codes": [EXAMPLE]}})

    postal_codes: Annotated[list[PostalCodeRow], Field(min_length=1, max_length=ROWS_MAX)]

    @field_validator("postal_codes")
    @classmethod
    def _name_a_place_once(cls, places: list[PostalCodeRow]) -> list[PostalCodeRow]:
        if len({each.postal_code for each in places}) < len(places):
            raise ValueError("a postal_code is named twice; keep one of the two")
        return places


class PostalCodeAnswer(PostalCodeRow):
    """A place as it is known now, and its version."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {**EXAMPLE, "version": 1}})

    version: int


class PostalCodePage(BaseModel):
    """Some of the postal codes."""

    items: list[PostalCodeAnswer]
    next_cursor: str | None
