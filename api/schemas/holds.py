"""Holds on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.words import Id
from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.transitions import HoldState

POSITIONS_MAX = 500
SECONDS_MAX = 30 * 24 * 3600

_UNITS: list[JsonDict] = [{"node_id": "store-17", "sku_id": "tee-black-m", "qty": 2}]
OPEN_EXAMPLE: JsonDict = {
    "hold_id": "cart-81",
    "channel": "web",
    "customer_id": "c-5521",
    "expires_in_seconds": 900,
    "units": [*_UNITS],
}
CHANGE_EXAMPLE: JsonDict = {"channel": "store", "expires_in_seconds": 1800, "expected_version": 1}
HOLD_EXAMPLE: JsonDict = {
    "hold_id": "cart-81",
    "state": "active",
    "channel": "web",
    "customer_id": "c-5521",
    "expires_at": "2026-11-20T12:15:00Z",
    "units": [*_UNITS],
    "version": 1,
}

Seconds = Annotated[int, Field(ge=1, le=SECONDS_MAX, strict=True, description="From now until it expires.")]


class HeldUnitsBody(BaseModel):
    """Units of one SKU at one node."""

    model_config = ConfigDict(extra="forbid")

    node_id: Id
    sku_id: Id
    qty: Annotated[int, Field(ge=1, le=MAX_UNITS, strict=True)]


AllUnits = Annotated[
    list[HeldUnitsBody],
    Field(min_length=1, max_length=POSITIONS_MAX, description="Equal SKUs at one node are added up."),
]


class OpenHoldBody(BaseModel):
    """A claim that shall expire by itself."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": OPEN_EXAMPLE})

    hold_id: Id | None = Field(
        default=None,
        description="Your cart's own id; opening it again refreshes its expiry. Absent: one is made.",
    )
    channel: Id
    customer_id: Id | None = Field(default=None, description="By whom the cart is found in every channel.")
    expires_in_seconds: Seconds
    units: AllUnits


class ChangeHoldBody(BaseModel):
    """What shall be different; what is absent stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": CHANGE_EXAMPLE})

    units: AllUnits | None = Field(
        default=None, description="All that it shall hold afterwards: more, fewer, at other nodes."
    )
    expires_in_seconds: Seconds | None = None
    channel: Id | None = None
    customer_id: Id | None = None
    expected_version: int | None = Field(
        default=None, ge=1, le=MAX_UNITS, description="Refused unless this is its version."
    )


class HoldAnswer(BaseModel):
    """A hold; `state` is `expired` from the moment on at which its time is over."""

    model_config = ConfigDict(json_schema_extra={"example": HOLD_EXAMPLE})

    hold_id: str
    state: HoldState
    channel: str
    customer_id: str | None
    expires_at: datetime
    units: list[HeldUnitsBody]
    version: int


class HoldsAnswer(BaseModel):
    """A customer's living holds; the one that ends last comes first."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [HOLD_EXAMPLE]}})

    items: list[HoldAnswer]
