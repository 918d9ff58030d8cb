from dataclasses import replace
from datetime import date

import pytest

from fulfillment.domain.availability import atp_by, incoming
from fulfillment.domain.errors import InvalidRequest, MoveRefused
from fulfillment.domain.lines import Line
from fulfillment.domain.transfers import Transfer
from fulfillment.domain.transitions import Verb

DUE = date(2026, 3, 5)
TRANSFER = Transfer(
    transfer_id="T1",
    source_node_id="W1",
    target_node_id="S1",
    lines=(Line(1, "V", 3), Line(2, "W", 1)),
    due_on=DUE,
)


def test_units_are_incoming_only_while_they_are_under_way() -> None:
    shipped = TRANSFER.after(Verb.SHIP)
    assert TRANSFER.supplies() == []
    assert [(supply.node_id, supply.sku_id, supply.qty) for supply in shipped.supplies()] == [
        ("S1", "V", 3),
        ("S1", "W", 1),
    ]
    assert incoming(shipped.supplies()) == 4
    assert shipped.after(Verb.RECEIVE).supplies() == []
    assert shipped.after(Verb.LOSE).supplies() == []


def test_units_sent_for_an_order_are_promised_to_nobody_else() -> None:
    [supply, _] = replace(TRANSFER, order_id="O1").after(Verb.SHIP).supplies()
    assert supply.unpromised == 0
    assert atp_by(DUE, 0, [supply]) == 0
    [free, _] = TRANSFER.after(Verb.SHIP).supplies()
    assert atp_by(DUE, 0, [free]) == 3


def test_what_is_under_way_cannot_be_cancelled() -> None:
    with pytest.raises(MoveRefused, match="it allows lose, receive"):
        TRANSFER.after(Verb.SHIP).after(Verb.CANCEL)


def test_a_node_sends_nothing_to_itself() -> None:
    with pytest.raises(InvalidRequest) as caught:
        replace(TRANSFER, target_node_id="W1")
    assert caught.value.data["key"] == "target_node_id"
