"""Load the positions of a scenario: units on hand as receipts, units under way as supply.

Each position is one receipt with the id ``import/<node>/<sku>``, so that loading twice is harmless.
"""

import functools
from collections.abc import Callable, Iterable
from datetime import datetime
from urllib.parse import quote

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.availability import Supply
from fulfillment.services.receive import Receipt, receive
from fulfillment.store.columns import StockColumns
from fulfillment.store.posting import Posted
from fulfillment.store.stock_rows import known_movements
from fulfillment.store.supply import add_purchases, known_supply
from fulfillment.store.transaction import run_in_transaction

REFERENCE = "import"
_ANY_TIME = datetime.min  # of receipts that are only compared


def stock_conflicts(connection: Connection, positions: StockColumns) -> list[str]:
    """Name every position that was loaded before with other units."""
    receipts = receipts_of(positions, _ANY_TIME)
    known = known_movements(connection, [receipt.entry_id for receipt in receipts])
    loaded = {entry_id: movement[4] for entry_id, movement in known.items()}
    supplies = supplies_of(positions)
    due = known_supply(connection, [each.supply_id for each in supplies])
    return [
        *_differing(((r.entry_id, r.qty) for r in receipts), loaded),
        *_differing(((s.supply_id, s.qty) for s in supplies), due),
    ]


def load_stock(
    engine: Engine,
    positions: StockColumns,
    *,
    actor: str,
    clock: Clock,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Posted:
    """Receive the units on hand and note the supply; what is in the ledger already stays as it is."""
    _load_supply(engine, supplies_of(positions), clock)
    receipts = receipts_of(positions, clock.now())
    return receive(engine, receipts, actor=actor, clock=clock, on_progress=on_progress)


def receipts_of(positions: StockColumns, at: datetime) -> list[Receipt]:
    """Make a receipt of each position that has any unit on hand."""
    given = zip(positions.node_id, positions.sku_id, positions.available, strict=True)
    return [
        Receipt(f"import/{_name(node_id, sku_id)}", node_id, sku_id, qty, REFERENCE, at)
        for node_id, sku_id, qty in given
        if qty
    ]


def supplies_of(positions: StockColumns) -> list[Supply]:
    """Make a supply of each position that expects any unit."""
    given = zip(positions.node_id, positions.sku_id, positions.incoming, positions.incoming_on, strict=True)
    return [
        Supply(
            supply_id=f"import/{_name(node_id, sku_id)}/{due_on.isoformat()}",
            node_id=node_id,
            sku_id=sku_id,
            due_on=due_on,
            qty=qty,
        )
        for node_id, sku_id, qty, due_on in given
        if qty and due_on is not None
    ]


def _name(node_id: str, sku_id: str) -> str:
    """Join two ids so that no other two give the same text, whatever slashes they hold."""
    return f"{_quoted(node_id)}/{_quoted(sku_id)}"


@functools.lru_cache(maxsize=100_000)  # few nodes and SKUs make many positions
def _quoted(name: str) -> str:
    return quote(name, safe="")


def _load_supply(engine: Engine, supplies: list[Supply], clock: Clock) -> None:
    now = clock.now()

    def story(connection: Connection) -> None:
        known = known_supply(connection, [each.supply_id for each in supplies])
        missing = [each for each in supplies if each.supply_id not in known]
        add_purchases(connection, missing, REFERENCE, now)

    run_in_transaction(engine, story)


def _differing(wanted: Iterable[tuple[str, int]], known: dict[str, int]) -> list[str]:
    return [
        f"{key} was loaded with {known[key]} units, now it has {qty}"
        for key, qty in wanted
        if known.get(key, qty) != qty
    ]
