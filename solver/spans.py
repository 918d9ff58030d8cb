"""Stretches of an array, copied one after another."""

from typing import Any

import numpy.typing as npt

from solver.jit import kernel
from solver.problem import Int64s


@kernel
def copy_spans(values: npt.NDArray[Any], begins: Int64s, ends: Int64s, out: npt.NDArray[Any]) -> None:
    """Copy ``values[begins[k] : ends[k]]`` for each k to `out`, which has room for exactly that.

    values, out : any one type, [n] and [sum of the stretches].   begins, ends : int64[k].
    """
    at = 0
    for k in range(len(begins)):
        for i in range(begins[k], ends[k]):
            out[at] = values[i]
            at += 1
