"""Holds that end while orders are decided: nothing of them counts twice, and nothing of them is kept."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fulfillment.domain.placing import OnShort
from tests.simulation.orders_model import Hold
from tests.simulation.orders_shop import Shop
from tests.support.databases import KINDS, open_ledger
from tests.support.days import NOON
from tests.support.placing import a_placement

AV, AW, BV, BW = ("A", "V"), ("A", "W"), ("B", "V"), ("B", "W")
SOON = timedelta(minutes=3)


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """A has 5 V and 3 W, B 4 V and 2 W."""
    with open_ledger(request.param, tmp_path) as engine:
        yield Shop(engine)


def test_an_order_that_waits_for_all_its_units_gives_its_hold_back(shop: Shop) -> None:
    shop.open_hold("H1", Hold("web", {AW: 2}, NOON, NOON + SOON))
    shop.sell("T1", AV, 5)
    shop.sell("T2", BV, 4)
    placement = a_placement("O1", ("V", 1), on_short=OnShort.BACKORDER, hold_id="H1")
    ((status, body),) = shop.place([placement])
    assert (status, body.get("state")) == (201, "back_ordered")
    assert shop.holds(["H1"])["H1"].state == "converted"
    assert (shop.balances()[AW].available, shop.balances()[AW].reserved) == (3, 0)
    assert shop.complaints() == []


def test_units_of_a_hold_that_somebody_has_ended_count_once(shop: Shop) -> None:
    """The view knows that the hold at B expires; a count ends it, and only entries have told the view."""
    shop.open_hold("H1", Hold("web", {BW: 2}, NOON, NOON + SOON))
    shop.clock.advance(SOON)
    shop.catch_up()
    shop.sell("T1", AW, 1)
    shop.count("C1", BW, 1, shop.clock.now())  # ends the hold: two units that one is left of
    ((status, body),) = shop.place([a_placement("O1", ("W", 2), ("W", 1))])
    assert (status, body.get("state")) == (201, "allocated")
    assert shop.complaints() == []
