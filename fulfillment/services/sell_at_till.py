"""Book sales at the till: the unit in the customer's hand is sold, whomever the books gave it to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import Conflict, FulfillmentError, InvalidRequest, NotFound
from fulfillment.domain.lost_units import LossCause
from fulfillment.domain.stock import EntryReason
from fulfillment.domain.till import DRAW_ORDER, TillSale, sale_entries
from fulfillment.ids import IdSource
from fulfillment.services.kit_stock import kit_has_no_stock
from fulfillment.services.lost_claims import ClaimedBooks, LostUnits
from fulfillment.store.entries import balances_at
from fulfillment.store.posting import Movement, Position
from fulfillment.store.recipes import kits_among
from fulfillment.store.stock_rows import known_movements
from fulfillment.store.transaction import run_in_transaction

SALES_MAX = 1_000
_ENTRIES_OF_A_SALE_MAX = 1 + len(DRAW_ORDER)


@dataclass(frozen=True, slots=True)
class SoldUnits:
    """A receipt line.

    Attributes
    ----------
    sale_id : str
        Unique; booking it again is harmless.
    reference : str
        The receipt.
    occurred_at : datetime or None
        UTC; None for now.
    """

    sale_id: str
    node_id: str
    sku_id: str
    qty: int
    reference: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sold:
    """What became of each sale, by its place in the call, and who lost units to them."""

    applied: list[int] = field(default_factory=list)
    duplicates: list[int] = field(default_factory=list)
    refused: dict[int, FulfillmentError] = field(default_factory=dict)
    lost: list[LostUnits] = field(default_factory=list)


def sell_at_till(
    engine: Engine, sales: Sequence[SoldUnits], *, clock: Clock, ids: IdSource, actor: str
) -> Sold:
    """Book each sale: what is available first, then what holds reserve, then what orders were promised.

    Units that the books do not know are found first, so a sale is refused only where its node or its SKU is
    unknown, it is of a kit (its components are what leaves the shelf), or its id stands for another sale.
    Whoever lost a unit is told by an event, and an order waits for another node.
    """

    def story(connection: Connection) -> Sold:
        return sell_at_till_within(connection, sales, clock=clock, ids=ids, actor=actor)

    return run_in_transaction(engine, story)


def sell_at_till_within(
    connection: Connection, sales: Sequence[SoldUnits], *, clock: Clock, ids: IdSource, actor: str
) -> Sold:
    """Do what `sell_at_till` does, in the caller's transaction."""
    if len(sales) > SALES_MAX:
        raise InvalidRequest(
            f"{len(sales)} sales in one call", remedy=f"send at most {SALES_MAX} at once", key="sales"
        )
    now = clock.now()
    sold = Sold()
    booked = _booked(connection, sales)
    kits = kits_among(connection, sorted({sale.sku_id for sale in sales}))
    fresh: dict[str, int] = {}
    for index, sale in enumerate(sales):
        first = sales[fresh[sale.sale_id]] if sale.sale_id in fresh else None
        earlier = booked.get(sale.sale_id) if first is None else _asked(first)
        if sale.sku_id in kits:
            sold.refused[index] = kit_has_no_stock(sale.sku_id, kits[sale.sku_id])
        elif earlier is None:
            fresh[sale.sale_id] = index
        elif earlier == _asked(sale):
            sold.duplicates.append(index)
        else:
            sold.refused[index] = Conflict(
                f"sale {sale.sale_id} was booked with another content", kind="sale", id=sale.sale_id
            )
    _book(connection, {index: sales[index] for index in fresh.values()}, sold, actor, now, ids)
    return sold


def _book(
    connection: Connection,
    sales: Mapping[int, SoldUnits],
    sold: Sold,
    actor: str,
    now: datetime,
    ids: IdSource,
) -> None:
    wanted: dict[Position, int] = {}
    for sale in sales.values():
        position = (sale.node_id, sale.sku_id)
        wanted[position] = wanted.get(position, 0) + sale.qty
    there = balances_at(connection, sorted(wanted)) if wanted else {}
    # Nearly every sale finds its unit on the shelf, and then nobody's claims need to be looked at.
    exposed = [
        position
        for position, balance in there.items()
        if balance.available < wanted[position] and balance.on_hand
    ]
    books = ClaimedBooks.locked(
        connection,
        sorted(wanted),
        sorted(exposed),
        cause=LossCause.TILL,
        actor=actor,
        now=now,
        ids=ids,
    )
    for index, sale in sales.items():
        balance = books.balances.get((sale.node_id, sale.sku_id))
        if balance is None:
            sold.refused[index] = NotFound(
                f"there is no node {sale.node_id}, or no SKU {sale.sku_id}",
                kind="position",
                id=f"{sale.node_id}/{sale.sku_id}",
            )
            continue
        books.take(sale_entries(balance, _till_sale(sale, actor, now)), _entry_prefix(sale.sale_id))
        sold.applied.append(index)
    books.write(connection)
    sold.lost.extend(books.lost)


def _booked(connection: Connection, sales: Sequence[SoldUnits]) -> dict[str, tuple[str, str, int]]:
    """Return the node, the SKU and the units of each sale that is in the ledger."""
    entry_ids = {
        f"{_entry_prefix(sale.sale_id)}:{number}": sale.sale_id
        for sale in sales
        for number in range(1, _ENTRIES_OF_A_SALE_MAX + 1)
    }
    movements: dict[str, list[Movement]] = {}
    for entry_id, movement in known_movements(connection, list(entry_ids)).items():
        movements.setdefault(entry_ids[entry_id], []).append(movement)
    return {
        sale_id: (
            its[0][0],
            its[0][1],
            sum(qty for *_, qty, reason in its if reason == EntryReason.SELL.value),
        )
        for sale_id, its in movements.items()
    }


def _asked(sale: SoldUnits) -> tuple[str, str, int]:
    return (sale.node_id, sale.sku_id, sale.qty)


def _entry_prefix(sale_id: str) -> str:
    return f"sale/{sale_id}"


def _till_sale(sale: SoldUnits, actor: str, now: datetime) -> TillSale:
    return TillSale(
        sale_id=_entry_prefix(sale.sale_id),
        node_id=sale.node_id,
        sku_id=sale.sku_id,
        qty=sale.qty,
        reference=sale.reference or sale.sale_id,
        actor=actor,
        occurred_at=sale.occurred_at or now,
        recorded_at=now,
    )
