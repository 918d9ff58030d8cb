"""Promises on the wire."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.words import Id
from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.kinds import Method
from fulfillment.domain.placing import WhyUnfilled

LINES_MAX = 500
PICKUP_NODES_MAX = 50
HOLD_SECONDS_MAX = 30 * 24 * 3600

REQUEST: JsonDict = {
    "channel": "web",
    "postal_code": "62704",
    "lines": [{"line_no": 1, "sku_id": "sku-1001", "qty": 2}],
    "hold": {"hold_id": "cart-55", "expires_in_seconds": 900, "customer_id": "C-7"},
}
_PARCEL: JsonDict = {
    "node_id": "store-17",
    "carrier": "usps",
    "service": "ground",
    "departs_at": "2026-11-20T22:00:00Z",
    "arrives_at": "2026-11-22T22:00:00Z",
    "lines": [{"line_no": 1, "sku_id": "sku-1001", "qty": 2}],
    "cost_cents": 745,
}
ANSWER: JsonDict = {
    "options": [
        {
            "option_id": "SHIPPING-1",
            "method": "SHIPPING",
            "pickup_node_id": None,
            "service": "ground",
            "arrive_by": "2026-11-22T22:00:00Z",
            "cost_cents": 745,
            "parcels": [_PARCEL],
            "unfilled": [],
        }
    ],
    "unavailable": [
        {
            "method": "LOCAL",
            "pickup_node_id": None,
            "reasons": [{"line_no": 1, "sku_id": "sku-1001", "qty": 2, "reason": "out_of_reach"}],
        }
    ],
    "hold": {"hold_id": "cart-55", "option_id": "SHIPPING-1", "expires_at": "2026-11-20T12:15:00Z"},
    "ledger_position": "2fe-1c",
}


class BasketLine(BaseModel):
    """Units of a SKU; lines without a number are numbered from 1."""

    model_config = ConfigDict(extra="forbid")

    sku_id: Id
    qty: Annotated[int, Field(ge=1, le=MAX_UNITS)]
    line_no: Annotated[int | None, Field(ge=0, le=MAX_UNITS)] = None


class HoldBody(BaseModel):
    """Keep the units of an option until the checkout."""

    model_config = ConfigDict(extra="forbid")

    hold_id: Annotated[Id, Field(description="Asking again with the same id opens no second hold.")]
    expires_in_seconds: Annotated[int, Field(ge=1, le=HOLD_SECONDS_MAX)] = 900
    customer_id: Id | None = None
    option_id: Annotated[Id | None, Field(description="The cheapest one unless it is named.")] = None


class PromiseBody(BaseModel):
    """A basket and where it should go: a postal code, a point, or the nodes where it is collected."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": REQUEST})

    channel: Id
    lines: Annotated[list[BasketLine], Field(min_length=1, max_length=LINES_MAX)]
    postal_code: Id | None = None
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    pickup_node_ids: Annotated[
        list[Id] | None,
        Field(max_length=PICKUP_NODES_MAX, description="The nodes next to the destination unless named."),
    ] = None
    hold: HoldBody | None = None


class UnfilledAnswer(BaseModel):
    """Units that cannot be had, and why."""

    line_no: int
    sku_id: str
    qty: int
    reason: WhyUnfilled


class ParcelAnswer(BaseModel):
    """Units that would leave a node together."""

    node_id: str
    carrier: str
    service: str
    departs_at: datetime | None = Field(description="Null where it is collected from the node's own stock.")
    arrives_at: datetime
    lines: list[dict[str, Any]]
    cost_cents: int


class OptionAnswer(BaseModel):
    """One way to have the basket; no other one of its method and node beats it on arrival and cost."""

    option_id: str
    method: Method
    pickup_node_id: str | None
    service: str = Field(description="Of all its parcels; `mixed` where they differ.")
    arrive_by: datetime
    cost_cents: int
    parcels: list[ParcelAnswer]
    unfilled: list[UnfilledAnswer]


class UnavailableAnswer(BaseModel):
    """A method that has nothing of the basket."""

    method: Method
    pickup_node_id: str | None
    reasons: list[UnfilledAnswer]


class HeldAnswer(BaseModel):
    """What is kept until the checkout."""

    hold_id: str
    option_id: str
    expires_at: datetime


class PromiseAnswer(BaseModel):
    """The options of every method, and the methods that have none."""

    model_config = ConfigDict(json_schema_extra={"example": ANSWER})

    options: list[OptionAnswer]
    unavailable: list[UnavailableAnswer]
    hold: HeldAnswer | None
    ledger_position: str
