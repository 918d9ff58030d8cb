"""The one way kernels are compiled: cached on disk, free of the interpreter's lock, without exceptions.

``error_model="numpy"`` leaves out the check for a zero divisor at every division; no kernel divides by zero,
because a radix is at least 1 and a price list's last step holds at least 1 g.

A kernel that only other kernels call is an `inner_kernel`: it is compiled without the code that unpacks
arguments from Python, and once, whether it is called with a number or with a literal. Many arrays at once are
handed over `by_pointer`.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

from numba import njit, types
from numba.extending import models, register_model

P = ParamSpec("P")
R = TypeVar("R")

_njit: Any = njit  # numba's stubs do not know the options that leave out wrappers
kernel = _njit(cache=True, nogil=True, error_model="numpy", no_cfunc_wrapper=True)


class _AnyNumber(types.Dispatcher):
    """A function for which a number is a number: else numba compiles it once more for each literal."""

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        """Return the signature of a call."""
        return super().get_call_type(context, tuple(map(types.unliteral, args)), kws)


register_model(_AnyNumber)(models.OpaqueModel)  # as its base has it: nothing at run time


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
        return _AnyNumber(self._compiled)


def inner_kernel(function: Callable[P, R]) -> InnerKernel[P, R]:
    """Mark a kernel that only kernels call."""
    return InnerKernel(function)
