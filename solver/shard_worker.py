"""What a worker in another process keeps, and how it answers.

A worker is sent the network of a problem once, the orders of a shard once and a job once; from then on an
`Ask` only names them, by digests of their content. A worker that lacks one, because it is new in its place,
answers `MISSING` and is asked again with everything.
"""

import pickle
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import Enum

from solver.arrays import ProblemArrays
from solver.problem import AllocationProblem
from solver.shard_parts import with_orders
from solver.shards import Job, Shard

PROBLEMS_KEPT_MAX = 2  # a worker of a shared cluster may be asked about several; the rest is sent anew


class Missing(Enum):
    """The answer of a worker that was not told enough."""

    MISSING = "missing"


MISSING = Missing.MISSING


@dataclass(frozen=True, slots=True)
class Ask:
    """One job on one shard. What is pickled may be left out where the worker has it.

    The pickles are made by the asker's own hands and travel as bytes, so arrays arrive as they were,
    writeable: numba would compile every kernel once more for arrays that are read-only.
    """

    problem: str  # digest
    shard: int
    job: str  # digest
    network: bytes | None = None
    orders: bytes | None = None
    job_itself: bytes | None = None


@dataclass(slots=True)
class _Kept:
    """What a worker has of one problem."""

    network: AllocationProblem
    arrays: ProblemArrays
    shards: dict[int, Shard] = field(default_factory=dict)
    job_digest: str = ""
    job: Job[object] | None = None


_kept: OrderedDict[str, _Kept] = OrderedDict()
_lock = threading.Lock()  # a worker of a cluster may have several threads


def answer(ask: Ask) -> object:
    """Do the job; returns its result, or MISSING."""
    with _lock:
        found = _look_up(ask)
    if found is None:
        return MISSING
    job, shard = found
    return job(shard)


def _look_up(ask: Ask) -> tuple[Job[object], Shard] | None:
    """Keep what the ask brings, and find what it names."""
    if ask.problem not in _kept:
        if ask.network is None:
            return None
        network: AllocationProblem = pickle.loads(ask.network)
        _kept[ask.problem] = _Kept(network, ProblemArrays.of(network))
        while len(_kept) > PROBLEMS_KEPT_MAX:
            _kept.popitem(last=False)
    _kept.move_to_end(ask.problem)
    kept = _kept[ask.problem]
    if ask.orders is not None and ask.shard not in kept.shards:
        problem, arrays = with_orders(kept.network, kept.arrays, pickle.loads(ask.orders))
        kept.shards[ask.shard] = Shard(problem, arrays, first=0, step=1)
    if ask.job_itself is not None and ask.job != kept.job_digest:
        kept.job_digest, kept.job = ask.job, pickle.loads(ask.job_itself)
    if ask.shard not in kept.shards or kept.job is None or ask.job != kept.job_digest:
        return None
    return kept.job, kept.shards[ask.shard]
