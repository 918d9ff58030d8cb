"""A problem in parts: the network, which every shard needs, and the orders of one shard.

A field belongs to the orders if its name begins with ``order_``, ``line_`` or ``alternative_``, else to the
network. So a worker far away gets the network once and only its own orders beside it.
"""

from dataclasses import fields, replace

import numpy as np
import numpy.typing as npt

from solver.arrays import ProblemArrays
from solver.problem import AllocationProblem, Int64s

OrderFields = dict[str, npt.NDArray[np.generic]]

# What an order owns many of: the beginning of the fields' names, and the pointer to them.
_OWNED = {"line_": "order_ptr", "alternative_": "alternative_ptr"}
_OF_ORDERS = ("order_", *_OWNED)


def _order_fields() -> tuple[str, ...]:
    return tuple(f.name for f in fields(AllocationProblem) if f.name.startswith(_OF_ORDERS))


def network_fields() -> tuple[str, ...]:
    """Name the fields that do not depend on the orders."""
    return tuple(f.name for f in fields(AllocationProblem) if not f.name.startswith(_OF_ORDERS))


def take_orders(problem: AllocationProblem, orders: Int64s) -> OrderFields:
    """Copy what belongs to some orders, in the sequence given; arrays of rules that are off are left out.

    ``replace(problem, **take_orders(problem, orders))`` is the problem of these orders alone.
    """
    taken: OrderFields = {}
    names = [name for name in _order_fields() if getattr(problem, name).size]
    for name in names:
        if name not in _OWNED.values():
            at = orders if name.startswith("order_") else _owned(problem, name, orders)
            taken[name] = getattr(problem, name)[at]
    for name in _OWNED.values():
        if name in names:
            counts = np.diff(getattr(problem, name))[orders]
            taken[name] = np.concatenate(([0], np.cumsum(counts)))
    return taken


def _owned(problem: AllocationProblem, name: str, orders: Int64s) -> Int64s:
    """Index what the orders own in the array called `name`."""
    pointer = next(ptr for beginning, ptr in _OWNED.items() if name.startswith(beginning))
    ptr: Int64s = getattr(problem, pointer)
    counts = np.diff(ptr)[orders]
    ends = np.cumsum(counts)
    return np.repeat(ptr[orders] - (ends - counts), counts) + np.arange(counts.sum())


def network_of(problem: AllocationProblem) -> AllocationProblem:
    """Return the problem without its orders."""
    return replace(problem, **take_orders(problem, np.zeros(0, np.int64)))  # type: ignore[arg-type]


def with_orders(
    network: AllocationProblem, arrays: ProblemArrays, orders: OrderFields
) -> tuple[AllocationProblem, ProblemArrays]:
    """Return the problem of some orders on a network.

    arrays : of the network; the problem's arrays share its memory.
    """
    problem = replace(network, **orders)  # type: ignore[arg-type]
    shared = {name: getattr(arrays, name) for name in network_fields() if name in ProblemArrays._fields}
    return problem, ProblemArrays.of(problem)._replace(**shared)
