from datetime import date

import pytest

from fulfillment.domain.availability import Supply, atp, atp_by, incoming
from fulfillment.domain.errors import InvalidRequest


def supply(qty: int, promised: int = 0, due_on: date = date(2026, 3, 5)) -> Supply:
    return Supply(supply_id="PO1", node_id="S1", sku_id="V", due_on=due_on, qty=qty, promised=promised)


@pytest.mark.parametrize(
    ("available", "safety_stock", "channel_buffer", "expected"),
    [(10, 0, 0, 10), (10, 3, 0, 7), (10, 3, 2, 5), (3, 3, 0, 0), (2, 3, 0, 0), (0, 0, 0, 0)],
)
def test_atp_leaves_safety_stock_and_buffer_and_is_never_negative(
    available: int, safety_stock: int, channel_buffer: int, expected: int
) -> None:
    assert atp(available, safety_stock=safety_stock, channel_buffer=channel_buffer) == expected


def test_atp_counts_what_expired_holds_still_reserve() -> None:
    assert atp(1, safety_stock=2, expired_holds=4) == 3


def test_atp_by_counts_free_supply_due_on_the_day_or_before() -> None:
    supplies = [supply(10, promised=4), supply(5, due_on=date(2026, 3, 6))]
    assert atp_by(date(2026, 3, 4), 2, supplies) == 2
    assert atp_by(date(2026, 3, 5), 2, supplies) == 8
    assert atp_by(date(2026, 3, 6), 2, supplies) == 13
    assert incoming(supplies) == 15


def test_supply_fills_a_short_safety_stock_first() -> None:
    assert atp_by(date(2026, 3, 5), 1, [supply(10)], safety_stock=3, channel_buffer=2) == 6


def test_supply_cannot_be_promised_twice() -> None:
    assert supply(4, promised=4).unpromised == 0
    with pytest.raises(InvalidRequest) as caught:
        supply(4, promised=5)
    assert caught.value.data["key"] == "promised"


@pytest.mark.parametrize(("qty", "promised"), [(0, 0), (-1, 0), (1, -1)])
def test_supply_is_a_positive_quantity(qty: int, promised: int) -> None:
    with pytest.raises(InvalidRequest):
        supply(qty, promised)
