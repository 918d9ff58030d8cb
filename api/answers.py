"""Answers as JSON, past FastAPI's serializer: a route that made its document needs no other pass."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/json"


def json_answer(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a JSON document; datetimes go out in RFC 3339 with a Z, dataclasses as objects."""
    return Response(
        orjson.dumps(document, option=orjson.OPT_UTC_Z),
        status_code=status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def plain(document: Any) -> Any:
    """Return the document as it will be read: moments as text, dataclasses as objects."""
    return orjson.loads(orjson.dumps(document, option=orjson.OPT_UTC_Z))
