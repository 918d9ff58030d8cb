"""Random histories of entries: in memory, on SQLite and on PostgreSQL, always as the one-page model says."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from fulfillment.domain.buffers import BufferRule
from fulfillment.domain.stock import EMPTY, Balance, Border
from fulfillment.store.buffers import put_rules
from fulfillment.store.entries import audit, balances
from fulfillment.store.posting import EntryGroup, Position, Posted, Posting, movement_of
from fulfillment.store.stock import post
from fulfillment.store.transaction import read_snapshot, run_in_transaction
from tests.simulation.entries_machine import LedgerOfEntries, machine_over
from tests.support.databases import KINDS, open_ledger
from tests.support.ledgers import NOON, add_places

EVERYDAY = settings(max_examples=15, stateful_step_count=12)
CAMPAIGN = settings(max_examples=500, stateful_step_count=50)
HUNT = settings(
    max_examples=300, stateful_step_count=25, database=None, phases=[Phase.generate], derandomize=False
)


class MemoryLedger:
    """The rules of posting without a database: `Posting` over dictionaries."""

    def __init__(self) -> None:
        self._balances: dict[Position, Balance] = {}
        self.known: dict[str, object] = {}
        self.floors: dict[str, dict[Position, int]] = {"web": {}, "store": {}}

    def post(self, groups: Sequence[EntryGroup]) -> Posted:
        entries = [entry for group in groups for entry in group.entries]
        for entry in entries:
            if isinstance(entry.source, Border):
                self._balances.setdefault((entry.node_id, entry.sku_id), EMPTY)
        posting = self.posting()
        posted = posting.take_all(groups)
        self._balances = dict(posting.after)
        self.known.update((entry.entry_id, movement_of(entry)) for entry, _ in posting.accepted)
        return posted

    def posting(self) -> Posting:
        """Begin a call."""
        return Posting(self._balances, self.known, self.floors)  # type: ignore[arg-type]

    def keep_back(self, position: Position, channel: str, qty: int) -> None:
        self.floors[channel][position] = qty

    def balances(self) -> dict[Position, Balance]:
        return self._balances

    def complaints(self) -> object:
        return None


class DatabaseLedger:
    """The same over a real database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def post(self, groups: Sequence[EntryGroup]) -> Posted:
        return run_in_transaction(self._engine, lambda connection: post(connection, groups))

    def keep_back(self, position: Position, channel: str, qty: int) -> None:
        rule = BufferRule(*position, channel, qty)
        run_in_transaction(self._engine, lambda connection: put_rules(connection, [rule], NOON))

    def balances(self) -> dict[Position, Balance]:
        return read_snapshot(self._engine, balances)

    def complaints(self) -> object:
        return read_snapshot(self._engine, audit).disagreements


def run_over_database(kind: str, folder: Path, how: settings) -> None:
    """Run the machine over one database; each example has nodes of its own there."""
    with open_ledger(kind, folder) as engine:
        run_in_transaction(engine, lambda connection: add_places(connection, [], ["V", "W"]))

        def arrive(nodes: Sequence[str]) -> None:
            run_in_transaction(engine, lambda connection: add_places(connection, nodes, []))

        run_state_machine_as_test(machine_over(lambda: DatabaseLedger(engine), arrive), settings=how)


def test_entries_in_memory_follow_the_model() -> None:
    run_state_machine_as_test(machine_over(MemoryLedger), settings=settings(max_examples=40))


@pytest.mark.parametrize("kind", KINDS)
def test_entries_in_a_database_follow_the_model(kind: str, tmp_path: Path) -> None:
    run_over_database(kind, tmp_path, EVERYDAY)


@pytest.mark.campaign
@pytest.mark.parametrize("kind", KINDS)
def test_long_histories_in_a_database_follow_the_model(kind: str, tmp_path: Path) -> None:
    run_over_database(kind, tmp_path, CAMPAIGN)


class ForgetsIds(MemoryLedger):
    """A broken twin: a repeated entry is posted again."""

    def posting(self) -> Posting:
        return Posting(self._balances, {}, self.floors)


class SellsTheBuffer(MemoryLedger):
    """A broken twin: no channel leaves anything alone."""

    def posting(self) -> Posting:
        return Posting(self._balances, self.known, {"web": {}, "store": {}})  # type: ignore[arg-type]


class PostsHalves(MemoryLedger):
    """A broken twin: what a group can have it gets, though it cannot have all."""

    def post(self, groups: Sequence[EntryGroup]) -> Posted:
        for group in groups:
            if len(group.entries) > 1:
                super().post([EntryGroup(group.group_id, group.entries[:1], group.sells_on)])
        return super().post(groups)


@pytest.mark.parametrize("twin", [ForgetsIds, SellsTheBuffer, PostsHalves])
def test_the_machine_catches_broken_twins(twin: type[LedgerOfEntries]) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine_over(twin), settings=HUNT)
