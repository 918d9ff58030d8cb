from itertools import chain, combinations

import pytest

from fulfillment.domain.buffers import EVERY_CHANNEL, BufferRule, Buffers, scopes_of
from fulfillment.domain.errors import InvalidRequest

SCOPES = scopes_of("S1", "V")
UNITS = dict(zip(SCOPES, (7, 5, 3, 2), strict=True))
ALL_SETS = list(chain.from_iterable(combinations(SCOPES, size) for size in range(5)))


@pytest.mark.parametrize("channel", [EVERY_CHANNEL, "web"])
@pytest.mark.parametrize("present", ALL_SETS, ids=str)
def test_the_first_of_the_four_scopes_speaks_alone(
    present: tuple[tuple[str, str], ...], channel: str
) -> None:
    buffers = Buffers(BufferRule(*scope, channel, UNITS[scope]) for scope in present)
    first = next((UNITS[scope] for scope in SCOPES if scope in present), 0)
    assert buffers.floor("S1", "V", "web") == first
    assert buffers.safety_stock("S1", "V") == (first if channel == EVERY_CHANNEL else 0)


def test_safety_stock_and_the_channels_own_buffer_are_added() -> None:
    buffers = Buffers([BufferRule("", "", "", 2), BufferRule("S1", "", "web", 3)])
    assert buffers.floor("S1", "V", "web") == 5
    assert buffers.floor("S1", "V", "app") == 2
    assert buffers.floor("S2", "V", "web") == 2


def test_an_exception_may_lower_what_a_wider_rule_keeps_back() -> None:
    rules = [BufferRule("S1", "", "", 4), BufferRule("S1", "V", "", 0)]
    assert Buffers(rules).safety_stock("S1", "V") == 0
    withdrawn = [rules[0], BufferRule("S1", "V", "", None)]
    assert Buffers(withdrawn).safety_stock("S1", "V") == 4


def test_a_sku_at_any_node_is_heard_before_any_sku_at_the_node() -> None:
    buffers = Buffers([BufferRule("S1", "", "", 9), BufferRule("", "V", "", 1)])
    assert buffers.safety_stock("S1", "V") == 1


def test_fewer_than_no_units_cannot_be_kept_back() -> None:
    with pytest.raises(InvalidRequest):
        BufferRule("S1", "V", "", -1)
