"""Group commit: a thread takes the orders that wait, decides them, commits them together, and then answers.

Two threads take turns on PostgreSQL: while the database works on one group, the next is decided. They are to
each other what two processes are: either may come too late, and the database judges.

What happens if the power goes, or the process is killed:

- while an order waits or is decided: nothing was written and nobody was told. The client repeats it.
- within the transaction: the database forgets all of it, the clients' keys included. The client repeats it.
- after COMMIT, before the answer: order, key and answer are on disk together. The client repeats the order
  with its key, and the claim of that key finds the answer.
- at COMMIT, where only the connection is lost: nobody here knows which of the two it was. The group is run
  again: claiming its keys waits for the old transaction, should it still run, and then finds its answers or
  finds the keys free. The database knows, so nothing is guessed.

Memory holds nothing that must survive: a view that is behind costs another decision, never a unit.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import Busy, Conflict, FulfillmentError, OutcomeUnknown
from fulfillment.domain.placing import Decider, Decision, OrderRequest
from fulfillment.ids import IdsInBlocks, IdSource
from fulfillment.live.fresh_decisions import FreshDecisions, Renew, never_changes
from fulfillment.live.order_queue import OrderQueue, WaitingOrder
from fulfillment.services.once import Problem
from fulfillment.services.order_refusals import refusal_of
from fulfillment.services.place_orders import (
    CapacityTaken,
    Choice,
    Choose,
    GroupPlaced,
    Placement,
    PlacingTerms,
    UnitsTaken,
    place_orders,
)
from fulfillment.store.idempotency import Answer, KeyName
from fulfillment.store.transaction import as_refusal, run_in_transaction

IDS_OF_AN_ORDER = 4
"""As a rule: its decision, one node's work, that node's parcel, and what is told of it."""

Chooser = Callable[[Sequence[Placement]], Choose]
"""Takes a group that is about to be committed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitterLimits:
    """Bounds of the group commit.

    Attributes
    ----------
    queue_orders_max : int
        Orders that may wait; one more is `Busy`.
    group_orders_max : int
        Orders of one transaction.
    linger_seconds : float
        How long the first order of a group waits for as many others as the group before had.
    threads : int
        Groups that are on their way at once. SQLite has one writer, and one thread, whatever is said.
    decisions_max : int
        How often an order is decided whose units somebody else takes first.
    unknown_outcomes_max : int
        How often a group is run whose connection is lost at COMMIT.
    """

    queue_orders_max: int = 5_000
    group_orders_max: int = 128
    linger_seconds: float = 0.01
    threads: int = 2
    decisions_max: int = 5
    unknown_outcomes_max: int = 3


@dataclass(slots=True)
class CommitterCounts:
    """What a committer has done so far, for the metrics."""

    groups: int = 0
    orders: int = 0  # that were answered from a commit
    too_late: int = 0  # decisions whose units somebody else took first
    cut: int = 0  # groups that one of their orders broke


class Committer:
    """Places orders for any number of threads. Use it as a context: leaving it finishes what was accepted.

    Parameters
    ----------
    problem : callable
        Tells a refusal as the document of an answer.
    renew : callable
        Called before an order is refused: `FreshDecisions` says what for.
    """

    def __init__(
        self,
        engine: Engine,
        decider: Decider,
        *,
        problem: Problem,
        clock: Clock,
        ids: IdSource,
        renew: Renew = never_changes,
        limits: CommitterLimits | None = None,
    ) -> None:
        self._limits = limits or CommitterLimits()
        self._engine = engine
        self._decider = decider
        self._decisions = FreshDecisions(engine, decider, clock, renew)
        self._problem = problem
        self._clock = clock
        self._ids = ids
        self._queue = OrderQueue(
            orders_max=self._limits.queue_orders_max,
            group_max=self._limits.group_orders_max,
            linger_seconds=self._limits.linger_seconds,
        )
        count = self._limits.threads if engine.dialect.name == "postgresql" else 1
        self._threads = [
            threading.Thread(target=self._run, name=f"committer-{number}") for number in range(1, count + 1)
        ]
        self._counting = threading.Lock()
        self.counts = CommitterCounts()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._queue.close()
        for thread in self._threads:
            thread.join()

    @property
    def waiting(self) -> int:
        """Count the orders that wait, about."""
        return len(self._queue)

    @property
    def is_alive(self) -> bool:
        """Say whether all who take orders out of the queue still do."""
        return all(thread.is_alive() for thread in self._threads)

    def submit(self, placement: Placement) -> Future[Answer]:
        """Hand in an order; once accepted it is placed, whether or not anybody waits for the answer.

        Returns
        -------
        Future
            Done after the commit. It raises `IdempotencyMismatch` for a key of another request, `Conflict`
            when others took the units first as often as `decisions_max` says, and `Busy`; nothing was written
            then, or, of `Busy`, nothing that repeating the request would not find.

        Raises
        ------
        Busy
            When too many orders wait, or the service stops.
        """
        return self._queue.put(placement)

    def _run(self) -> None:
        try:
            while group := self._queue.next_group():
                # Who came too late before goes first, and apart: it is decided under locks.
                self._place([waiting for waiting in group if waiting.decisions], self._under_locks)
                self._place([waiting for waiting in group if not waiting.decisions], self._on_the_view)
        except BaseException:
            # A defect ended the thread; nobody shall wait for it.
            self._queue.refuse_all(Busy("orders cannot be placed: the committer ended"))
            raise

    def _place(self, group: Sequence[WaitingOrder], how: Chooser) -> None:
        """Decide, commit and answer a group; one that breaks is cut until the culprit stands alone."""
        if not group:
            return
        try:
            placed = self._commit([waiting.placement for waiting in group], how)
        except Busy as busy:  # the database is away or overloaded, for every order alike
            for waiting in group:
                waiting.answer.set_exception(busy)
        except Exception as error:
            # Nothing of the group was written. The error goes to the client whose order it is, and from
            # there to the log; the others have done nothing wrong.
            if len(group) == 1:
                group[0].answer.set_exception(as_refusal(error))
                return
            self._count(cut=1)
            middle = len(group) // 2
            self._place(group[:middle], how)
            self._place(group[middle:], how)
        else:
            self._tell(group, placed)

    def _commit(self, group: Sequence[Placement], how: Chooser) -> GroupPlaced:
        """Run the group's transaction until it is known to be committed."""
        too_late: dict[KeyName, FulfillmentError] = {}
        unknown_outcomes = 0
        story = self._story(how(group))
        while left := [placement for placement in group if placement.key.name not in too_late]:
            try:
                placed = run_in_transaction(self._engine, partial(story, left))
            except CapacityTaken as taken:
                # Nothing was written. Without these orders the group fits; they are decided again.
                self._decider.view.refresh_capacity(taken.used)
                too_late |= dict.fromkeys(taken.keys, taken.refusal)
            except UnitsTaken as taken:
                too_late |= taken.refusals
            except OutcomeUnknown:
                unknown_outcomes += 1
                if unknown_outcomes >= self._limits.unknown_outcomes_max:
                    raise
            else:
                placed.too_late.update(too_late)
                return placed
        return GroupPlaced(too_late=too_late)

    def _story(self, choose: Choose) -> Callable[[Sequence[Placement], Connection], GroupPlaced]:
        def story(group: Sequence[Placement], connection: Connection) -> GroupPlaced:
            now = self._clock.now()
            terms = PlacingTerms(
                policy_digest=self._decider.policy_digest,
                release_at=now + self._decider.release_window,
                ledger_position=self._decider.view.position,
                problem=self._problem,
                ids=IdsInBlocks(self._ids, IDS_OF_AN_ORDER * len(group)),
            )
            return place_orders(connection, group, choose, terms, now)

        return story

    def _on_the_view(self, group: Sequence[Placement]) -> Choose:
        """Decide before the transaction; it will judge.

        The choices are those about the whole group, also where some of it turn out to be repeated requests:
        the others were decided on what those were to leave.
        """
        choices = _choices(group, self._decisions.of(_to_decide(group)))
        return lambda _, __: choices

    def _under_locks(self, _: Sequence[Placement]) -> Choose:
        """Decide within the transaction, on locked rows."""
        return lambda connection, placements: _choices(
            placements, self._decisions.under_locks(connection, _to_decide(placements))
        )

    def _tell(self, group: Sequence[WaitingOrder], placed: GroupPlaced) -> None:
        """Tell view and clients what is committed; who came too late is decided again, on fresh balances."""
        try:
            self._decider.view.refresh(placed.balances)
            self._decider.view.refresh_capacity(placed.used)
        finally:  # what is committed is answered, whatever becomes of the view
            self._count(groups=1, orders=len(group) - len(placed.too_late), too_late=len(placed.too_late))
            for waiting in group:
                answer = placed.answers.get(waiting.name)
                if isinstance(answer, Answer):
                    waiting.answer.set_result(answer)
                elif answer is not None:
                    waiting.answer.set_exception(answer)
                else:
                    self._decide_again(waiting, placed.too_late[waiting.name])

    def _count(self, **more: int) -> None:
        with self._counting:
            for name, count in more.items():
                setattr(self.counts, name, getattr(self.counts, name) + count)

    def _decide_again(self, waiting: WaitingOrder, refusal: FulfillmentError) -> None:
        waiting.decisions += 1
        if waiting.decisions < self._limits.decisions_max:
            self._queue.put_back(waiting)
            return
        error = Conflict(
            f"others were faster than order {waiting.request.order_id} each of {waiting.decisions} times;"
            " nothing was written, and repeating it may help",
            order_id=waiting.request.order_id,
            decisions=waiting.decisions,
        )
        error.__cause__ = refusal
        waiting.answer.set_exception(error)


def _to_decide(group: Sequence[Placement]) -> list[OrderRequest]:
    """Leave out the orders that wait for a review: they are decided once it is cleared."""
    return [placement.request for placement in group if placement.request.review is None]


def _choices(group: Sequence[Placement], decisions: Mapping[str, Decision]) -> list[Choice]:
    choices = []
    for placement in group:
        decision = decisions.get(placement.request.order_id)
        refusal = None if decision is None else refusal_of(placement.request, decision)
        choices.append(Choice(placement, decision, refusal))
    return choices
