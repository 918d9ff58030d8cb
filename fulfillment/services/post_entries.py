"""Post what nodes and partners report: thousands of entries at once, each with its own outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import FulfillmentError, InvalidRequest
from fulfillment.domain.reported import Move, reported_move
from fulfillment.services.kit_stock import kit_has_no_stock
from fulfillment.store.bulk import BulkPosted, EntryColumns, RowsMissing, post_each
from fulfillment.store.recipes import kits_among
from fulfillment.store.transaction import run_in_transaction

Cell = TypeVar("Cell")

ENTRIES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class ReportedEntries:
    """Entries as they are reported, as columns of one length.

    Attributes
    ----------
    entry_id : sequence of str
        Given by whoever reports them; reporting an entry again is harmless.
    source, target : sequence of str or None
        None where the reason says it.
    occurred_at : sequence of datetime or None
        UTC; None for now.
    """

    entry_id: Sequence[str]
    node_id: Sequence[str]
    sku_id: Sequence[str]
    reason: Sequence[str]
    source: Sequence[str | None]
    target: Sequence[str | None]
    qty: Sequence[int]
    reference: Sequence[str]
    occurred_at: Sequence[datetime | None]


def post_entries(engine: Engine, reported: ReportedEntries, *, clock: Clock, actor: str) -> BulkPosted:
    """Post each entry that can be; one that cannot does not fail the others.

    Returns
    -------
    BulkPosted
        By the place of each entry in `reported`: refused is what a reason does not allow, an unknown node or
        SKU, units that are not there, and an id that stands for another movement.

    Raises
    ------
    InvalidRequest
        When there are more than `ENTRIES_MAX`; nothing was written.
    """

    def story(connection: Connection, *, makes_rows: bool) -> BulkPosted:
        now = clock.now()
        return _post(connection, reported, now=now, actor=actor, makes_rows=makes_rows)

    _refuse_too_many(reported)
    try:
        return run_in_transaction(engine, partial(story, makes_rows=False))
    except RowsMissing:
        return run_in_transaction(engine, partial(story, makes_rows=True))


def _refuse_too_many(reported: ReportedEntries) -> None:
    count = len(reported.entry_id)
    if count > ENTRIES_MAX:
        raise InvalidRequest(
            f"{count} entries in one call",
            remedy=f"send at most {ENTRIES_MAX} at once",
            key="entries",
            value=count,
        )


def _post(
    connection: Connection, reported: ReportedEntries, *, now: datetime, actor: str, makes_rows: bool
) -> BulkPosted:
    moves, refused = _moves(reported)
    for kit_id, components in kits_among(connection, sorted(set(reported.sku_id))).items():
        for index in (index for index, sku_id in enumerate(reported.sku_id) if sku_id == kit_id):
            moves[index], refused[index] = None, kit_has_no_stock(kit_id, components)
    allowed = [index for index, move in enumerate(moves) if move is not None]
    columns = _columns(reported, moves, allowed, now)
    posted = post_each(connection, columns, actor=actor, recorded_at=now, makes_rows=makes_rows)
    return BulkPosted(
        applied=[allowed[place] for place in posted.applied],
        duplicates=[allowed[place] for place in posted.duplicates],
        refused={**refused, **{allowed[place]: error for place, error in posted.refused.items()}},
    )


def _moves(reported: ReportedEntries) -> tuple[list[Move | None], dict[int, FulfillmentError]]:
    """Tell from where to where each entry moves units, None for one that may not be reported."""
    asked = list(zip(reported.reason, reported.source, reported.target, strict=True))
    known = {each: _move(*each) for each in set(asked)}
    allowed = {each: None if isinstance(move, InvalidRequest) else move for each, move in known.items()}
    moves = [allowed[each] for each in asked]
    if None not in allowed.values():
        return moves, {}
    refusals = {each: move for each, move in known.items() if isinstance(move, InvalidRequest)}
    return moves, {index: refusals[each] for index, each in enumerate(asked) if each in refusals}


def _move(reason: str, source: str | None, target: str | None) -> Move | InvalidRequest:
    try:
        return reported_move(reason, source, target)
    except InvalidRequest as refusal:
        return refusal


def _columns(
    reported: ReportedEntries, moves: Sequence[Move | None], allowed: Sequence[int], now: datetime
) -> EntryColumns:
    their_moves = [move for move in moves if move is not None]

    def those(column: Sequence[Cell]) -> Sequence[Cell]:
        return column if len(allowed) == len(moves) else [column[index] for index in allowed]

    return EntryColumns(
        entry_id=those(reported.entry_id),
        node_id=those(reported.node_id),
        sku_id=those(reported.sku_id),
        source=[source for source, _ in their_moves],
        target=[target for _, target in their_moves],
        qty=those(reported.qty),
        reason=those(reported.reason),
        reference=those(reported.reference),
        occurred_at=[at or now for at in those(reported.occurred_at)],
    )
