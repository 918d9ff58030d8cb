"""The id that a client gives a request, so that it may be repeated."""

import hashlib
from typing import Annotated

import orjson
from fastapi import Header
from pydantic import BaseModel

from api.auth import Caller
from api.errors import KeyMissing
from fulfillment.store.idempotency import RequestKey

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$",
        description="Names the request: sent again with the same body, it gets the first answer again.",
        examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ),
]


def key_of(
    caller: Caller,
    operation: str,
    body: BaseModel | None,
    *,
    header: str | None = None,
    own_id: str | None = None,
) -> RequestKey:
    """Name a request by its header, or by the id of what it makes.

    Raises
    ------
    KeyMissing
        When it has neither.
    """
    if header is None and own_id is None:
        raise KeyMissing(
            "there is no Idempotency-Key; give every request its own, and repeat it with the same"
        )
    name = header if header is not None else f"{operation} {own_id}"
    # Of what it says, not of how it is written: blanks and the sequence of members do not matter.
    said = [operation, None if body is None else body.model_dump()]
    text = orjson.dumps(said, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    return RequestKey(caller.client_id, name, hashlib.sha256(text).hexdigest())
