import pytest
from sqlalchemy import Engine

from fulfillment.clock import ManualClock
from fulfillment.domain.errors import Conflict, NotFound
from fulfillment.domain.stock import Balance
from fulfillment.services import receive as receive_module
from fulfillment.services.receive import Receipt, receive
from fulfillment.store.entries import balances, history
from fulfillment.store.transaction import run_in_transaction
from tests.support.ledgers import NOON, add_places

V = ("L1", "V")


def a_receipt(entry_id: str, qty: int, sku_id: str = "V") -> Receipt:
    return Receipt(entry_id, "L1", sku_id, qty, "note 7", NOON)


@pytest.fixture
def empty_node(ledger: Engine) -> Engine:
    run_in_transaction(ledger, lambda connection: add_places(connection, ["L1"], ["V"]))
    return ledger


def test_each_receipt_is_applied_a_duplicate_or_refused(
    empty_node: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive_module, "ENTRIES_PER_TRANSACTION", 2)
    done: list[int] = []
    known = [a_receipt("a", 2), a_receipt("b", 3), a_receipt("a", 2)]
    receipts = [*known, a_receipt("b", 4), a_receipt("c", 1, "X")]
    posted = receive(empty_node, receipts, actor="dock 1", clock=ManualClock(NOON), on_progress=done.append)
    assert (posted.applied, posted.duplicates) == (["a", "b"], ["a"])
    assert {key: type(refusal) for key, refusal in posted.refused.items()} == {"b": Conflict, "c": NotFound}
    assert done == [2, 2, 1]
    with empty_node.connect() as connection:
        assert balances(connection) == {V: Balance(available=5, version=2)}


def test_an_entry_keeps_who_when_and_why(empty_node: Engine) -> None:
    clock = ManualClock(NOON)
    receive(empty_node, [a_receipt("a", 2)], actor="dock 1", clock=clock)
    with empty_node.connect() as connection:
        (entry,) = history(connection, V)
    assert (entry.actor, entry.reference, entry.reason) == ("dock 1", "note 7", "receive")
    assert entry.occurred_at == entry.recorded_at == NOON
