"""Nodes on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.words import Id, Lat, Lon, Micros, Name
from fulfillment.domain.kinds import NodeKind

EXAMPLE: JsonDict = {
    "kind": "store",
    "name": "Springfield Mall",
    "lat": 39.7817,
    "lon": -89.6501,
    "timezone": "America/Chicago",
    "ships": True,
    "pickup": True,
    "same_day_radius_km": 15.0,
    "cutoff_local": "16:00",
    "processing_minutes": 120,
    "handling_micros_per_unit": 350000,
    "handling_micros_per_parcel": 1200000,
    "commission_bp": 0,
}


class NodeBody(BaseModel):
    """A place that fulfils: a warehouse, a store, or a marketplace vendor."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    kind: NodeKind
    name: Name
    lat: Lat
    lon: Lon
    timezone: Annotated[str, Field(description="A name of the IANA time zone database.")]
    ships: bool = Field(description="Sends parcels.")
    pickup: bool = Field(description="Customers may collect here.")
    same_day_radius_km: Annotated[float, Field(ge=0, le=20_100)] = 0.0
    cutoff_local: Annotated[
        str,
        Field(
            pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
            description="When parcels leave, HH:MM, its own clock.",
        ),
    ]
    processing_minutes: Annotated[int, Field(ge=0, le=60_000)]
    handling_micros_per_unit: Micros = 0
    handling_micros_per_parcel: Micros = 0
    commission_bp: Annotated[int, Field(ge=0, le=10_000, description="Hundredths of a percent.")] = 0


class NodeAnswer(NodeBody):
    """A node with its id and the version that is current."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"node_id": "store-17", **EXAMPLE, "version": 1}}
    )

    node_id: Id
    version: int


class NodePage(BaseModel):
    """Some of the nodes, by id."""

    items: list[NodeAnswer]
    next_cursor: str | None
