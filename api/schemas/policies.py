"""Policies on the wire: the planner's own text, in TOML."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

TOML_LENGTH_MAX = 100_000
EXAMPLE: JsonDict = {"body_toml": 'version = 1\nname = "autumn"\n\n[parcels]\nmax_per_order = 3\n'}


class PolicyBody(BaseModel):
    """A policy as `fulfillment plan --policy` reads it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": EXAMPLE})

    # No NUL: PostgreSQL's texts have no room for it, and TOML knows none.
    body_toml: Annotated[str, Field(max_length=TOML_LENGTH_MAX, pattern=r"^[^\x00]*$")]


class PolicyAnswer(PolicyBody):
    """A policy, who put it, and its version."""

    version: int
    digest: str = Field(description="SHA-256 of the policy with every default written out.")
    actor: str
    recorded_at: datetime
