"""Every use case, broken at every step: all of it is written or nothing, and the caller is told the truth.

For each step (statement or COMMIT) and each fault: afterwards the ledger is in a state that the undisturbed
run committed too, the caller saw success, `Busy` or that a twin of his runs, and a repetition ends where the
undisturbed run ended.
Everyday runs draw some statements and a fault for each; the campaign gives every step every fault.
"""

import functools
import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from fulfillment.domain.errors import Busy, OutcomeUnknown, RequestInProgress
from fulfillment.store import transaction
from fulfillment.store.engine import open_engine
from fulfillment.store.posting import EntryGroup
from fulfillment.store.stock import post
from fulfillment.store.transaction import run_in_transaction
from tests.simulation.faults import COMMIT, FAULTS, FAULTS_AT_COMMIT, Fault, Watch, watched
from tests.simulation.ledger_state import State, difference, ledger_state
from tests.simulation.use_case import UseCase, V
from tests.simulation.use_cases import USE_CASES
from tests.support.databases import KINDS, empty_ledger, ledger_database
from tests.support.ledgers import a_group, an_entry, post_all, stock_up

Ledgers = Callable[[str], tuple[Engine, Engine]]
"""Gives an engine to act on and one to look with, both on the ledger of a kind of database."""


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "_pause_seconds", lambda _: 0.0)


class Stage:
    """One ledger on which a use case is run again and again, each time from the same beginning.

    Parameters
    ----------
    engine : Engine
        To act on.
    observer : Engine
        On the same ledger; nobody breaks its statements.
    """

    def __init__(self, use_case: UseCase, engine: Engine, observer: Engine) -> None:
        self.use_case = use_case
        self.kind = engine.dialect.name
        self._engine = engine
        self._observer = observer

    def set(self) -> None:
        """Bring the ledger to the beginning."""
        if self.kind == "sqlite":
            self._observer.dispose()  # its file is about to be replaced
        empty_ledger(self._engine)
        with self._engine.connect():  # a first connection asks the server what it is; that is no step
            pass
        self.use_case.prepare(self._engine)

    def act(self) -> None:
        """Run the use case."""
        self.use_case.act(self._engine)

    def watched(self, **how: Any) -> AbstractContextManager[Watch]:
        """Watch the use case, or break a step of it."""
        return watched(self._engine, **how)

    def state(self) -> State:
        """Read the ledger."""
        return ledger_state(self._observer)


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledgers]:
    """One ledger of each kind for all use cases: what its engines have compiled is compiled once."""
    with ExitStack() as stack:

        @functools.cache
        def ledger_of(kind: str) -> tuple[Engine, Engine]:
            url = stack.enter_context(ledger_database(kind, tmp_path_factory.mktemp(kind)))
            engines = open_engine(url), open_engine(url)
            for engine in engines:
                stack.callback(engine.dispose)
            return engines

        yield ledger_of


def undisturbed(stage: Stage) -> tuple[list[str], list[State]]:
    """Run it once in peace: its steps, and the state before and after each transaction that wrote."""
    stage.set()
    states = [stage.state()]

    def note() -> None:
        if (state := stage.state()) != states[-1]:
            states.append(state)

    with stage.watched(on_commit=note) as watch:
        stage.act()
    written = len(states) - 1
    assert written == stage.use_case.transactions, f"{written} transactions wrote"
    stage.act()
    assert stage.state() == states[-1], "a repetition changes the ledger"
    return watch.steps, states


def break_at(stage: Stage, at: int, fault: Fault, states: list[State]) -> type[Exception] | None:
    """Break one step and judge what is left; return what the caller saw."""
    seen: type[Exception] | None = None
    stage.set()
    with stage.watched(fault=fault, at=at) as watch:
        try:
            stage.act()
        except (Busy, RequestInProgress) as error:
            seen = type(error)
    where = f"{fault} at step {at}, {watch.steps[at]!r}"
    # A time-out while a key is claimed says that a twin of the request is still running.
    is_twin = fault.name == "lock time-out" and "INSERT INTO idempotency_key" in watch.steps[at]
    assert seen is not RequestInProgress or is_twin, f"a twin that is not there: {where}"
    after = stage.state()
    assert after in states, f"half written: {where}: {difference(states[-1], after)}"
    assert seen or after == states[-1], f"answered without the effect: {where}"
    stage.act()
    again = stage.state()
    assert again == states[-1], f"not repeatable: {where}: {difference(states[-1], again)}"
    return seen


def sweep(stage: Stage, *, breaks_max: int | None = None) -> set[type[Exception] | None]:
    """Break every step by every fault, or draw some of these; return all that callers saw."""
    steps, states = undisturbed(stage)
    breaks = [
        (at, fault)
        for at, step in enumerate(steps)
        for fault in (FAULTS_AT_COMMIT if step == COMMIT else FAULTS)[stage.kind]
    ]
    if breaks_max is not None:
        breaks = random.sample(breaks, min(breaks_max, len(breaks)))
    return {break_at(stage, at, fault, states) for at, fault in breaks}


def last_commit_lost(stage: Stage) -> type[Exception] | None:
    """Let the last COMMIT take place and its answer get lost."""
    steps, states = undisturbed(stage)
    (fault,) = (fault for fault in FAULTS_AT_COMMIT[stage.kind] if fault.after_commit)
    return break_at(stage, max(at for at, step in enumerate(steps) if step == COMMIT), fault, states)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use_case", USE_CASES, ids=str)
def test_a_broken_step_leaves_all_or_nothing(use_case: UseCase, kind: str, ledgers: Ledgers) -> None:
    seen = sweep(Stage(use_case, *ledgers(kind)), breaks_max=3 if kind == "postgresql" else 1)
    # Only a connection that is lost at COMMIT, or a twin, reaches the caller; the rest is tried again behind
    # his back.
    assert seen <= ({None, OutcomeUnknown, RequestInProgress} if kind == "postgresql" else {None})


@pytest.mark.parametrize("use_case", USE_CASES, ids=str)
def test_who_lost_the_answer_to_a_commit_may_ask_again(use_case: UseCase, ledgers: Ledgers) -> None:
    """With a key he need not even ask: the answer is looked up."""
    lost = last_commit_lost(Stage(use_case, *ledgers("postgresql")))
    assert lost is (None if use_case.has_key else OutcomeUnknown)


@pytest.mark.campaign
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("use_case", USE_CASES, ids=str)
def test_every_fault_at_every_step_leaves_all_or_nothing(
    use_case: UseCase, kind: str, ledgers: Ledgers
) -> None:
    sweep(Stage(use_case, *ledgers(kind)))


_calls = itertools.count()


def take_one(entry_id: str) -> EntryGroup:
    return a_group(an_entry(V, 1, entry_id=entry_id))


def in_two_transactions(engine: Engine) -> None:
    """A broken twin: what belongs together commits apart, and the first part hides that the second lacks."""

    def first(connection: Connection) -> bool:
        return bool(post(connection, [take_one("first")]).applied)

    if run_in_transaction(engine, first):
        post_all(engine, take_one("second"))


def without_an_id(engine: Engine) -> None:
    """A broken twin: each call is new to the ledger, so a client that repeats it takes another unit."""
    post_all(engine, take_one(f"call-{next(_calls)}"))


def with_raw_errors(engine: Engine) -> None:
    """A broken twin: what the database says goes straight to the caller."""
    with engine.begin() as connection:
        post(connection, [take_one("only")])


@pytest.mark.parametrize(
    ("act", "transactions", "complaint"),
    [
        (in_two_transactions, 2, "not repeatable"),
        (in_two_transactions, 1, "2 transactions wrote"),
        (without_an_id, 1, "a repetition changes the ledger"),
    ],
)
def test_the_sweep_catches_broken_twins(act, transactions: int, complaint: str, ledgers: Ledgers) -> None:  # type: ignore[no-untyped-def]
    twin = UseCase("twin", lambda engine: stock_up(engine, {V: 5}), act, transactions)
    with pytest.raises(AssertionError, match=complaint):
        sweep(Stage(twin, *ledgers("postgresql")))


def test_the_sweep_catches_a_twin_that_shows_the_databases_errors(ledgers: Ledgers) -> None:
    twin = UseCase("twin", lambda engine: stock_up(engine, {V: 5}), with_raw_errors)
    with pytest.raises(DBAPIError):
        sweep(Stage(twin, *ledgers("postgresql")))
