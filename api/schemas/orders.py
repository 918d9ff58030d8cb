"""Orders on the wire."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from api.schemas.words import Id, UtcMoment
from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.kinds import Method
from fulfillment.domain.orders import Review
from fulfillment.domain.placing import OnShort, OrderRequest, WhyUnfilled
from fulfillment.domain.transitions import FulfillmentOrderState, OrderState

LINES_MAX = 200
ORDERS_MAX = 1_000
UNITS_OF_LINE_MAX = 1_000_000

EXAMPLE: JsonDict = {
    "order_id": "web-100045",
    "channel": "web",
    "method": "SHIPPING",
    "postal_code": "10001",
    "promise_by": "2026-11-24T17:00:00Z",
    "customer_id": "c-5521",
    "lines": [{"sku_id": "tee-black-m", "qty": 2}, {"sku_id": "mug-blue", "qty": 1}],
    "on_short": "reject",
}
_LINES: list[JsonDict] = [
    {"line_no": 1, "sku_id": "tee-black-m", "qty": 2},
    {"line_no": 2, "sku_id": "mug-blue", "qty": 1},
]
_PARCEL: JsonDict = {
    "parcel_id": "01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b12",
    "carrier": "usps",
    "service": "ground",
    "departs_at": "2026-11-20T21:00:00Z",
    "arrives_at": "2026-11-23T21:00:00Z",
    "lines": [*_LINES],
}
PLACED_EXAMPLE: JsonDict = {
    "order_id": "web-100045",
    "state": "allocated",
    "decision_id": "01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b10",
    "cost_cents": 742,
    "fulfillment_orders": [
        {
            "fulfillment_order_id": "01938a5e-7c11-7b3e-9d0f-3f2a6c1f2b11",
            "node_id": "store-17",
            "method": "SHIPPING",
            "state": "open",
            "release_at": "2026-11-20T12:10:00Z",
            "lines": [*_LINES],
            "parcels": [_PARCEL],
        }
    ],
    "unfilled": [],
    "ledger_position": "2fe-1c",
}

Units = Annotated[int, Field(ge=1, le=UNITS_OF_LINE_MAX, strict=True)]
LineNo = Annotated[int, Field(ge=0, le=MAX_UNITS, strict=True)]


class LineBody(BaseModel):
    """Units of one SKU."""

    model_config = ConfigDict(extra="forbid")

    line_no: LineNo | None = Field(None, description="1, 2, … in the order of the lines unless given.")
    sku_id: Id
    qty: Units


class OrderBody(BaseModel):
    """An order that asks to be placed: decided at once, or written down to wait for its review."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    order_id: Id | None = Field(
        None, description="The client's own; placing it again is harmless then, even without a key."
    )
    channel: Id
    method: Method
    service: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    postal_code: Id | None = None
    pickup_node_id: Id | None = None
    promise_by: UtcMoment | None = None
    priority: Annotated[int, Field(ge=1, le=MAX_UNITS)] = 1
    customer_id: Annotated[Id, Field(description="Opaque; it must name nobody.")]
    lines: Annotated[list[LineBody], Field(min_length=1, max_length=LINES_MAX)]
    on_short: OnShort = OnShort.REJECT
    review: Review | None = Field(None, description="What it waits for before it is decided.")
    hold_id: Id | None = Field(None, description="The hold whose units it takes over.")


class BatchBody(BaseModel):
    """Orders that are placed each for itself; every one needs an `order_id`, which is its key."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"orders": [EXAMPLE]}})

    orders: Annotated[list[OrderBody], Field(min_length=1, max_length=ORDERS_MAX)]


class ChangeBody(BaseModel):
    """Another way to the customer; what is left out stays as it is, but for the place of another method."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"method": "PICK_UP", "pickup_node_id": "store-17"}}
    )

    method: Method | None = None
    service: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    postal_code: Id | None = None
    pickup_node_id: Id | None = None
    promise_by: UtcMoment | None = Field(None, description="null takes the deadline away.")

    @model_validator(mode="before")
    @classmethod
    def _keeps_lines(cls, sent: object) -> object:
        if isinstance(sent, dict) and "lines" in sent:
            raise PydanticCustomError("lines_stay", "an order keeps its lines: cancel it and place another")
        return sent

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name at least one member that changes")
        return self

    def applied_to(self, asked: OrderRequest) -> OrderRequest:
        """Return what the order asks for from now on."""
        method = self.method or asked.method
        pickup_node_id = self.pickup_node_id or asked.pickup_node_id
        promise_by = asked.promise_by
        if "promise_by" in self.model_fields_set:
            promise_by = None if self.promise_by is None else self.promise_by.astimezone(UTC)
        return replace(
            asked,
            method=method,
            service=asked.service if self.service is None else self.service,
            postal_code=self.postal_code or asked.postal_code,
            # Who asks for delivery to a pickup node contradicts himself, who leaves the old one out does not.
            pickup_node_id=pickup_node_id if method is Method.PICK_UP else self.pickup_node_id,
            promise_by=promise_by,
        )


class LineAnswer(BaseModel):
    """Units of one SKU under a line number of the order."""

    line_no: int
    sku_id: str
    qty: int


class UnfilledAnswer(LineAnswer):
    """Units that no node gives, and why."""

    reason: WhyUnfilled


class ParcelAnswer(BaseModel):
    """Units that travel together; nothing departs where they are collected from the node's own stock."""

    parcel_id: str
    carrier: str
    service: str
    departs_at: datetime | None
    arrives_at: datetime | None
    lines: list[LineAnswer]


class FulfillmentOrderAnswer(BaseModel):
    """One node's work on the order."""

    fulfillment_order_id: str
    node_id: str
    method: Method
    state: FulfillmentOrderState
    release_at: datetime = Field(description="Until then the decision may be improved.")
    lines: list[LineAnswer]
    parcels: list[ParcelAnswer]


class PlacedAnswer(BaseModel):
    """An order as it was placed."""

    model_config = ConfigDict(json_schema_extra={"example": PLACED_EXAMPLE})

    order_id: str
    state: OrderState
    decision_id: str | None = Field(description="None while it waits for its review.")
    cost_cents: int = Field(description="Transport and handling.")
    fulfillment_orders: list[FulfillmentOrderAnswer]
    unfilled: list[UnfilledAnswer]
    ledger_position: str


class OutcomeAnswer(BaseModel):
    """What became of one order of a batch: the status and the body that it would have got alone."""

    status: int
    body: dict[str, object]


class BatchAnswer(BaseModel):
    """An outcome for each order, in the same order."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"results": [{"status": 201, "body": PLACED_EXAMPLE}]}}
    )

    results: list[OutcomeAnswer]


class OrderLineAnswer(LineAnswer):
    """A line, and what became of its units; those that are neither allocated nor cancelled wait."""

    allocated: int = Field(description="Units that a node's work covers.")
    cancelled: int = Field(
        description="Units that the customer does not get: what an order with `on_short` partial was short "
        "of when it was decided; all of a cancelled order."
    )


class OrderAnswer(BaseModel):
    """An order as it is now."""

    order_id: str
    state: OrderState
    review: Review | None
    version: int
    placed_at: datetime
    channel: str
    method: Method
    service: str
    postal_code: str | None
    pickup_node_id: str | None
    promise_by: datetime | None
    priority: int
    customer_id: str
    on_short: OnShort
    lines: list[OrderLineAnswer]
    fulfillment_orders: list[FulfillmentOrderAnswer]


class MomentAnswer(BaseModel):
    """Something that happened to the order."""

    at: datetime
    type: str
    data: dict[str, object]


class TimelineAnswer(BaseModel):
    """What happened to the order, in the order in which it did."""

    items: list[MomentAnswer]
