"""What a ledger must show after a crash, read from its tables alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, and_, case, func, select

from fulfillment.domain.stock import EntryReason
from fulfillment.domain.transitions import FulfillmentOrderState
from fulfillment.store.entries import audit, balances
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.orders import (
    fulfillment_order,
    fulfillment_order_line,
    order_line,
    orders,
)
from fulfillment.store.schema.stock import stock_entry
from fulfillment.store.transaction import read_snapshot
from tests.support.shoppers import Order

EXAMPLES_MAX = 5
CLIENTS = "O-"
"""How the ids of our clients' orders begin."""
IMPROVED = "order.improved"
"""What may be told of an order again and again."""


@dataclass
class Verdict:
    """What was found; every list names some examples.

    Attributes
    ----------
    lost : int
        Acknowledged orders that are not in the ledger.
    unasked : int
        Orders in the ledger that no client has an answer for; harmless, since their clients ask again.
    improved : int
        Better plans that took the place of those that clients were told of.
    """

    acknowledged: int
    in_ledger: int
    lost: int = 0
    unasked: int = 0
    improved: int = 0
    faults: list[str] = field(default_factory=list)


def judge(engine: Engine, acknowledged: Iterable[Order], refused: Iterable[Order]) -> Verdict:
    """Compare what clients were told with one moment of the ledger.

    Give copies taken before the call: what is acknowledged later may not be in that moment.
    """
    told, turned_away = list(acknowledged), list(refused)
    return read_snapshot(engine, lambda connection: _judge(connection, told, turned_away))


def _judge(connection: Connection, told: list[Order], turned_away: list[Order]) -> Verdict:
    placed = set(
        connection.execute(select(orders.c.order_id).where(orders.c.order_id.startswith(CLIENTS))).scalars()
    )
    lines = _units(connection, order_line.c.order_id, order_line.c.sku_id, order_line.c.allocated)
    is_its = and_(
        fulfillment_order.c.fulfillment_order_id == fulfillment_order_line.c.fulfillment_order_id,
        fulfillment_order.c.state != FulfillmentOrderState.CANCELLED.value,
    )
    work = _units(
        connection,
        fulfillment_order_line.c.order_id,
        fulfillment_order_line.c.sku_id,
        fulfillment_order_line.c.qty,
        is_its,
    )
    # A better plan gives units back that another node takes.
    is_taken = stock_entry.c.reason == EntryReason.COMMIT.value
    taken = _units(
        connection,
        stock_entry.c.reference,
        stock_entry.c.sku_id,
        case((is_taken, stock_entry.c.qty), else_=-stock_entry.c.qty),
        stock_entry.c.reason.in_([EntryReason.COMMIT.value, EntryReason.UNCOMMIT.value]),
    )
    verdict = Verdict(len(told), len(placed))
    lost = [order.order_id for order in told if order.order_id not in placed]
    verdict.lost = len(lost)
    verdict.improved = count_improved(connection)
    verdict.unasked = len(placed - {order.order_id for order in told})
    _note(verdict, "acknowledged and not in the ledger", lost)
    _note(
        verdict,
        "refused and in the ledger",
        [order.order_id for order in turned_away if order.order_id in placed],
    )
    _note(
        verdict,
        "acknowledged, and allocated other units",
        [
            f"{order.order_id}: {order.units} asked, {lines.get(order.order_id)} allocated"
            for order in told
            if order.order_id in placed and lines.get(order.order_id) != order.units
        ],
    )
    # Twice the units, or half of them, whoever asked.
    for what, units in (("taken by entries", taken), ("worked on by nodes", work)):
        _note(
            verdict,
            f"allocated and {what} differ",
            [
                f"{order_id}: {lines.get(order_id)} and {units.get(order_id)}"
                for order_id in placed
                if lines.get(order_id, {}) != units.get(order_id, {})
            ],
        )
    _note(verdict, "entries of no order", sorted(set(taken) - placed))
    _note(verdict, "told twice", _repeated_events(connection))
    found = audit(connection)
    _note(verdict, "balance and entries differ", [str(each) for each in found.disagreements])
    committed = sum(balance.committed for balance in balances(connection).values())
    allocated = sum(sum(units.values()) for units in lines.values())
    if committed != allocated:
        verdict.faults.append(f"{committed} units are committed, {allocated} are allocated")
    return verdict


def count_improved(connection: Connection) -> int:
    """Count the better plans that took another one's place."""
    return connection.scalar(select(func.count()).where(outbox.c.type == IMPROVED)) or 0


def _units(connection, order_id, sku_id, qty, *conditions):  # type: ignore[no-untyped-def]
    """Add up units by order and SKU."""
    rows = connection.execute(
        select(order_id, sku_id, func.sum(qty)).where(*conditions).group_by(order_id, sku_id)
    )
    units: dict[str, dict[str, int]] = {}
    for order, sku, total in rows:
        if total:
            units.setdefault(order, {})[sku] = int(total)
    return units


def _repeated_events(connection: Connection) -> list[str]:
    rows = connection.execute(
        select(outbox.c.subject, outbox.c.type, func.count())
        .where(outbox.c.subject.startswith(CLIENTS), outbox.c.type != IMPROVED)
        .group_by(outbox.c.subject, outbox.c.type)
        .having(func.count() > 1)
    )
    return [f"{subject}: {count} of {kind}" for subject, kind, count in rows]


def _note(verdict: Verdict, fault: str, examples: list[str]) -> None:
    if examples:
        verdict.faults.append(f"{len(examples)} {fault}: {examples[:EXAMPLES_MAX]}")
