"""What is read column by column is read as the schema says; whatever is not plain is left to the schema."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.exceptions import RequestValidationError
from hypothesis import given
from hypothesis import strategies as st

from api.reported_entries import _judged, _plain, read_entries
from fulfillment.domain.checks import MAX_UNITS
from fulfillment.services.post_entries import ReportedEntries

ENTRY = {"entry_id": "e-1", "node_id": "store-17", "sku_id": "tee", "reason": "receive", "qty": 1}
IDS = ["e-1", "a b", " a", "a ", "", "é", "a\x00b", "a\nb", "x" * 200, "x" * 201, "\u3000", 7, None, ["a"]]
MOMENTS = [
    "2026-11-20T12:00:00Z",
    "2026-11-20T12:00:00.123456+02:00",
    "2026-11-20T12:00:00",
    "2026-11-20 12:00:00Z",
    "2026-13-20T12:00:00Z",
    "2026-11-20T12:00:00.1234567Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2026-11-20T24:00:00Z",
    "2026-11-20T12:00:00+23:59",
    "2026-11-20T12:00:60Z",
    "\uff12026-11-20T12:00:00Z",
    "1700000000",
    1700000000,
    None,
    True,
]
FIELDS: dict[str, list[Any]] = {
    "entry_id": IDS,
    "node_id": IDS,
    "sku_id": IDS,
    "reason": ["receive", "found", "commit", "", None, ["receive"]],
    "source": ["supplier", "available", "reserved", None, 1],
    "target": ["available", "loss", "nowhere", None],
    "qty": [1, MAX_UNITS, MAX_UNITS + 1, 0, -1, 1.0, 1.5, True, "1", None, 2**70],
    "reference": ["asn-1", "", " ", "é", "x" * 500, "x" * 501, "a\tb", None, 3],
    "occurred_at": MOMENTS,
    "colour": ["red"],
}


def entries() -> st.SearchStrategy[dict[str, Any]]:
    changes = st.dictionaries(st.sampled_from(sorted(FIELDS)), st.integers(0, 15), max_size=2)
    return changes.map(
        lambda change: ENTRY | {name: FIELDS[name][at % len(FIELDS[name])] for name, at in change.items()}
    )


def body_of(*entries: object) -> bytes:
    return json.dumps({"entries": entries}).encode()


@given(st.lists(entries(), min_size=1, max_size=4))
def test_what_is_plain_is_what_the_schema_reads(given: list[dict[str, Any]]) -> None:
    body = body_of(*given)
    if (plain := _plain(body)) is not None:
        assert plain == _judged(body)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"reference": "asn 1", "source": "supplier", "target": None},
        {"occurred_at": MOMENTS[0]},
        {"occurred_at": MOMENTS[1]},
        {"qty": MAX_UNITS},
    ],
    ids=str,
)
def test_what_nearly_everybody_sends_is_plain(change: dict[str, Any]) -> None:
    body = body_of(ENTRY, ENTRY | change)
    assert _plain(body) == _judged(body)


def verdict(read: Callable[[bytes], ReportedEntries], body: bytes) -> object:
    try:
        return read(body)
    except RequestValidationError as error:
        return error.errors()


@pytest.mark.parametrize(("name", "value"), [(name, each) for name in FIELDS for each in FIELDS[name]])
def test_every_other_value_gets_the_schemas_own_verdict(name: str, value: object) -> None:
    body = body_of(ENTRY, ENTRY | {name: value})
    expected = verdict(_judged, body)
    assert verdict(read_entries, body) == expected
    if isinstance(expected, list):
        assert [each["loc"][:3] for each in expected] == [("body", "entries", 1)] * len(expected)


NO_ENTRIES = [b"", b"[]", b"{}", b"null", b"\xff", *(b'{"entries": %s}' % each for each in
              (b"[]", b"{}", b"[1]", b'"abc"', b"[[]]", b"null", b'[{"entry_id": "\\ud800"}]'))]  # fmt: skip


@pytest.mark.parametrize("body", NO_ENTRIES)
def test_what_is_no_list_of_entries_is_refused(body: bytes) -> None:
    with pytest.raises(RequestValidationError):
        read_entries(body)


def test_ten_thousand_and_one_entries_are_refused() -> None:
    read_entries(body_of(*[ENTRY] * 10_000))
    with pytest.raises(RequestValidationError, match="at most 10000"):
        read_entries(body_of(*[ENTRY] * 10_001))
