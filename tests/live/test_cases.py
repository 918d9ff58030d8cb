"""Cases that other order systems got wrong, placed through the running decision and its group commit."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine

from fulfillment.clock import ManualClock
from fulfillment.domain.kinds import Method
from fulfillment.domain.network import Sku
from fulfillment.domain.placing import OnShort
from fulfillment.live.feed import Feed
from fulfillment.live.load import load_live
from fulfillment.services.load_day import load_day
from fulfillment.services.put_reference import put_kit, put_skus
from fulfillment.store.back_orders import read_back_orders
from fulfillment.store.posting import Position
from tests.support.days import NOON, a_day
from tests.support.placing import a_committer, a_placement, open_hold_in


class Retailer:
    """A retailer with some stock and some kits."""

    def __init__(
        self, ledger: Engine, stock: Mapping[Position, int], kits: Mapping[str, Mapping[str, int]]
    ) -> None:
        self.ledger = ledger
        self.clock = ManualClock(NOON)
        load_day(ledger, a_day(stock, {}), actor="import", clock=self.clock)
        skus = [Sku(sku_id=kit, gtin="", name=kit, price_micros=1, weight_g=250) for kit in kits]
        put_skus(ledger, skus, clock=self.clock)
        for kit, components in kits.items():
            put_kit(ledger, kit, components, clock=self.clock)
        self.feed = Feed(ledger, load_live(ledger, self.clock), self.clock)

    def place(self, order_id: str, *lines: tuple[str, int], **more: Any) -> tuple[int, dict[str, int]]:
        """Place an order; tell the status, and the units that each node was given."""
        with a_committer(self.ledger, self.feed.decider, self.clock) as committer:
            answer = committer.submit(a_placement(order_id, *lines, **more)).result(30)
        work: Any = answer.body.get("fulfillment_orders", ())
        return answer.status, {each["node_id"]: sum(line["qty"] for line in each["lines"]) for each in work}


def test_two_kits_that_share_a_component_share_its_stock(ledger: Engine) -> None:
    """Case A29."""
    retailer = Retailer(ledger, {("A", "C"): 1}, {"K1": {"C": 1}, "K2": {"C": 1}})
    assert retailer.place("O1", ("K1", 1), ("K2", 1)) == (409, {})
    assert retailer.place("O2", ("K2", 1)) == (201, {"A": 1})


def test_delivery_never_takes_what_a_pickup_was_promised(ledger: Engine) -> None:
    """Case C09."""
    retailer = Retailer(ledger, {("A", "V"): 5, ("B", "V"): 4, ("C", "V"): 1}, {})
    collected: dict[str, Any] = {"method": Method.PICK_UP, "pickup_node_id": "A"}
    assert retailer.place("O1", ("V", 4), **collected) == (201, {"A": 4})
    status, nodes = retailer.place("O2", ("V", 2))
    assert status == 201
    assert nodes.get("A", 0) <= 1
    assert retailer.place("O3", ("V", 2), **collected) == (409, {})


def test_two_lines_of_one_sku_are_added_up(ledger: Engine) -> None:
    """Case A25."""
    retailer = Retailer(ledger, {("A", "V"): 5}, {})
    assert retailer.place("O1", ("V", 3), ("V", 3)) == (409, {})
    assert retailer.place("O2", ("V", 3), ("V", 2)) == (201, {"A": 5})


def test_units_in_another_cart_are_nobodys_to_ship(ledger: Engine) -> None:
    """Case D05, at equal costs: two of L1's four are held, so five come from both nodes and six from none."""
    retailer = Retailer(ledger, {("L1", "V"): 4, ("L2", "V"): 3}, {})
    open_hold_in(ledger, "cart", {("L1", "V"): 2}, NOON + timedelta(minutes=15))
    retailer.feed.catch_up(look_around=True)
    assert retailer.place("O1", ("V", 6)) == (409, {})
    assert retailer.place("O2", ("V", 5)) == (201, {"L1": 2, "L2": 3})


def test_what_is_there_is_sent_and_the_rest_waits(ledger: Engine) -> None:
    """Case D19."""
    retailer = Retailer(ledger, {("L1", "V"): 0, ("L2", "V"): 2}, {})
    assert retailer.place("O1", ("V", 5), on_short=OnShort.BACKORDER) == (201, {"L2": 2})
    with ledger.connect() as connection:
        (waiting,) = read_back_orders(connection, None, 10)
    assert [(line.sku_id, line.qty) for line in waiting.lines] == [("V", 3)]
