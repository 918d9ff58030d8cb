"""Words that many documents share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fulfillment.domain.network import AMOUNT_MICROS_MAX

# A text of the ledger holds no NUL (PostgreSQL has no room for it), and an id no blank at its ends.
Id = Annotated[
    str,
    Field(
        min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
    ),
]
Name = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
Micros = Annotated[
    int,
    Field(
        ge=0,
        le=AMOUNT_MICROS_MAX,
        description="Millionths of the currency's major unit: 10,000 are one cent.",
    ),
]
Lat = Annotated[float, Field(ge=-90, le=90, description="Degrees.")]
Lon = Annotated[float, Field(ge=-180, le=180, description="Degrees.")]

ROWS_MAX = 10_000
"""Most rows of reference data in one request."""


class Put(BaseModel):
    """What a request with many rows did."""

    model_config = ConfigDict(json_schema_extra={"example": {"changed": 1}})

    changed: int = Field(description="Rows that differed and have a new version now.")
