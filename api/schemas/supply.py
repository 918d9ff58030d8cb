"""Supply on the wire."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.words import Id, Name
from fulfillment.domain.checks import MAX_UNITS

EXAMPLE: JsonDict = {
    "node_id": "warehouse-east",
    "sku_id": "tee-black-m",
    "due_on": "2026-11-27",
    "qty": 480,
    "reference": "po-3308",
}
ANSWER_EXAMPLE: JsonDict = {
    "supply_id": "po-3308-1",
    **EXAMPLE,
    "kind": "purchase",
    "state": "due",
    "promised": 0,
}

Units = Annotated[int, Field(ge=1, le=MAX_UNITS, strict=True)]


class SupplyBody(BaseModel):
    """Units that a supplier has promised."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    node_id: Id
    sku_id: Id
    due_on: date = Field(description="Local day of the node on which the units can be used.")
    qty: Units
    reference: Name = ""


class ReceiptBody(BaseModel):
    """Units of a supply that arrived."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"receipt_id": "asn-7731", "qty": 240}}
    )

    receipt_id: Annotated[Id, Field(description="Yours; sent again, nothing more is received.")]
    qty: Units


class SupplyAnswer(BaseModel):
    """A supply as it is now; `qty` is what is still under way, or was when it ended."""

    model_config = ConfigDict(json_schema_extra={"example": ANSWER_EXAMPLE})

    supply_id: str
    node_id: str
    sku_id: str
    kind: Literal["purchase", "transfer"]
    state: Literal["due", "received", "cancelled"]
    due_on: date
    qty: int
    promised: int
    reference: str


class SupplyPage(BaseModel):
    """Some of the supplies that are due, by id."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [ANSWER_EXAMPLE], "next_cursor": None}})

    items: list[SupplyAnswer]
    next_cursor: str | None
