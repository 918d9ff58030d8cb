"""The one way kernels are compiled: cached on disk, free of the interpreter's lock, without exceptions.

``error_model="numpy"`` leaves out the check for a zero divisor at every division; no kernel divides by zero,
because a radix is at least 1 and a price list's last step holds at least 1 g.

A kernel that only other kernels call is an `inner_kernel`: it is compiled without the code that unpacks
arguments from Python, which for the forty arrays of a problem takes the compiler longer than the kernel
itself.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

from numba import njit, types

P = ParamSpec("P")
R = TypeVar("R")

kernel = njit(cache=True, nogil=True, error_model="numpy")
_njit: Any = njit  # numba's stubs do not know the option that leaves out the wrapper


class InnerKernel(Generic[P, R]):
    """A function that is compiled where a kernel calls it, and plain Python where Python does."""

    def __init__(self, function: Callable[P, R]) -> None:
        update_wrapper(self, function)
        self.py_func = function
        self._compiled = _njit(
            cache=True, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
        )(function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the function as plain Python, as tests do; the compiled code has no entry for it."""
        return self.py_func(*args, **kwargs)

    @property
    def _numba_type_(self) -> types.Type:
        """What a kernel sees in place of this: the compiled function."""
        return types.Dispatcher(self._compiled)


def inner_kernel(function: Callable[P, R]) -> InnerKernel[P, R]:
    """Mark a kernel that only kernels call."""
    return InnerKernel(function)
