"""Placed orders whose units are carried out at the till: kits too, and what cancelling gives back then."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from fulfillment.clock import ManualClock
from fulfillment.domain.kits import Kit
from fulfillment.domain.network import Sku
from fulfillment.domain.placing import Position
from fulfillment.ids import TimeOrderedIds
from fulfillment.live.feed import Feed
from fulfillment.live.load import load_live
from fulfillment.services.cancel_order import cancel_order
from fulfillment.services.load_day import load_day
from fulfillment.services.put_reference import put_kit, put_skus
from fulfillment.services.sell_at_till import Sold, SoldUnits, sell_at_till
from fulfillment.store.capacity import read_capacity_use
from fulfillment.store.claims_audit import audit_claims
from fulfillment.store.entries import audit, balances
from fulfillment.store.rowset import insert_rows
from fulfillment.store.schema.catalogue import kit, kit_component
from fulfillment.store.transaction import run_in_transaction
from tests.support.days import a_day
from tests.support.deciders import PlainDecider
from tests.support.ledgers import NOON, stock_up
from tests.support.placing import a_committer, a_placement

V, W = ("L1", "V"), ("L1", "W")
CLOCK = ManualClock(NOON)
IDS = TimeOrderedIds(CLOCK)


@pytest.fixture
def placed(ledger: Engine) -> Engine:
    """Two kits K of two V and one W, and beside them one W; all at L1."""
    stock_up(ledger, {V: 6, W: 4, ("L1", "K"): 1})
    k = kit_component.c
    with ledger.begin() as connection:
        insert_rows(connection, kit, {kit.c.kit_sku_id: ["K"], kit.c.version: [1], kit.c.recorded_at: [NOON]})
        rows = {k.kit_sku_id: ["K"] * 2, k.version: [1] * 2, k.sku_id: ["V", "W"], k.qty: [2, 1]}
        insert_rows(connection, kit_component, rows)
    decider = PlainDecider(ledger, {"K": Kit("K", {"V": 2, "W": 1})})
    with a_committer(ledger, decider) as committer:
        answer = committer.submit(a_placement("O1", ("K", 2), ("W", 1))).result(30)
    assert answer.status == 201
    return ledger


def sell(ledger: Engine, position: Position, qty: int, sale_id: str = "R1") -> Sold:
    return sell_at_till(ledger, [SoldUnits(sale_id, *position, qty)], clock=CLOCK, ids=IDS, actor="till")


def counts(ledger: Engine, position: Position) -> tuple[int, int]:
    """Available and committed units, in books that are proved, claims included."""
    with ledger.connect() as connection:
        assert audit(connection).disagreements == ()
        assert audit_claims(connection) == []
        found = balances(connection)[position]
    return found.available, found.committed


def test_claims_of_a_placed_kit_are_its_components(placed: Engine) -> None:
    assert (counts(placed, V), counts(placed, W)) == ((2, 4), (1, 3))


def test_a_placed_kit_that_lost_a_unit_frees_its_other_units(placed: Engine) -> None:
    """Three V go: two were free, the third is of a kit, which is lost whole."""
    lost = sell(placed, V, 3).lost
    assert [(each.order_id, each.sku_id, each.qty) for each in lost] == [("O1", "K", 1)]
    assert (counts(placed, V), counts(placed, W)) == ((1, 2), (2, 2))


def test_cancelling_after_a_loss_gives_back_what_is_left_and_no_more(placed: Engine) -> None:
    sell(placed, V, 3)
    run_in_transaction(
        placed, lambda connection: cancel_order(connection, "O1", now=NOON, ids=IDS, actor="web")
    )
    assert (counts(placed, V), counts(placed, W)) == ((3, 0), (4, 0))


def test_a_parcel_that_lost_everything_gives_its_capacity_back(placed: Engine) -> None:
    def used() -> int:
        with placed.connect() as connection:
            return sum(read_capacity_use(connection, NOON.date()).values())

    before = used()
    sell(placed, V, 6)
    assert used() == before
    sell(placed, W, 4, "R2")
    assert (counts(placed, V), counts(placed, W)) == ((0, 0), (0, 0))
    assert used() == before - 1


def test_a_kit_is_what_its_decision_took_though_its_recipe_was_changed_a_moment_before(
    ledger: Engine,
) -> None:
    """The service looks at recipes every other second."""
    clock = ManualClock(NOON)
    load_day(ledger, a_day({V: 2, W: 1, ("L1", "X"): 1}, {}), actor="import", clock=clock)
    put_skus(ledger, [Sku(sku_id="K", gtin="", name="K", price_micros=1, weight_g=250)], clock=clock)
    put_kit(ledger, "K", {"V": 2, "W": 1}, clock=clock)
    clock.advance(timedelta(seconds=1))
    decider = Feed(ledger, load_live(ledger, clock), clock).decider
    put_kit(ledger, "K", {"X": 1}, clock=clock)
    clock.advance(timedelta(seconds=1))
    with a_committer(ledger, decider, clock) as committer:
        assert committer.submit(a_placement("O1", ("K", 1))).result(30).status == 201
    assert (counts(ledger, V), counts(ledger, W)) == ((0, 2), (0, 1))
    run_in_transaction(
        ledger, lambda connection: cancel_order(connection, "O1", now=clock.now(), ids=IDS, actor="web")
    )
    assert (counts(ledger, V), counts(ledger, W)) == ((2, 0), (1, 0))
