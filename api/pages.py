"""Pages of a list, by cursor: where the last page ended, so that rows added meanwhile shift nothing."""

import base64
import binascii
from typing import Annotated, Any

import orjson
from fastapi import Query

from fulfillment.domain.errors import InvalidRequest

PAGE_SIZE = 100
PAGE_SIZE_MAX = 1_000
CURSOR_LENGTH_MAX = 1_000

Limit = Annotated[int, Query(ge=1, le=PAGE_SIZE_MAX, description="Most items of the page.")]
Cursor = Annotated[
    str | None,
    Query(
        max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of the page before; absent: the first page."
    ),
]


def cursor_of(*keys: str | int) -> str:
    """Return the opaque text that stands for the key of a page's last item."""
    return base64.urlsafe_b64encode(orjson.dumps(keys)).decode().rstrip("=")


def keys_of(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Return the key that a cursor stands for, None without a cursor.

    Parameters
    ----------
    *kinds : type
        What each part of the key must be.

    Raises
    ------
    InvalidRequest
        When no page of this list ended in that cursor.
    """
    if cursor is None:
        return None
    try:
        keys = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _unknown(cursor) from error
    if not isinstance(keys, list) or [type(key) for key in keys] != list(kinds):
        raise _unknown(cursor)
    return tuple(keys)


def page_of(items: list[dict[str, Any]], limit: int, *key_names: str) -> dict[str, Any]:
    """Make the page's document; `key_names` are the members of an item that the list is sorted by.

    A page that is full may be the last one; then the next one is empty.
    """
    is_full = len(items) == limit
    return {
        "items": items,
        "next_cursor": cursor_of(*(items[-1][name] for name in key_names)) if is_full else None,
    }


def _unknown(cursor: str) -> InvalidRequest:
    return InvalidRequest(
        "the cursor is not one of this list", remedy="send next_cursor as it came", key="cursor", value=cursor
    )
