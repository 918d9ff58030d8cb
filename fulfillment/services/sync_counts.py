"""Compare a node's own count with the books, and book the difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.counts import Adjustment, Count, CountedSku, adjust
from fulfillment.domain.errors import InvalidRequest, NotFound
from fulfillment.domain.lost_units import LossCause
from fulfillment.domain.stock import Balance
from fulfillment.ids import IdSource
from fulfillment.services.kit_stock import kit_has_no_stock
from fulfillment.services.lost_claims import ClaimedBooks, LostUnits
from fulfillment.store.entries import balances_at, changes_since, skus_on_hand
from fulfillment.store.places import unknown_nodes
from fulfillment.store.posting import Position
from fulfillment.store.recipes import kits_among
from fulfillment.store.stock_rows import known_movements
from fulfillment.store.transaction import run_in_transaction

LINES_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CountSheet:
    """What a node counted.

    Attributes
    ----------
    count_id : str
        Unique a node; syncing it again is harmless.
    counted_at : datetime
        UTC.
    lines : sequence of CountedSku
        At most one a SKU.
    is_complete : bool
        Whether the node has nothing else: every other SKU that the books have there is then counted as 0.
    """

    count_id: str
    node_id: str
    counted_at: datetime
    lines: Sequence[CountedSku]
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class SyncedSku:
    """What a count made of one SKU.

    Attributes
    ----------
    books : int
        Units fit for sale that the books had at the moment of counting.
    counted : int
        Units fit for sale that were counted.
    unexplained : int
        Units that lack although the books have no more to take them from (`Adjustment`).
    version : int
        Of the balance after it.
    """

    sku_id: str
    books: int
    counted: int
    unexplained: int
    version: int


@dataclass(frozen=True, slots=True)
class Synced:
    """What a count changed: line by line, SKUs that the ledger does not know, and who lost units to it."""

    lines: list[SyncedSku]
    unknown_sku_ids: list[str]
    lost: list[LostUnits]


def sync_counts(engine: Engine, sheet: CountSheet, *, clock: Clock, ids: IdSource, actor: str) -> Synced:
    """Make the books agree with what was counted at that moment, by entries.

    Units that lack come off what is available, then off holds, then off orders; whoever lost a unit is told
    by an event, and an order waits for another node.

    Raises
    ------
    InvalidRequest
        When a SKU stands twice, there are too many lines, or it was counted in the future.
    NotFound
        When there is no such node; a SKU that is unknown only goes into `Synced.unknown_sku_ids`.
    """

    def story(connection: Connection) -> Synced:
        return sync_counts_within(connection, sheet, clock=clock, ids=ids, actor=actor)

    return run_in_transaction(engine, story)


def sync_counts_within(
    connection: Connection, sheet: CountSheet, *, clock: Clock, ids: IdSource, actor: str
) -> Synced:
    """Do what `sync_counts` does, in the caller's transaction."""
    now = clock.now()
    _check(sheet, now)
    if unknown_nodes(connection, [sheet.node_id]):
        raise NotFound(f"there is no node {sheet.node_id}", kind="node", id=sheet.node_id)
    counts = _counts(connection, sheet, actor, now)
    positions = sorted(counts)
    before = balances_at(connection, positions)
    changes = changes_since(connection, positions, sheet.counted_at)
    # A first look, without locks: whose claims may be touched.
    exposed = [
        position
        for position, count in counts.items()
        if (balance := before.get(position)) is not None
        and -_adjustment(count, balance, changes).difference > balance.available
    ]
    books = ClaimedBooks.locked(
        connection, positions, sorted(exposed), cause=LossCause.COUNT, actor=actor, now=now, ids=ids
    )
    changes = changes_since(connection, positions, sheet.counted_at)  # now that nothing moves any more
    lines, unknown = _book(connection, counts, books, changes)
    books.write(connection)
    return Synced(lines, unknown, books.lost)


def _check(sheet: CountSheet, now: datetime) -> None:
    sku_ids = [line.sku_id for line in sheet.lines]
    if len(sku_ids) > LINES_MAX:
        raise InvalidRequest(
            f"{len(sku_ids)} lines in one count", remedy=f"send at most {LINES_MAX}", key="lines"
        )
    if len(set(sku_ids)) < len(sku_ids):
        twice = next(sku_id for sku_id in sku_ids if sku_ids.count(sku_id) > 1)
        raise InvalidRequest(
            f"{twice} stands twice in the count", remedy="add its units up", key="lines", value=twice
        )
    if sheet.counted_at > now:
        raise InvalidRequest(
            f"it was counted at {sheet.counted_at.isoformat()}, it is {now.isoformat()}",
            remedy="give the moment at which the units were counted, in UTC",
            key="counted_at",
            value=sheet.counted_at.isoformat(),
        )


def _counts(connection: Connection, sheet: CountSheet, actor: str, now: datetime) -> dict[Position, Count]:
    counted = {line.sku_id: line for line in sheet.lines}
    for kit_id, components in kits_among(connection, sorted(counted)).items():
        raise kit_has_no_stock(kit_id, components)
    if sheet.is_complete:
        for sku_id in skus_on_hand(connection, sheet.node_id):
            counted.setdefault(sku_id, CountedSku(sku_id, 0))
    return {
        (sheet.node_id, sku_id): Count(
            count_id=sheet.count_id,
            node_id=sheet.node_id,
            counted=line,
            actor=actor,
            counted_at=sheet.counted_at,
            recorded_at=now,
        )
        for sku_id, line in counted.items()
    }


def _book(
    connection: Connection,
    counts: Mapping[Position, Count],
    books: ClaimedBooks,
    changes: Mapping[Position, tuple[int, int]],
) -> tuple[list[SyncedSku], list[str]]:
    booked = known_movements(connection, [count.entry_id(1) for count in counts.values()])
    lines: list[SyncedSku] = []
    unknown: list[str] = []
    for position, count in sorted(counts.items()):
        balance = books.balances.get(position)
        if balance is None:
            unknown.append(count.counted.sku_id)
            continue
        adjustment = _adjustment(count, balance, changes)
        if count.entry_id(1) not in booked:
            books.take(adjustment.entries, count.entry_id(0))
        lines.append(
            SyncedSku(
                sku_id=count.counted.sku_id,
                books=count.counted.qty - adjustment.difference,
                counted=count.counted.qty,
                unexplained=adjustment.unexplained,
                version=books.balances[position].version,
            )
        )
    return lines, unknown


def _adjustment(count: Count, balance: Balance, changes: Mapping[Position, tuple[int, int]]) -> Adjustment:
    fit, aside = changes.get((count.node_id, count.counted.sku_id), (0, 0))
    return adjust(
        count,
        balance,
        fit_for_sale=balance.available + balance.reserved + balance.committed - fit,
        unavailable=balance.unavailable - aside,
    )
