"""The shape of every error."""

from pydantic import BaseModel, ConfigDict, Field


class Problem(BaseModel):
    """What went wrong (RFC 9457); further members carry what a program needs, such as ``shortfalls``."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "/docs#problem-not_found",
                "title": "not found",
                "status": 404,
                "detail": "there is no node store-9",
                "code": "not_found",
                "kind": "node",
                "id": "store-9",
            }
        },
    )

    type: str = Field(description="A URI of this kind of problem.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="One sentence for a person: what is wrong, and what to do.")
    code: str = Field(description="One word for a program; it never changes.")
