"""Price lists on the wire."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.words import Id, Micros
from fulfillment.domain.checks import MAX_UNITS

STEPS_MAX = 10_000
EXAMPLE: JsonDict = {
    "steps": [
        {
            "carrier": "acme",
            "service": "ground",
            "method": "SHIPPING",
            "zone": 1,
            "max_km": 500.0,
            "max_weight_g": 1000,
            "cost_micros": 6_490_000,
            "transit_days": 2,
        },
        {
            "carrier": "acme",
            "service": "ground",
            "method": "SHIPPING",
            "zone": 2,
            "max_km": 20_100.0,
            "max_weight_g": 1000,
            "cost_micros": 8_990_000,
            "transit_days": 5,
        },
    ]
}


class RatedMethod(StrEnum):
    """What carriers are paid for; carrying out at the till costs nothing."""

    SHIPPING = "SHIPPING"
    PICK_UP = "PICK_UP"
    LOCAL = "LOCAL"


class Step(BaseModel):
    """What a parcel up to a weight costs to a zone."""

    model_config = ConfigDict(extra="forbid")

    carrier: Id
    service: Id
    method: RatedMethod
    zone: Annotated[int, Field(ge=0, le=MAX_UNITS)]
    max_km: Annotated[float, Field(ge=0, le=1_000_000, description="The zone's reach.")]
    max_weight_g: Annotated[int, Field(ge=1, le=100_000_000)]
    cost_micros: Micros
    transit_days: Annotated[int, Field(ge=0, le=366)]


class RatesBody(BaseModel):
    """All steps of all carriers, services and methods; zones of one service share their weight steps."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    steps: Annotated[list[Step], Field(min_length=1, max_length=STEPS_MAX)]


class RatesAnswer(BaseModel):
    """The price list and its version."""

    model_config = ConfigDict(json_schema_extra={"example": {"version": 1, **EXAMPLE}})

    version: int
    steps: list[Step]
