"""Load a retailer's day into the ledger: network, stock and open orders.

Loading is harmless when repeated, and resumable when it crashed. The network goes in one transaction, so that
a price list or a node is never half there; stock and orders follow in bounded transactions, because one of
half a million rows would keep SQLite's only writer, and PostgreSQL's vacuum, waiting for all of it. Every row
has an identity of its own, so a second run adds what the first one did not reach. Whatever contradicts the
ledger is looked for first, and then nothing at all is written.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import Conflict, invariant
from fulfillment.services.load_network import load_network
from fulfillment.services.load_orders import load_orders, order_conflicts
from fulfillment.services.load_stock import load_stock, stock_conflicts
from fulfillment.store.columns import RetailDay
from fulfillment.store.transaction import read_snapshot

CONFLICTS_NAMED_MAX = 20


@dataclass(frozen=True, slots=True)
class DayLoaded:
    """What was new to the ledger, and what it knew.

    Attributes
    ----------
    network_versions : int
        New versions of nodes, calendars, capacities, SKUs, postal codes, price lists and safety stocks.
    """

    network_versions: int
    positions_added: int
    positions_known: int
    orders_added: int
    orders_known: int


def load_day(
    engine: Engine,
    day: RetailDay,
    *,
    actor: str,
    clock: Clock,
    on_progress: Callable[[str, int], None] = lambda *_: None,
) -> DayLoaded:
    """Load all of `day`.

    Parameters
    ----------
    on_progress : callable
        Takes what (``"positions"`` or ``"orders"``) and how many more of them are done.

    Raises
    ------
    Conflict
        When the ledger holds a position or an order of that id with another content. Nothing is written.
    """
    _refuse_conflicts(engine, day)
    versions = load_network(engine, day, clock=clock)
    positions = load_stock(
        engine, day.stock, actor=actor, clock=clock, on_progress=lambda done: on_progress("positions", done)
    )
    # Their nodes and SKUs were loaded a moment ago, and contradictions were looked for before.
    invariant(not positions.refused, "a loaded position was refused", refused=positions.refused)
    orders = load_orders(
        engine,
        day.orders,
        day.order_lines,
        clock=clock,
        on_progress=lambda done: on_progress("orders", done),
    )
    return DayLoaded(versions, len(positions.applied), len(positions.duplicates), orders.added, orders.known)


def _refuse_conflicts(engine: Engine, day: RetailDay) -> None:
    def read(connection: Connection) -> list[str]:
        return stock_conflicts(connection, day.stock) + order_conflicts(
            connection, day.orders, day.order_lines
        )

    if conflicts := read_snapshot(engine, read):
        named = conflicts[:CONFLICTS_NAMED_MAX]
        more = len(conflicts) - len(named)
        raise Conflict(
            f"nothing was loaded, the ledger holds another content: {'; '.join(named)}"
            + (f"; and {more} more" if more else ""),
            conflicts=named,
            conflicts_total=len(conflicts),
        )
