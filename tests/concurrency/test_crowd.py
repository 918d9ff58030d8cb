"""Cases E02, E03, E04, E05 and E10: several committers, eight clients, the last units of everything."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from fulfillment.domain.placing import OnShort
from tests.concurrency.crowd import CLIENTS, Shelves, scarce, sell, uniform
from tests.support.databases import KINDS, open_ledger

OPPOSITE = [[("S0", 1), ("S1", 1)], [("S1", 1), ("S0", 1)]]


@pytest.fixture(params=KINDS)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with open_ledger(request.param, tmp_path) as engine:
        yield engine


def opposite(orders_each: int) -> Shelves:
    """Two nodes with just enough for orders of two SKUs, half of them the other way round."""
    return Shelves(nodes=2, skus=2, units=orders_each, orders=OPPOSITE * orders_each)


def assert_nothing_wrong(ledger: Engine, shelves: Shelves, on_short: OnShort) -> None:
    """Whoever takes what there is leaves nothing; whoever wants all of it is not refused what is there."""
    sold = sell(ledger, shelves, on_short=on_short)
    assert (sold.complaints, sold.errors, sold.refused_without_cause) == ([], [], [])
    if on_short is OnShort.PARTIAL:
        assert sold.units == shelves.most()


@pytest.mark.parametrize("on_short", [OnShort.REJECT, OnShort.PARTIAL])
def test_of_scarce_units_none_is_sold_twice_and_none_is_kept(ledger: Engine, on_short: OnShort) -> None:
    """Cases E02, E03 and E04, shortened to 4 nodes and 130 orders."""
    assert_nothing_wrong(ledger, scarce(130, nodes=4), on_short)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("on_short", [OnShort.REJECT, OnShort.PARTIAL])
def test_of_a_thousand_scarce_units_none_is_sold_twice_and_none_is_kept(
    ledger: Engine, on_short: OnShort, seed: int
) -> None:
    """Cases E02, E03 and E04: 650 orders for 1,000 units."""
    assert_nothing_wrong(ledger, scarce(seed=seed), on_short)


def test_of_plenty_everything_asked_for_is_sold(ledger: Engine) -> None:
    """Case E10, shortened to 50 SKUs and 100 orders."""
    assert_all_sold(ledger, uniform(100, nodes=5, skus=50))


@pytest.mark.campaign
def test_of_twenty_thousand_positions_none_drifts(ledger: Engine) -> None:
    """Case E10."""
    assert_all_sold(ledger, uniform())


@pytest.mark.campaign
def test_a_thousand_orders_in_opposite_order_for_each_client_all_finish(ledger: Engine) -> None:
    """Case E05; its short form is in `test_contention.py`."""
    assert_all_sold(ledger, opposite(1_000 * CLIENTS // 2))


def assert_all_sold(ledger: Engine, shelves: Shelves) -> None:
    sold = sell(ledger, shelves)
    assert (sold.complaints, sold.errors, sold.refused) == ([], [], [])
    assert sold.units == sum(qty for order in shelves.orders for _, qty in order)


def test_the_crowd_catches_a_service_that_does_not_decide_again(tmp_path: Path) -> None:
    """Each committer's view lacks what the other has sold, so a first decision often comes too late."""
    with open_ledger("postgresql", tmp_path) as ledger:
        assert sell(ledger, scarce(130, nodes=4), decisions_max=1).errors
