"""Shards in other processes, on this machine or on others, behind `concurrent.futures.Executor`.

Each **seat** is an executor that runs what it is given on one worker; a `Workforce` hires and dismisses them.
Shard k always goes to seat k modulo the seats, so that a worker keeps its shards from pass to pass and is
sent prices only. A worker that is lost is replaced, and what it had not answered is asked again: the same
shards, added up in the same order, so nobody can tell from the result.
"""

import hashlib
import pickle
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field, fields
from typing import Protocol, Self, cast

import numpy as np

from solver.problem import AllocationProblem
from solver.shard_parts import network_of, take_orders
from solver.shard_worker import MISSING, Ask, answer
from solver.shards import Job, R, WorkersLost, count_shards

LOSSES_MAX = 3  # workers that one shard may cost in a pass; whoever loses more will lose the next one too
ASKED_AHEAD = 2  # asks under way at a seat, so that its worker need not wait for us
PATIENCE_SECONDS = 5.0  # how often somebody looks whether there is still a worker to wait for


class Workforce(Protocol):
    """Where workers come from."""

    @property
    def seats(self) -> int:
        """How many workers work side by side."""

    @property
    def lost(self) -> tuple[type[Exception], ...]:
        """What a future raises when its worker is gone, not its work wrong."""

    def hire(self, seat: int) -> Executor:
        """Return an executor that runs what it is given on one worker.

        Raises
        ------
        WorkersLost
            When no worker can be had.
        """

    def dismiss(self, executor: Executor) -> None:
        """End what `hire` gave, be it alive or not."""

    def watch(self) -> None:
        """Look whether there is anybody to wait for.

        Raises
        ------
        WorkersLost
            When there is nobody.
        """


@dataclass(slots=True, eq=False)
class _Seat:
    """An executor, and what its worker was told."""

    executor: Executor
    told: set[str] = field(default_factory=set)  # digests, and the names of shards
    to_do: deque[int] = field(default_factory=deque)  # shards of this pass


@dataclass(frozen=True, slots=True)
class _UnderWay:
    seat: _Seat
    executor: Executor  # the seat may have got another one since
    shard: int


class RemoteShards:
    """A pool of workers in other processes; close it, or use it in a ``with``.

    Attributes
    ----------
    losses : int
        Workers lost and replaced so far.
    """

    def __init__(self, problem: AllocationProblem, workforce: Workforce) -> None:
        self.problem = problem
        self.n_shards = count_shards(problem.n_orders)
        self.losses = 0
        self._workforce = workforce
        self._digest = digest(problem)
        self._seats: list[_Seat] = []
        try:
            for seat in range(min(workforce.seats, self.n_shards)):
                self._seats.append(_Seat(workforce.hire(seat)))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Dismiss all workers; what they are doing is not waited for longer than they need."""
        while self._seats:
            self._workforce.dismiss(self._seats.pop().executor)

    def run(self, job: Job[R]) -> Iterator[R]:
        """Do a job to every shard; yields the results in the shards' order.

        Raises
        ------
        WorkersLost
            When a shard cost more than `LOSSES_MAX` workers, or there is nobody left.
        """
        pickled = pickle.dumps(job)
        job_digest = hashlib.blake2b(pickled, digest_size=16).hexdigest()
        arrived: dict[int, R] = {}
        under_way: dict[Future[object], _UnderWay] = {}
        losses: Counter[int] = Counter()
        for at, seat in enumerate(self._seats):
            seat.to_do = deque(range(at, self.n_shards, len(self._seats)))
        try:
            for shard in range(self.n_shards):
                while shard not in arrived:
                    self._ask_all(under_way, job_digest, pickled)
                    done = wait(under_way, timeout=PATIENCE_SECONDS, return_when=FIRST_COMPLETED).done
                    if not done:
                        self._workforce.watch()
                    for future in done:
                        self._take(future, under_way.pop(future), arrived, losses)
                yield arrived.pop(shard)
        finally:
            for future in under_way:
                future.cancel()

    def _ask_all(self, under_way: dict[Future[object], _UnderWay], job: str, pickled: bytes) -> None:
        """Keep every seat busy."""
        asked = Counter(id(ask.seat) for ask in under_way.values())
        for seat in self._seats:
            while seat.to_do and asked[id(seat)] < ASKED_AHEAD:
                asked[id(seat)] += 1
                shard = seat.to_do.popleft()
                future = self._submit(seat, self._ask(seat, shard, job, pickled))
                under_way[future] = _UnderWay(seat, seat.executor, shard)

    def _ask(self, seat: _Seat, shard: int, job: str, pickled: bytes) -> Ask:
        """Name what the seat's worker was told, and send the rest."""
        name = f"shard {shard}"
        knows_problem, knows_shard, knows_job = (what in seat.told for what in (self._digest, name, job))
        seat.told |= {self._digest, name, job}
        orders = np.arange(shard, self.problem.n_orders, self.n_shards)
        return Ask(
            problem=self._digest,
            shard=shard,
            job=job,
            network=None if knows_problem else pickle.dumps(network_of(self.problem)),
            orders=None if knows_shard else pickle.dumps(take_orders(self.problem, orders)),
            job_itself=None if knows_job else pickled,
        )

    def _submit(self, seat: _Seat, ask: Ask) -> Future[object]:
        try:
            return seat.executor.submit(answer, ask)
        except self._workforce.lost as loss:  # it was gone already
            gone: Future[object] = Future()
            gone.set_exception(loss)
            return gone

    def _take(
        self, future: Future[object], ask: _UnderWay, arrived: dict[int, R], losses: Counter[int]
    ) -> None:
        """Keep a result, or have the shard asked again."""
        try:
            result = future.result()
        except self._workforce.lost as loss:
            losses[ask.shard] += 1
            if losses[ask.shard] > LOSSES_MAX:
                raise WorkersLost(
                    f"shard {ask.shard} of {self.n_shards} lost its worker {losses[ask.shard]} times, "
                    f"the last time by {type(loss).__name__}: {loss}"
                ) from loss
            self._replace(ask)
            self._repeat(ask)
            return
        if result is MISSING:
            ask.seat.told.clear()
            self._repeat(ask)
        else:
            arrived[ask.shard] = cast(R, result)

    def _replace(self, ask: _UnderWay) -> None:
        """Hire somebody for the seat, unless that was done when another of its asks was lost."""
        if ask.seat.executor is ask.executor:
            self.losses += 1
            self._workforce.dismiss(ask.executor)
            ask.seat.told.clear()
            ask.seat.executor = self._workforce.hire(self._seats.index(ask.seat))

    def _repeat(self, ask: _UnderWay) -> None:
        ask.seat.to_do.appendleft(ask.shard)


def digest(problem: AllocationProblem) -> str:
    """Tell a problem from all others by the content of its arrays."""
    hashed = hashlib.blake2b(digest_size=16)
    for f in fields(problem):
        values = getattr(problem, f.name)
        hashed.update(f"{f.name} {values.dtype} {values.shape} ".encode())
        hashed.update(values.data if values.size else b"")
    return hashed.hexdigest()
