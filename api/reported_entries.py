"""Read a request of up to 10,000 entries column by column.

pydantic judges an entry at a time and says precisely what is wrong with one, in six times the time that it
takes to see that a whole column is plain: every id without a blank or a special letter, every quantity a
number within its bounds. So columns are looked at first, and whatever is not plain in any way, right or
wrong, is left to pydantic. What is plain is a part of what `EntryBody` allows; a test holds the two together.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, get_args

import orjson
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.schemas.inventory import ENTRIES, EntryBody, Place, Reported
from api.schemas.words import ID_LENGTH_MAX, NAME_LENGTH_MAX
from fulfillment.domain.checks import MAX_UNITS
from fulfillment.services.post_entries import ENTRIES_MAX, ReportedEntries

_ALLOWED = frozenset(EntryBody.__annotations__)
_REASONS = frozenset(get_args(Reported))
_PLACES = frozenset([*get_args(Place), None])
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def read_entries(body: bytes) -> ReportedEntries:
    """Read the body of a request.

    Raises
    ------
    RequestValidationError
        Naming each entry that is not as `EntryBody` says, and what of it.
    """
    plain = _plain(body)
    return _judged(body) if plain is None else plain


def _plain(body: bytes) -> ReportedEntries | None:
    """Read a body whose every column is plain; None for any other, which may still be right."""
    try:
        entries = orjson.loads(body)["entries"]
        if not isinstance(entries, list) or not 1 <= len(entries) <= ENTRIES_MAX:
            return None
        named = set(chain.from_iterable(entries))
        if not named <= _ALLOWED:
            return None
        columns = _columns(entries, named)
        is_plain = (
            all(_are_ids(column) for column in (columns.entry_id, columns.node_id, columns.sku_id))
            and _REASONS.issuperset(columns.reason)
            and _PLACES.issuperset(columns.source)
            and _PLACES.issuperset(columns.target)
            and _are_units(columns.qty)
            and _are_printable(columns.reference, NAME_LENGTH_MAX)
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None  # no JSON, no object, no such field, no moment: pydantic finds out which
    return columns if is_plain else None


def _columns(entries: Sequence[Mapping[str, Any]], named: set[str]) -> ReportedEntries:
    def optional(name: str, default: object) -> list[Any]:
        if name in named:
            return [entry.get(name, default) for entry in entries]
        return [default] * len(entries)

    return ReportedEntries(
        entry_id=[entry["entry_id"] for entry in entries],
        node_id=[entry["node_id"] for entry in entries],
        sku_id=[entry["sku_id"] for entry in entries],
        reason=[entry["reason"] for entry in entries],
        source=optional("source", None),
        target=optional("target", None),
        qty=[entry["qty"] for entry in entries],
        reference=optional("reference", ""),
        occurred_at=_moments(optional("occurred_at", None)),
    )


def _moments(texts: Sequence[str | None]) -> list[datetime | None]:
    known = {text: None if text is None else _moment(text) for text in set(texts)}  # many share few
    return [known[text] for text in texts]


def _moment(text: str) -> datetime:
    if _MOMENT.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not plain")
    return datetime.fromisoformat(text).astimezone(UTC)


def _are_ids(texts: Sequence[str]) -> bool:
    return "" not in texts and _are_printable(texts, ID_LENGTH_MAX) and " " not in "".join(texts)


def _are_printable(texts: Sequence[str], length_max: int) -> bool:
    joined = "".join(texts)  # a TypeError where one is no text
    return joined.isascii() and joined.isprintable() and max(map(len, texts)) <= length_max


def _are_units(numbers: Sequence[int]) -> bool:
    # By type: True is an int to isinstance, and 1.0 equals 1.
    return set(map(type, numbers)) == {int} and min(numbers) >= 1 and max(numbers) <= MAX_UNITS


def _judged(body: bytes) -> ReportedEntries:
    """Read a body as `EntryBody` says, entry by entry."""
    try:
        entries = ENTRIES.validate_json(body)["entries"]
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in found]) from error
    return ReportedEntries(
        entry_id=[each["entry_id"] for each in entries],
        node_id=[each["node_id"] for each in entries],
        sku_id=[each["sku_id"] for each in entries],
        reason=[each["reason"] for each in entries],
        source=[each.get("source") for each in entries],
        target=[each.get("target") for each in entries],
        qty=[each["qty"] for each in entries],
        reference=[each.get("reference", "") for each in entries],
        occurred_at=[each.get("occurred_at") for each in entries],
    )
