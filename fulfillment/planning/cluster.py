"""Workers on other machines: the seats of `solver.remote_shards` on a dask.distributed cluster.

The cluster finds, watches and restarts its workers; we say which worker an ask should go to, so that it
finds its shard there. An ask that the cluster moves, because that worker died or is busy, is answered with
"missing" and asked again with everything. dask sends pickles, so only name a scheduler that is yours, in a
network that you trust.
"""

import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numba
import numpy as np

from fulfillment import __version__
from fulfillment.domain.errors import InvalidRequest
from solver.shards import WorkersLost

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10.0
NOBODY_SECONDS = 60.0  # how long a cluster may be without any worker: one that restarts needs a few seconds
START_A_WORKER = "start one with `dask worker ADDRESS`, where this program is installed"

P = ParamSpec("P")
T = TypeVar("T")


class Cluster:
    """The workers of a cluster, one seat for each of their threads; made by `connect_cluster`."""

    def __init__(self, client: "Client", lost: tuple[type[Exception], ...]) -> None:
        self.lost = lost
        self._silent: tuple[type[Exception], ...] = (KeyError, *lost)
        self.seats = len(_places(client))
        self._client = client
        self._alone_since: float | None = None

    def hire(self, seat: int) -> Executor:
        """Return an executor that prefers one worker, and moves to another when that one is gone."""
        return _ClusterSeat(self, seat)

    def dismiss(self, executor: Executor) -> None:
        """Do nothing: a seat holds nothing, and the workers belong to the cluster."""

    def watch(self) -> None:
        """Look whether there is anybody to wait for.

        Raises
        ------
        WorkersLost
            When the scheduler is gone, or has had no worker for `NOBODY_SECONDS`.
        """
        if self.places():
            self._alone_since = None
            return
        now = time.monotonic()
        self._alone_since = self._alone_since or now
        if now - self._alone_since > NOBODY_SECONDS:
            raise WorkersLost(f"the cluster has had no worker for {NOBODY_SECONDS:.0f} s; {START_A_WORKER}")

    def places(self) -> list[str]:
        """Return the address of a worker for each thread that it has.

        Raises
        ------
        WorkersLost
            When the scheduler does not answer.
        """
        try:
            return _places(self._client)
        except self._silent as loss:  # KeyError: a client that lost its scheduler knows of no "workers"
            raise WorkersLost("the cluster's scheduler does not answer any more") from loss

    def executor_at(self, address: str | None) -> Executor:
        """Return an executor that prefers the worker at an address; None stands for anywhere."""
        place = {} if address is None else {"workers": [address], "allow_other_workers": True}
        executor: Executor = self._client.get_executor(pure=False, **place)
        return executor


class _ClusterSeat(Executor):
    """Submits to one worker for as long as there is one at its address."""

    def __init__(self, cluster: Cluster, seat: int) -> None:
        self._cluster = cluster
        self._seat = seat
        self._address: str | None = None

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        places = self._cluster.places()
        if self._address not in places:
            self._address = places[self._seat % len(places)] if places else None
        return self._cluster.executor_at(self._address).submit(fn, *args, **kwargs)


@contextmanager
def connect_cluster(address: str) -> Iterator[Cluster]:
    """Connect to a dask scheduler for the time of the block.

    Raises
    ------
    InvalidRequest
        When dask.distributed is not installed, nobody answers, or the workers are none or not like us.
    """
    try:
        import dask
        from distributed import Client, KilledWorker
    except ModuleNotFoundError as missing:
        raise InvalidRequest(
            f"a cluster needs dask.distributed ({missing})",
            remedy="install it with `pip install 'fulfillment[cluster]'`, or use --workers",
            key="cluster",
        ) from missing
    # Shards are meant to be large, and are sent once.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as refusal:
            # The client that failed still runs a loop, and ends it when it is collected. That must not happen
            # while another one starts: the two would wait for one lock for ever.
            refusal.with_traceback(None)
            gc.collect()
            raise InvalidRequest(
                f"no dask scheduler answers at {address}: {refusal}",
                remedy="start one with `dask scheduler`, and name it as it says, such as tcp://10.0.0.5:8786",
                key="cluster",
                value=address,
            ) from refusal
        with client:
            _require_equal_workers(client, address)
            # A worker that died is a KilledWorker, a scheduler that went a CancelledError or an OSError.
            yield Cluster(client, (KilledWorker, CancelledError, OSError))


def versions_here() -> dict[str, str]:
    """Say what a result depends on; workers must have the same."""
    return {
        "fulfillment": __version__,
        "numba": numba.__version__,
        "numpy": np.__version__,
    }


def _require_equal_workers(client: "Client", address: str) -> None:
    ours = versions_here()
    found = client.run(versions_here, on_error="return")
    if not found:
        raise InvalidRequest(
            f"the cluster at {address} has no worker", remedy=START_A_WORKER, key="cluster", value=address
        )
    for worker, theirs in sorted(found.items()):
        if theirs != ours:
            raise InvalidRequest(
                f"the worker {worker} differs from this program: it has {theirs}, here is {ours}",
                remedy="install the same version of `fulfillment` on all machines",
                key="cluster",
                value=worker,
            )


def _places(client: "Client") -> list[str]:
    workers = client.scheduler_info(n_workers=-1)["workers"]
    return [address for address in sorted(workers) for _ in range(workers[address]["nthreads"])]
