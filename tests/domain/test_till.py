import pytest

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.stock import Balance, Border, EntryReason, StockState, apply
from fulfillment.domain.till import TillSale, sale_entries
from tests.domain.examples import NOON

BOOKS = Balance(available=2, reserved=3, committed=4, unavailable=5)


def sale(qty: int) -> TillSale:
    return TillSale(
        sale_id="T1",
        node_id="S1",
        sku_id="V",
        qty=qty,
        reference="receipt 1",
        actor="till 4",
        occurred_at=NOON,
        recorded_at=NOON,
    )


@pytest.mark.parametrize(
    ("qty", "drawn"),
    [
        (1, [("available", 1)]),
        (2, [("available", 2)]),
        (3, [("available", 2), ("reserved", 1)]),
        (5, [("available", 2), ("reserved", 3)]),
        (9, [("available", 2), ("reserved", 3), ("committed", 4)]),
    ],
)
def test_a_sale_draws_on_available_then_reserved_then_committed(
    qty: int, drawn: list[tuple[str, int]]
) -> None:
    entries = sale_entries(BOOKS, sale(qty))
    assert [(entry.source, entry.qty) for entry in entries] == drawn
    assert all(entry.reason is EntryReason.SELL and entry.target is Border.CUSTOMER for entry in entries)


def test_a_sale_beyond_all_books_is_found_first_and_then_sold() -> None:
    entries = sale_entries(BOOKS, sale(12))
    assert [(entry.reason, entry.source, entry.target, entry.qty) for entry in entries] == [
        (EntryReason.FOUND, Border.LOSS, StockState.AVAILABLE, 3),
        (EntryReason.SELL, StockState.AVAILABLE, Border.CUSTOMER, 5),
        (EntryReason.SELL, StockState.RESERVED, Border.CUSTOMER, 3),
        (EntryReason.SELL, StockState.COMMITTED, Border.CUSTOMER, 4),
    ]


def test_a_sale_that_the_books_know_nothing_of_can_be_posted() -> None:
    balance = Balance()
    for entry in sale_entries(balance, sale(2)):
        balance = apply(balance, entry)
    assert balance == Balance(version=2)


def test_units_set_aside_are_not_drawn_on() -> None:
    balance = BOOKS
    for entry in sale_entries(BOOKS, sale(20)):
        balance = apply(balance, entry)
    assert balance == Balance(unavailable=5, version=4)


def test_a_repeated_sale_collides_with_its_first_entry_whatever_the_balance() -> None:
    first, again = sale_entries(BOOKS, sale(3)), sale_entries(Balance(committed=9), sale(3))
    assert first[0].entry_id == again[0].entry_id == "T1:1"
    assert len({entry.entry_id for entry in first}) == len(first)


def test_a_sale_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        sale(0)
