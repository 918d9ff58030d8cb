"""Kits on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from api.schemas.words import Id

COMPONENTS_MAX = 100
UNITS_MAX = 1_000
EXAMPLE: JsonDict = {"components": [{"sku_id": "sku-1042", "qty": 2}, {"sku_id": "sku-7", "qty": 1}]}


class Component(BaseModel):
    """Units of one SKU in one kit."""

    model_config = ConfigDict(extra="forbid")

    sku_id: Id
    qty: Annotated[int, Field(ge=1, le=UNITS_MAX)]


class KitBody(BaseModel):
    """A recipe; it shares its components' stock and has no balance of its own."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    components: Annotated[list[Component], Field(max_length=COMPONENTS_MAX)]

    @field_validator("components")
    @classmethod
    def _name_a_sku_once(cls, components: list[Component]) -> list[Component]:
        if len({each.sku_id for each in components}) < len(components):
            raise ValueError("a component is named twice; add the two up")
        return components


class KitAnswer(KitBody):
    """A recipe and its version."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"sku_id": "gift-set", **EXAMPLE, "version": 1}}
    )

    sku_id: Id
    version: int


class KitPage(BaseModel):
    """Some of the recipes, by SKU."""

    items: list[KitAnswer]
    next_cursor: str | None
