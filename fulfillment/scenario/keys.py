"""Keys: identifiers that name a row, and references to the rows of other tables."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fulfillment.scenario.cells import is_blank
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import NO_INDEX, Bools, Ints


def find_positions(sheet: Sheet, column: str, ids: pa.Array, known: Sequence[str], place: str) -> Ints:
    """Find each identifier in the table it refers to, and report those that are not there.

    Parameters
    ----------
    sheet, column
        Where the identifiers stand.
    ids : pyarrow.Array of large_string
        The identifiers; empty ones are passed over.
    known : sequence of str
        The identifiers of the other table. If it has none, it could not be read, and nothing is reported.
    place : str
        The other table's name.

    Returns
    -------
    int64[row], NO_INDEX where there is none
    """
    found = pc.index_in(ids, value_set=pa.array(known, pa.large_string()))
    positions: Ints = pc.fill_null(found, NO_INDEX).to_numpy(zero_copy_only=False).astype(np.int64)
    given = ~is_blank(ids)
    if any(known):
        sheet.flag(
            column,
            given & (positions == NO_INDEX),
            f"not among the {place}",
            f"Add it to {place}, or correct the {column}.",
        )
    return np.where(given, positions, NO_INDEX)


KEEP_ONE = "Keep one of the rows {} and {}."


def flag_repeated(
    sheet: Sheet,
    column: str,
    keys: Sequence[Ints],
    message: str,
    counted: Bools,
    remedy: str = KEEP_ONE,
) -> None:
    """Report every row whose key stands on an earlier row too.

    Parameters
    ----------
    sheet, column
        Where to report.
    keys : sequence of int64[row]
        The parts of the key.
    message : str
        What is wrong.
    counted : bool[row]
        Rows that have a usable key; the others are passed over.
    remedy : str
        What to do, with two places for the numbers of the rows.
    """
    rows = np.flatnonzero(counted)
    if not len(rows):
        return
    order = rows[np.lexsort([key[rows] for key in reversed(keys)])]  # stable: equal keys stay in file order
    same = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    if not same.any():
        return
    firsts = np.maximum.accumulate(np.where(np.append(True, ~same), np.arange(len(order)), 0))
    again = np.flatnonzero(np.append(False, same))
    first_of = dict(zip(order[again].tolist(), order[firsts[again]].tolist(), strict=True))
    numbers = sheet.row_numbers()
    sheet.flag(
        column,
        np.sort(order[again]),
        message,
        lambda at: remedy.format(numbers[first_of[at]], numbers[at]),
    )


def flag_repeated_ids(sheet: Sheet, column: str, ids: pa.Array) -> None:
    """Report identifiers of a table's own rows that stand twice."""
    flag_repeated(sheet, column, [codes_of(ids)], f"the {column} stands twice", ~is_blank(ids))


def codes_of(words: pa.Array) -> Ints:
    """Give each distinct word a number, in the order of their first appearance."""
    codes: Ints = pc.dictionary_encode(words).indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes
