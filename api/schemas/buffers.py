"""Safety stocks and channel buffers on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.words import Id
from fulfillment.domain.checks import MAX_UNITS
from fulfillment.services.set_buffers import RULES_MAX

EXAMPLE: JsonDict = {"node_id": "store-17", "sku_id": None, "channel": "marketplace", "qty": 2}


class RuleBody(BaseModel):
    """Units to keep back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    node_id: Id | None = Field(default=None, description="Where; null for any node.")
    sku_id: Id | None = Field(default=None, description="Of what; null for any SKU.")
    channel: Id | None = Field(
        default=None, description="Who must leave them; null for every channel: a safety stock."
    )
    qty: Annotated[
        Annotated[int, Field(ge=0, le=MAX_UNITS, strict=True)] | None,
        Field(description="Null withdraws the rule: the next more general one speaks again."),
    ]


class RulesBody(BaseModel):
    """Rules to set; those that are not named stay as they are."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"rules": [EXAMPLE]}})

    rules: Annotated[list[RuleBody], Field(min_length=1, max_length=RULES_MAX)]


class RulesAnswer(BaseModel):
    """The rules that changed."""

    model_config = ConfigDict(json_schema_extra={"example": {"changed": [EXAMPLE]}})

    changed: list[RuleBody]


class SpokenAnswer(BaseModel):
    """What a channel must leave alone at one position; `floor` is the sum of the other two."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"safety_stock": 1, "channel_buffer": 2, "floor": 3}}
    )

    safety_stock: int
    channel_buffer: int
    floor: int


class RulesList(BaseModel):
    """Rules in force."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [EXAMPLE], "next_cursor": None}})

    items: list[RuleBody]
    next_cursor: str | None
