"""Give a column its meaning: numbers, money, choices, identifiers; every cell that has none is reported.

A reader never stops at a bad cell. It reports it and leaves a value there that no later rule objects to (NaN,
an empty text), so that one mistake is one problem.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fulfillment.scenario import limits
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import MICROS_PER_CENT, Bools, Floats, Ints

# Half a unit in the last place for reading a decimal and half for scaling it, doubled.
ROUNDING = 4.5e-16

MISSING = "the value is missing"


def read_text(sheet: Sheet, column: str) -> pa.Array:
    """Read free text; numbers and dates become their usual text, a missing cell becomes the empty one.

    Returns
    -------
    pyarrow.Array of large_string, without nulls
    """
    cells = sheet.columns.get(column)
    if cells is None:
        return _empty_texts(sheet.rows)
    try:
        return pc.fill_null(cells.cast(pa.large_string()), "")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        _refuse(sheet, column, "text")
        return _empty_texts(sheet.rows)


def read_ids(sheet: Sheet, column: str, *, optional: bool = False) -> pa.Array:
    """Read identifiers exactly as they stand; a Parquet column of numbers is refused, never converted.

    Returns
    -------
    pyarrow.Array of large_string, without nulls; the empty text where there is none or none that can be used
    """
    if not sheet.has(column):
        return _empty_texts(sheet.rows)
    cells = sheet.columns[column]
    if not (_is_text(cells.type) or pa.types.is_null(cells.type)):
        sheet.refuse_column(
            column,
            "identifiers must be text",
            "Write the column as text: numbers have lost their leading zeros.",
        )
        return _empty_texts(sheet.rows)
    ids = pc.fill_null(cells.cast(pa.large_string()), "")
    if not optional:
        sheet.flag(column, is_blank(ids), "the identifier is blank", "Give the row its identifier.")
    return ids


def read_choice(sheet: Sheet, column: str, allowed: Sequence[str]) -> list[str]:
    """Read words of which only a few exist."""
    words = read_text(sheet, column)
    if sheet.has(column):
        known = pc.is_in(words, value_set=pa.array(allowed, pa.large_string()))
        sheet.flag(column, ~as_mask(known), f"the {column} is not known", f"Write {_any_of(allowed)}.")
    return to_list(words)


def read_matching(
    sheet: Sheet, column: str, is_right: Callable[[str], bool], message: str, remedy: str
) -> list[str]:
    """Read text of a form that is looked at once for every distinct value."""
    words = read_text(sheet, column)
    if sheet.has(column):
        wrong = [word for word in pc.unique(words).to_pylist() if not is_right(word)]
        at = as_mask(pc.is_in(words, value_set=pa.array(wrong, pa.large_string())))
        sheet.flag(column, at, message, remedy)
    return to_list(words)


def read_booleans(sheet: Sheet, column: str) -> Bools:
    """Read True and False in any case, or 1 and 0."""
    words = pc.utf8_lower(pc.utf8_trim_whitespace(read_text(sheet, column)))
    true, false = (
        as_mask(pc.is_in(words, value_set=pa.array(words_for, pa.large_string())))
        for words_for in (["true", "1", "1.0"], ["false", "0", "0.0"])
    )
    if sheet.has(column):
        sheet.flag(column, ~(true | false), "the value is neither true nor false", "Write True or False.")
    return true


def read_numbers(
    sheet: Sheet,
    column: str,
    *,
    least: float,
    most: float,
    blank: float | None = None,
    decimals: int | None = None,
) -> Floats:
    """Read finite numbers between two bounds.

    Parameters
    ----------
    sheet, column
        Where.
    least, most : float
        What a number must not be below or above.
    blank : float, optional
        What an empty cell means; without it an empty cell is a problem.
    decimals : int, optional
        How many a number may have, zero for whole numbers; any where not given.

    Returns
    -------
    float64[row], NaN where a problem was reported
    """
    if not sheet.has(column):
        return np.full(sheet.rows, np.nan)
    remedy = f"Write {_number_words(decimals)} from {_plain(least)} to {_plain(most)}."
    parsed = _parse_numbers(sheet.columns[column])
    if parsed is None:
        _refuse(sheet, column, "numbers")
        return np.full(sheet.rows, np.nan)
    numbers, empty = parsed
    if blank is None:
        sheet.flag(column, empty, MISSING, remedy)
    finite = np.isfinite(numbers)
    sheet.flag(column, ~finite & ~empty, "not a number", remedy)
    numbers[~finite] = np.nan
    if decimals is not None:
        scaled = numbers * 10.0**decimals
        uneven = np.abs(scaled - np.rint(scaled)) > np.abs(scaled) * ROUNDING
        message = f"more than {decimals} decimals" if decimals else "not a whole number"
        sheet.flag(column, uneven, message, remedy)
        numbers[uneven] = np.nan
    low, high = numbers < least, numbers > most
    sheet.flag(column, low, "the number is negative" if least == 0 else f"less than {_plain(least)}", remedy)
    sheet.flag(column, high, f"more than {_plain(most)}", remedy)
    numbers[low | high] = np.nan
    if blank is not None:
        numbers[empty] = blank
    return numbers


def read_whole(sheet: Sheet, column: str, *, least: int, most: int, blank: int | None = None) -> Ints:
    """Read whole numbers between two bounds; `least` stands in for a cell with a problem."""
    return to_ints(read_numbers(sheet, column, least=least, most=most, blank=blank, decimals=0), least)


def read_money(sheet: Sheet, column: str) -> Ints:
    """Read cents with at most four decimals, and count them in micros."""
    cents = read_numbers(sheet, column, least=0, most=limits.CENTS, decimals=4)
    return to_ints(np.rint(cents * MICROS_PER_CENT), 0)


def is_blank(words: pa.Array) -> Bools:
    """Mark empty cells; one with nothing but spaces counts as empty."""
    return as_mask(pc.equal(pc.utf8_trim_whitespace(words), ""))


def as_mask(booleans: pa.Array) -> Bools:
    """Give a pyarrow boolean column as a numpy mask."""
    mask: Bools = booleans.to_numpy(zero_copy_only=False).astype(np.bool_)
    return mask


def to_list(words: pa.Array) -> list[str]:
    """Give a text column as Python strings."""
    words_list: list[str] = words.to_pylist()
    return words_list


def to_ints(numbers: Floats, instead_of_nan: int) -> Ints:
    """Give whole floats as integers."""
    return np.where(np.isnan(numbers), instead_of_nan, numbers).astype(np.int64)


def _parse_numbers(cells: pa.Array) -> tuple[Floats, Bools] | None:
    """Give the numbers, NaN where a cell holds none, and which cells are empty; None if the type has none."""
    if _is_text(cells.type):
        return _parse_number_texts(cells)
    kind = cells.type
    if not (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_null(kind)
    ):
        return None
    numbers = pc.fill_null(cells.cast(pa.float64(), safe=False), np.nan)
    return numbers.to_numpy(zero_copy_only=False).copy(), as_mask(cells.is_null())


def _parse_number_texts(cells: pa.Array) -> tuple[Floats, Bools]:
    trimmed = pc.utf8_trim_whitespace(pc.fill_null(cells.cast(pa.large_string()), ""))
    empty = pc.equal(trimmed, "")
    texts = pc.if_else(empty, pa.scalar(None, pa.large_string()), trimmed)
    try:
        numbers = texts.cast(pa.float64())
    except pa.ArrowInvalid:
        readable = pc.match_substring_regex(texts, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
        numbers = pc.if_else(readable, texts, pa.scalar(None, pa.large_string())).cast(pa.float64())
    return pc.fill_null(numbers, np.nan).to_numpy(zero_copy_only=False).copy(), as_mask(empty)


def _refuse(sheet: Sheet, column: str, wanted: str) -> None:
    sheet.refuse_column(column, f"the column does not hold {wanted}", f"Write the column as {wanted}.")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _empty_texts(rows: int) -> pa.Array:
    return pa.repeat(pa.scalar("", pa.large_string()), rows)


def _any_of(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _number_words(decimals: int | None) -> str:
    match decimals:
        case None:
            return "a number"
        case 0:
            return "a whole number"
        case _:
            return f"a number with at most {decimals} decimals"


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)
