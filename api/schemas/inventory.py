"""Entries, sales, counts and balances on the wire."""

from datetime import datetime
from typing import (
    Annotated,
    Any,
    Literal,
    Required,  # pydantic asks for these below Python 3.12
)

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, with_config
from pydantic.config import JsonDict
from typing_extensions import TypedDict

from api.schemas.words import Id, Name, UtcMoment
from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.stock import EntryReason
from fulfillment.services.post_entries import ENTRIES_MAX
from fulfillment.services.sell_at_till import SALES_MAX
from fulfillment.services.sync_counts import LINES_MAX

Units = Annotated[int, Field(ge=1, le=MAX_UNITS, strict=True)]
Counted = Annotated[int, Field(ge=0, le=MAX_UNITS, strict=True)]
Place = Literal["available", "unavailable", "supplier", "customer", "loss"]
Reported = Literal[
    "receive", "return", "transfer_out", "transfer_in", "found", "set_aside", "restore", "write_off"
]
Moment = Annotated[UtcMoment | None, Field(description="When it happened; absent: now.")]
Outcome = Literal["applied", "duplicate", "rejected"]

ENTRY_EXAMPLE: JsonDict = {
    "entry_id": "asn-7731-1",
    "node_id": "store-17",
    "sku_id": "tee-black-m",
    "reason": "receive",
    "qty": 24,
    "reference": "asn-7731",
}
SALE_EXAMPLE: JsonDict = {
    "sale_id": "till-4-000812-1",
    "node_id": "store-17",
    "sku_id": "tee-black-m",
    "qty": 1,
    "reference": "till-4-000812",
}
COUNT_EXAMPLE: JsonDict = {
    "count_id": "cycle-2026-11-20",
    "counted_at": "2026-11-20T06:00:00Z",
    "is_complete": False,
    "lines": [{"sku_id": "tee-black-m", "qty": 23, "unavailable": 1}],
}
LOST_EXAMPLE: JsonDict = {
    "node_id": "store-17",
    "sku_id": "tee-black-m",
    "qty": 1,
    "reference": "till-4-000812",
    "hold_id": "cart-81",
    "order_id": None,
    "fulfillment_order_id": None,
    "line_no": None,
}
BALANCE_EXAMPLE: JsonDict = {
    "node_id": "store-17",
    "sku_id": "tee-black-m",
    "available": 20,
    "reserved": 2,
    "committed": 1,
    "unavailable": 1,
    "version": 31,
}


@with_config(ConfigDict(extra="forbid", json_schema_extra={"example": ENTRY_EXAMPLE}))
class EntryBody(TypedDict, total=False):
    """Units that moved. A dictionary rather than a model, as ten thousand come in one request."""

    entry_id: Required[Annotated[Id, Field(description="Yours; sent again, the entry is a duplicate.")]]
    node_id: Required[Id]
    sku_id: Required[Id]
    reason: Required[Reported]
    source: Annotated[Place | None, Field(description="Absent: what the reason says.")]
    target: Annotated[Place | None, Field(description="Absent: what the reason says.")]
    qty: Required[Units]
    reference: Annotated[Name, Field(description="What caused it: a delivery note, a transfer.")]
    occurred_at: Moment


class EntriesBody(TypedDict):
    """What `POST /v1/inventory/entries` takes."""

    entries: Annotated[list[EntryBody], Field(min_length=1, max_length=ENTRIES_MAX)]


ENTRIES: TypeAdapter[EntriesBody] = TypeAdapter(EntriesBody)


def entries_schema() -> dict[str, Any]:
    """Describe `EntriesBody` in one piece: it is read past FastAPI, which would name its parts."""
    entry = TypeAdapter(EntryBody).json_schema()
    return {
        "type": "object",
        "title": "EntriesBody",
        "required": ["entries"],
        "properties": {"entries": {"type": "array", "items": entry, "minItems": 1, "maxItems": ENTRIES_MAX}},
        "example": {"entries": [ENTRY_EXAMPLE]},
    }


class EntryOutcome(BaseModel):
    """What became of an entry."""

    entry_id: str
    outcome: Outcome
    error: dict[str, Any] | None = Field(default=None, description="A problem, where it was rejected.")


class EntriesAnswer(BaseModel):
    """What became of each entry, in the order of the request."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"results": [{"entry_id": "asn-7731-1", "outcome": "applied"}]}}
    )

    results: list[EntryOutcome]


class SaleBody(BaseModel):
    """A line of a receipt."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": SALE_EXAMPLE})

    sale_id: Annotated[Id, Field(description="Yours; sent again, the sale is a duplicate.")]
    node_id: Id
    sku_id: Id
    qty: Units
    reference: Name = ""
    occurred_at: Moment = None


class SalesBody(BaseModel):
    """Sales at tills."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"sales": [SALE_EXAMPLE]}})

    sales: Annotated[list[SaleBody], Field(min_length=1, max_length=SALES_MAX)]


class Lost(BaseModel):
    """Units that somebody lost, because they were not there any more."""

    node_id: str
    sku_id: str
    qty: int
    reference: str
    hold_id: str | None
    order_id: str | None
    fulfillment_order_id: str | None
    line_no: int | None


class SaleOutcome(BaseModel):
    """What became of a sale."""

    sale_id: str
    outcome: Outcome
    error: dict[str, Any] | None = Field(default=None, description="A problem, where it was rejected.")


class SalesAnswer(BaseModel):
    """What became of each sale, in the order of the request, and who lost units to them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "results": [{"sale_id": "till-4-000812-1", "outcome": "applied"}],
                "lost": [LOST_EXAMPLE],
            }
        }
    )

    results: list[SaleOutcome]
    lost: list[Lost]


class CountLine(BaseModel):
    """What was counted of one SKU."""

    model_config = ConfigDict(extra="forbid")

    sku_id: Id
    qty: Annotated[Counted, Field(description="Units fit for sale, whoever was promised them.")]
    unavailable: Annotated[
        Counted | None, Field(description="Units set aside; absent: they were not counted.")
    ] = None


class CountBody(BaseModel):
    """A count of a node."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": COUNT_EXAMPLE})

    count_id: Id
    counted_at: UtcMoment
    is_complete: bool = Field(default=False, description="Whether every SKU that is not named has no units.")
    lines: Annotated[list[CountLine], Field(max_length=LINES_MAX)]


class SyncedLine(BaseModel):
    """What a count made of one SKU."""

    sku_id: str
    books: int = Field(description="Units fit for sale that the books had at the moment of counting.")
    counted: int
    unexplained: int = Field(description="Units that lack, and that the books of now do not have either.")
    version: int = Field(description="Of the balance after it.")


class CountAnswer(BaseModel):
    """What a count changed."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "lines": [
                    {"sku_id": "tee-black-m", "books": 24, "counted": 23, "unexplained": 0, "version": 32}
                ],
                "unknown_sku_ids": [],
                "lost": [],
            }
        }
    )

    lines: list[SyncedLine]
    unknown_sku_ids: list[str]
    lost: list[Lost]


class BalanceAnswer(BaseModel):
    """Units of one SKU at one node, by state."""

    model_config = ConfigDict(json_schema_extra={"example": BALANCE_EXAMPLE})

    node_id: str
    sku_id: str
    available: int
    reserved: int
    committed: int
    unavailable: int
    version: int


class BalancePage(BaseModel):
    """Some of the balances, by node and SKU."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"items": [BALANCE_EXAMPLE], "next_cursor": None}}
    )

    items: list[BalanceAnswer]
    next_cursor: str | None


class EntryAnswer(BaseModel):
    """An entry of the ledger."""

    entry_id: str
    node_id: str
    sku_id: str
    source: str
    target: str
    qty: int
    reason: EntryReason
    reference: str
    actor: str
    occurred_at: datetime
    recorded_at: datetime
    stock_version: int


class EntryPage(BaseModel):
    """Some of the entries of a position, oldest first."""

    items: list[EntryAnswer]
    next_cursor: str | None
