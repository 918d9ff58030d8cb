"""Capacities on the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from api.schemas.words import Id
from fulfillment.domain.checks import MAX_UNITS
from fulfillment.store.schema.network import EVERY_DAY

CAPACITIES_MAX = 1_000
EXAMPLE: JsonDict = {"capacities": [{"slot": EVERY_DAY, "unit": "parcels", "qty": 120}]}


class CapacityPart(BaseModel):
    """How much fits into one slot.

    A slot is a node-local day of departure, or of readiness for what is collected from the node's own stock.
    Nothing else is counted when orders are placed, so nothing else can be set.
    """

    model_config = ConfigDict(extra="forbid")

    slot: Literal["day"]
    unit: Literal["parcels"]
    qty: Annotated[int, Field(ge=0, le=MAX_UNITS)] | None = Field(description="null is no limit.")


class CapacitiesBody(BaseModel):
    """Capacities to set."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    capacities: Annotated[list[CapacityPart], Field(min_length=1, max_length=CAPACITIES_MAX)]

    @field_validator("capacities")
    @classmethod
    def _name_a_slot_once(cls, parts: list[CapacityPart]) -> list[CapacityPart]:
        if len({(part.slot, part.unit) for part in parts}) < len(parts):
            raise ValueError("a slot and unit are named twice; keep one of the two")
        return parts


class CapacityTold(CapacityPart):
    """A capacity and its version."""

    version: int


class CapacitiesAnswer(BaseModel):
    """All capacities of a node."""

    node_id: Id
    capacities: list[CapacityTold]
