"""Stretches of an array, copied by the kernel as slices would be."""

import numpy as np
import pytest

from solver.spans import copy_spans


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_stretches_are_copied_in_the_order_given(dtype: type) -> None:
    values = np.random.default_rng(3).integers(0, 100, 1000).astype(dtype)
    ptr = np.array([0, 0, 7, 400, 400, 999, 1000])
    for rows in ([4, 2, 0, 3, 5, 2], [1], [0, 3], []):
        begins, ends = ptr[np.array(rows, np.int64)], ptr[np.array(rows, np.int64) + 1]
        out = np.empty((ends - begins).sum(), dtype)
        copy_spans(values, begins, ends, out)
        assert out.tolist() == [
            value for begin, end in zip(begins, ends, strict=True) for value in values[begin:end].tolist()
        ]
