"""How kernels are handed many arrays, and how often they are compiled."""

import sys
from typing import NamedTuple

import numpy as np
from numba import njit

from solver.by_pointer import by_pointer
from solver.jit import inner_kernel, kernel
from solver.problem import Int64s


@by_pointer
class Shelf(NamedTuple):
    units: Int64s
    price: Int64s
    is_open: bool


@by_pointer
class Twin(NamedTuple):
    """The fields of a shelf under other names."""

    price: Int64s
    units: Int64s
    is_open: bool


@inner_kernel
def worth_from(first: int, shelf: Shelf) -> int:
    total = 0
    for i in range(first, len(shelf.units)):
        total += shelf.units[i] * shelf.price[i]
    return total


@kernel
def sell(shelf: Shelf, units: int) -> int:
    """Take units of the first row; what all rows are worth then, and those after the first."""
    if shelf.is_open:
        shelf.units[0] -= units
    return worth_from(0, shelf) * 1_000 + worth_from(units - units + 1, shelf)


@kernel
def first_units(shelf: Shelf) -> int:
    return shelf.units[0]


def test_a_kernel_reads_and_writes_the_arrays_that_it_names() -> None:
    shelf = Shelf(np.array([5, 7]), np.array([2, 3]), True)
    assert sell(shelf, 4) == (1 * 2 + 7 * 3) * 1_000 + 7 * 3
    assert shelf.units.tolist() == [1, 7]
    assert sell(shelf._replace(is_open=False), 4) == 23_021
    again = Shelf(np.array([5, 7]), np.array([2, 3]), True)
    assert sell.py_func(again, 4) == 23_021


def test_no_reference_is_kept_and_none_is_lost() -> None:
    shelf = Shelf(np.array([5, 7]), np.array([2, 3]), True)
    sell(shelf, 0)
    before = [sys.getrefcount(field) for field in shelf[:2]]
    for _ in range(100):
        sell(shelf, 0)
    assert [sys.getrefcount(field) for field in shelf[:2]] == before


def test_classes_with_equal_fields_are_told_apart() -> None:
    assert first_units(Shelf(np.array([5]), np.array([2]), True)) == 5
    assert first_units(Twin(np.array([5]), np.array([2]), True)) == 2


def test_a_field_of_another_kind_is_never_read_as_if_it_fitted() -> None:
    for dtype in (np.int64, np.int32):
        assert first_units(Shelf(np.array([5, 6], dtype)[1:], np.array([2]), True)) == 6
    assert len(first_units.signatures) >= 2


def test_an_inner_kernel_is_compiled_once_for_literals_and_numbers() -> None:
    anew = njit(sell.py_func)  # not from the cache, which has the callee inside
    anew(Shelf(np.array([5, 7]), np.array([2, 3]), True), 1)
    assert len(worth_from._compiled.signatures) == 1
