"""Words that many documents share."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from fulfillment.domain.network import AMOUNT_MICROS_MAX

ID_LENGTH_MAX = 200
NAME_LENGTH_MAX = 500

# A text of the ledger holds no NUL (PostgreSQL has no room for it), and an id no blank at its ends.
Id = Annotated[
    str,
    Field(
        min_length=1,
        max_length=ID_LENGTH_MAX,
        pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
    ),
]
Name = Annotated[str, Field(max_length=NAME_LENGTH_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")]


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise PydanticCustomError(
            "moment_out_of_range", "Moments in UTC have years from 1 to 9999"
        ) from error


UtcMoment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment with its time zone, read into UTC."""
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
