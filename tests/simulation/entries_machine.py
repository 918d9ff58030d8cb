"""A state machine that posts whatever it likes, beside a model of the ledger that fits on a page."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from fulfillment.domain.stock import MOVES, Balance, Entry, EntryReason, Place, StockState
from fulfillment.store.posting import EntryGroup, Position, Posted, movement_of
from tests.support.ledgers import an_entry

CHANNELS = (None, "web", "store")
_numbers = itertools.count()


class LedgerOfEntries(Protocol):
    """Whatever takes entries and keeps balances."""

    def post(self, groups: Sequence[EntryGroup]) -> Posted:
        """Post groups, all of each or none of it."""
        ...

    def keep_back(self, position: Position, channel: str, qty: int) -> None:
        """Make a channel leave so many units of a position alone."""
        ...

    def balances(self) -> dict[Position, Balance]:
        """Tell every balance."""
        ...

    def complaints(self) -> object:
        """Audit itself; falsy when all is well."""
        ...


class Model:
    """Units by place, and what each entry id has moved: all that a ledger must know."""

    def __init__(self) -> None:
        self.units: Counter[tuple[Position, Place]] = Counter()
        self.entries: Counter[Position] = Counter()
        self.moved: dict[str, object] = {}
        self.kept_back: dict[tuple[Position, str | None], int] = {}

    def take(self, group: EntryGroup) -> str:
        """Say what becomes of a group, and do it."""
        known = [entry for entry in group.entries if entry.entry_id in self.moved]
        if any(self.moved[entry.entry_id] != movement_of(entry) for entry in known):
            return "refused"
        if known:
            return "duplicate" if len(known) == len(group.entries) else "refused"
        after = self.units.copy()
        for entry in group.entries:
            position = (entry.node_id, entry.sku_id)
            is_sale = entry.source is StockState.AVAILABLE
            least = self.kept_back.get((position, group.sells_on), 0) if is_sale else 0
            if isinstance(entry.source, StockState) and after[position, entry.source] - least < entry.qty:
                return "refused"
            after[position, entry.source] -= entry.qty
            after[position, entry.target] += entry.qty
        self.units = after
        for entry in group.entries:
            self.moved[entry.entry_id] = movement_of(entry)
            self.entries[entry.node_id, entry.sku_id] += 1
        return "applied"


class EntriesMachine(RuleBasedStateMachine):
    """Post groups, repeat some, and change some on the way; `ledger` is set by `machine_over`."""

    ledger: LedgerOfEntries

    @initialize()
    def begin(self) -> None:
        # Nodes of its own: many examples share one database.
        self.nodes = [f"L{next(_numbers)}", f"L{next(_numbers)}"]
        self.model = Model()
        self.groups: list[EntryGroup] = []
        self.arrive(self.nodes)

    def arrive(self, nodes: Sequence[str]) -> None:
        """Make the nodes exist where a ledger asks for that."""

    @rule(data=st.data())
    def post_some(self, data: st.DataObject) -> None:
        groups = [self._draw_group(data) for _ in range(data.draw(st.integers(1, 3)))]
        self._post(groups)
        self.groups.extend(groups)

    @rule(data=st.data())
    def repeat_one(self, data: st.DataObject) -> None:
        if self.groups:
            self._post([data.draw(st.sampled_from(self.groups))])

    @rule(data=st.data(), qty=st.integers(1, 4))
    def repeat_one_with_another_content(self, data: st.DataObject, qty: int) -> None:
        if self.groups:
            known = data.draw(st.sampled_from(self.groups)).entries[0]
            position = (known.node_id, known.sku_id)
            changed = an_entry(
                position, qty, known.reason, known.source, known.target, entry_id=known.entry_id
            )
            self._post([self._group(changed)])

    @rule(data=st.data(), channel=st.sampled_from(["web", "store"]), qty=st.integers(0, 3))
    def keep_back(self, data: st.DataObject, channel: str, qty: int) -> None:
        position = self._draw_position(data)
        self.ledger.keep_back(position, channel, qty)
        self.model.kept_back[position, channel] = qty

    @invariant()
    def balances_are_the_models(self) -> None:
        if not hasattr(self, "model"):
            return
        balances = self.ledger.balances()
        for position in itertools.product(self.nodes, ("V", "W")):
            balance = balances.get(position, Balance())
            for state in StockState:
                assert balance.units(state) == self.model.units[position, state] >= 0
            assert balance.version == self.model.entries[position]

    def teardown(self) -> None:
        assert not self.ledger.complaints()

    def _post(self, groups: Sequence[EntryGroup]) -> None:
        posted = self.ledger.post(groups)
        expected = [(group.group_id, self.model.take(group)) for group in groups]
        assert posted.applied == [name for name, outcome in expected if outcome == "applied"]
        assert posted.duplicates == [name for name, outcome in expected if outcome == "duplicate"]
        assert set(posted.refused) == {name for name, outcome in expected if outcome == "refused"}

    def _draw_group(self, data: st.DataObject) -> EntryGroup:
        entries = [self._draw_entry(data) for _ in range(data.draw(st.integers(1, 3)))]
        return self._group(*entries, sells_on=data.draw(st.sampled_from(CHANNELS)))

    def _group(self, *entries: Entry, sells_on: str | None = None) -> EntryGroup:
        return EntryGroup(f"group-{next(_numbers)}", entries, sells_on)

    def _draw_entry(self, data: st.DataObject) -> Entry:
        reason = data.draw(st.sampled_from(_REASONS))
        source, target = data.draw(st.sampled_from(sorted(MOVES[reason])))
        qty = data.draw(st.integers(1, 4))
        return an_entry(self._draw_position(data), qty, reason, source, target)

    def _draw_position(self, data: st.DataObject) -> Position:
        return data.draw(st.sampled_from(self.nodes)), data.draw(st.sampled_from(("V", "W")))


# What fills the shelves comes often, or everything would be refused.
_REASONS = [*EntryReason, *[EntryReason.RECEIVE, EntryReason.FOUND] * 5]


def machine_over(
    ledger: Callable[[], LedgerOfEntries], arrive: Callable[[Sequence[str]], None] = lambda _: None
) -> Callable[[], EntriesMachine]:
    """Make machines over the ledger that `ledger` returns for each."""

    def make() -> EntriesMachine:
        machine = EntriesMachine()
        machine.ledger = ledger()
        machine.arrive = arrive  # type: ignore[method-assign]
        return machine

    return make
