"""What the routes of reference data share: answer with one document, or with a page of a list."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import json_answer
from api.pages import keys_of, page_of
from api.runtime import Runtime
from fulfillment.domain.errors import NotFound
from fulfillment.store.transaction import read_snapshot

ReadOne = Callable[[Connection], dict[str, Any] | None]
ReadPage = Callable[[Connection, Sequence[object] | None, int], list[dict[str, Any]]]
Tell = Callable[[dict[str, Any]], dict[str, Any]]


def as_it_is(found: dict[str, Any]) -> dict[str, Any]:
    """Tell a row under the names it has."""
    return found


def answer_one(service: Runtime, read: ReadOne, kind: str, name: str, tell: Tell = as_it_is) -> Response:
    """Answer with what `read` finds.

    Raises
    ------
    NotFound
        When it finds nothing.
    """
    found = read_snapshot(service.engine, read)
    if found is None:
        raise NotFound(f"there is no {kind.replace('_', ' ')} {name}", kind=kind, id=name)
    return json_answer(tell(found))


def answer_page(
    service: Runtime, read: ReadPage, cursor: str | None, limit: int, key: str, tell: Tell = as_it_is
) -> Response:
    """Answer with the page after `cursor` of a list that is sorted by the member `key`."""
    after = keys_of(cursor, str)
    found = read_snapshot(service.engine, lambda connection: read(connection, after, limit))
    return json_answer(page_of([tell(each) for each in found], limit, key))
