"""Availability on the wire."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.words import Id

SKUS_MAX = 1_000
NODES_MAX = 5_000


class Consistency(StrEnum):
    """Where an answer comes from."""

    VIEW = "view"
    DATABASE = "database"


REQUEST: JsonDict = {
    "sku_ids": ["sku-1001", "sku-1002"],
    "channel": "web",
    "region": {"lat": 39.78, "lon": -89.65, "radius_km": 50},
}
ANSWER: JsonDict = {
    "positions": [{"sku_id": "sku-1001", "node_id": "store-17", "atp": 4, "version": 12}],
    "totals": {"sku-1001": 4},
    "unknown_sku_ids": ["sku-1002"],
    "ledger_position": "2fe-1c",
}


class RegionBody(BaseModel):
    """A circle on the map."""

    model_config = ConfigDict(extra="forbid")

    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    radius_km: Annotated[float, Field(ge=0, le=20_100)]


class AvailabilityBody(BaseModel):
    """Which positions are asked about, by whom, for which day."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": REQUEST})

    sku_ids: Annotated[list[Id], Field(min_length=1, max_length=SKUS_MAX)]
    node_ids: Annotated[list[Id] | None, Field(max_length=NODES_MAX, description="Only these nodes.")] = None
    region: Annotated[RegionBody | None, Field(description="Only nodes within.")] = None
    channel: Annotated[
        Id | None, Field(description="Whose buffers count; without one the safety stock alone does.")
    ] = None
    on_date: Annotated[
        date | None,
        Field(description="Counts what is due by then and not yet promised; read through the database."),
    ] = None
    consistency: Annotated[
        Consistency, Field(description="`view`: from memory, as of `ledger_position`; or as committed now.")
    ] = Consistency.VIEW


class PositionAnswer(BaseModel):
    """What may be promised of a SKU at a node."""

    sku_id: str
    node_id: str
    atp: int
    version: int | None = Field(description="Of the balance that says so; null of a kit, which has none.")


class AvailabilityAnswer(BaseModel):
    """ATP by position and in all."""

    model_config = ConfigDict(json_schema_extra={"example": ANSWER})

    positions: list[PositionAnswer]
    totals: dict[str, int] = Field(description="By SKU, over the nodes that were asked about.")
    unknown_sku_ids: list[str]
    ledger_position: str
