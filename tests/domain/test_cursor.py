import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfillment.domain.cursor import BEGINNING, Cursor
from fulfillment.domain.errors import InvalidRequest

numbers = st.integers(0, 2**63 - 1)
cursors = st.builds(Cursor, numbers, numbers)


@given(cursors)
def test_a_cursor_is_read_back_from_its_text(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor


@given(cursors, cursors)
def test_a_later_transaction_is_later_whatever_its_position(one: Cursor, other: Cursor) -> None:
    assert (one < other) == ((one.xid, one.position) < (other.xid, other.position))
    assert one >= BEGINNING


@pytest.mark.parametrize("text", ["", "7", "1-", "-1", "1-2-3", "x-1", "1-2\n", "A-1", "8000000000000000-0"])
def test_another_text_is_refused_with_what_the_caller_calls_it(text: str) -> None:
    with pytest.raises(InvalidRequest, match="since is") as refusal:
        Cursor.parse(text, "since")
    assert refusal.value.data == {"key": "since", "value": text}
