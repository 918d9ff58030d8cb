"""Who works on a plan: threads of this process, processes of this machine, or a cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fulfillment.domain.errors import InvalidRequest

if TYPE_CHECKING:
    from solver.remote_shards import Workforce

DEFAULT_THREADS = 2


@contextmanager
def open_workforce(
    method: str, threads: int | None, workers: int | None, cluster: str | None
) -> Iterator["Workforce | None"]:
    """Find the workers that the options name, for the time of the block; None stands for threads.

    A cluster is asked before any work is done: a mistyped address must not cost minutes.

    Raises
    ------
    InvalidRequest
        When the options exclude each other, or no such cluster answers.
    """
    from fulfillment.planning.methods import OPTIMAL

    named = {"threads": threads, "workers": workers, "cluster": cluster}
    given = [name for name, value in named.items() if value is not None]
    if len(given) > 1:
        raise InvalidRequest(
            f"--{given[0]} and --{given[1]} exclude each other",
            remedy="name threads of this process, worker processes of this machine, or a cluster",
            key=given[1],
        )
    if method != OPTIMAL and given and given != ["threads"]:
        raise InvalidRequest(
            f"{method} is a rule: it serves every order once, so there is nothing to share out",
            remedy=f"leave --{given[0]} out",
            key=given[0],
        )
    if cluster is not None:
        from fulfillment.planning.cluster import connect_cluster

        with connect_cluster(cluster) as workforce:
            yield workforce
    elif workers is not None:
        from solver.processes import LocalProcesses

        yield LocalProcesses(workers)
    else:
        yield None
