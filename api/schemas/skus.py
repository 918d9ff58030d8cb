"""SKUs on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.config import JsonDict

from api.schemas.words import ROWS_MAX, Id, Micros, Name

WEIGHT_G_MAX = 100_000_000
EXAMPLE: JsonDict = {
    "gtin": "04006381333931",
    "name": "Felt pen, blue",
    "price_micros": 1_990_000,
    "weight_g": 12,
}


class SkuBody(BaseModel):
    """A product."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    gtin: Annotated[
        str, Field(pattern=r"^([0-9]{8}|[0-9]{12,14})?$", description="Empty, or with a right check digit.")
    ] = ""
    name: Name
    price_micros: Micros
    weight_g: Annotated[int, Field(ge=1, le=WEIGHT_G_MAX)]


class SkuRow(SkuBody):
    """A product with its id."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"sku_id": "sku-1042", **EXAMPLE}}
    )

    sku_id: Id


class SkusBody(BaseModel):
    """Many products."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"skus": [{"sku_id": "sku-1042", **EXAMPLE}]}}
    )

    skus: Annotated[list[SkuRow], Field(min_length=1, max_length=ROWS_MAX)]

    @field_validator("skus")
    @classmethod
    def _name_a_sku_once(cls, skus: list[SkuRow]) -> list[SkuRow]:
        if len({each.sku_id for each in skus}) < len(skus):
            raise ValueError("a sku_id is named twice; keep one of the two")
        return skus


class SkuAnswer(SkuRow):
    """A product as it is now, and its version."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"sku_id": "sku-1042", **EXAMPLE, "version": 1}}
    )

    version: int


class SkuPage(BaseModel):
    """Some of the SKUs, by id."""

    items: list[SkuAnswer]
    next_cursor: str | None
