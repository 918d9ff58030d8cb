"""What every check of a problem's arrays is made of: one clear error with the field and the remedy."""

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

COST_MAX = 2**48  # micros
QTY_MAX = 2**31 - 1


class SolverError(Exception):
    """Base of what `solver` raises."""


class InvalidProblem(SolverError):
    """The arrays of a problem contradict each other; the message names the field."""


def require(condition: bool, field: str, remedy: str) -> None:
    """Raise `InvalidProblem` unless `condition` holds."""
    if not condition:
        raise InvalidProblem(f"{field}: {remedy}")


def check_pointer(name: str, ptr: Int64s, n_owners: int, n_items: int) -> None:
    """Check that `ptr` hands `n_items` items out to `n_owners` owners, one after another."""
    require(len(ptr) == n_owners + 1, name, f"must have {n_owners + 1} entries")
    require(ptr[0] == 0 and ptr[-1] == n_items, name, f"must run from 0 to {n_items}")
    require(bool(np.all(np.diff(ptr) >= 0)), name, "must not decrease")


def check_range(name: str, a: npt.NDArray[np.integer], low: int, high: int) -> None:
    """Check that all values of `a` are from `low` to `high`."""
    if a.size:
        require(int(a.min()) >= low, name, f"must be at least {low}")
        require(int(a.max()) <= high, name, f"must be at most {high}")


def ascends(values: npt.NDArray[np.integer], ptr: Int64s) -> bool:
    """Whether values rise strictly within each group of `ptr`."""
    steps = np.diff(values.astype(np.int64))
    first = np.zeros(max(len(values) - 1, 0), bool)
    starts = ptr[1:-1]
    first[starts[(starts > 0) & (starts < len(values))] - 1] = True
    return bool(np.all((steps > 0) | first))
