"""Read times and dates: Parquet's own, or ISO 8601 text."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fulfillment.scenario import limits
from fulfillment.scenario.cells import MISSING, as_mask, read_text, to_list
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import Bools, Ints, Times

WRITE_TIME: Final = "Write a time with its zone, such as 2026-11-20T11:18:00Z."
WRITE_DATE: Final = "Write a date as YYYY-MM-DD."
NOT_A_TIME: Final = "not a time"
NO_ZONE: Final = "the time names no time zone"
NAT: Final = np.datetime64("NaT", "us")

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
TICKS_PER_SECOND: Final = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
FIRST_SECOND, END_SECOND = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in limits.YEARS)


def read_times(sheet: Sheet, column: str, *, optional: bool = False) -> Times:
    """Read moments in UTC, to the microsecond.

    A time without a zone is a problem, not a guess: a promise an hour off is a broken promise.

    Returns
    -------
    datetime64[us][row], NaT where a cell is empty or has a problem
    """
    if not sheet.has(column):
        return np.full(sheet.rows, NAT)
    kind = sheet.columns[column].type
    if not pa.types.is_timestamp(kind):
        return _read_time_texts(sheet, column, optional=optional)
    if kind.tz is None:
        sheet.refuse_column(
            column, "the times name no time zone", "Write the column as timestamps in the zone UTC."
        )
        return np.full(sheet.rows, NAT)
    cells = sheet.columns[column]
    empty = as_mask(cells.is_null())
    if not optional:
        sheet.flag(column, empty, MISSING, WRITE_TIME)
    return _to_times(sheet, column, _ticks_of(cells), TICKS_PER_SECOND[kind.unit], empty)


def read_dates(sheet: Sheet, column: str) -> list[str]:
    """Read dates as ISO text, the empty text where there is none."""
    cells = sheet.columns.get(column)
    if cells is not None and pa.types.is_timestamp(cells.type) and cells.type.tz is None:
        # pandas has no dates, only midnights.
        texts = pc.fill_null(pc.strftime(cells, format="%Y-%m-%d").cast(pa.large_string()), "")
    else:
        texts = pc.utf8_trim_whitespace(read_text(sheet, column))
    wrong = [text for text in pc.unique(texts).to_pylist() if text and not _is_date(text)]
    at = as_mask(pc.is_in(texts, value_set=pa.array(wrong, pa.large_string())))
    sheet.flag(column, at, "not a date", WRITE_DATE)
    return to_list(texts)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _ticks_of(cells: pa.Array) -> Ints:
    ticks: Ints = pc.fill_null(cells.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    return ticks


def _to_times(sheet: Sheet, column: str, ticks: Ints, per_second: int, none: Bools) -> Times:
    """Convert ticks since 1970; report those so far off that they cannot be meant."""
    far = ~none & ((ticks < FIRST_SECOND * per_second) | (ticks >= END_SECOND * per_second))
    first, end = limits.YEARS
    sheet.flag(column, far, f"not between the years {first} and {end - 1}", WRITE_TIME)
    near = np.where(far | none, 0, ticks)
    micros = near // 1000 if per_second == 10**9 else near * (10**6 // per_second)
    times = micros.astype("datetime64[us]")
    times[far | none] = NAT
    return times


def _read_time_texts(sheet: Sheet, column: str, *, optional: bool) -> Times:
    texts = pc.utf8_trim_whitespace(read_text(sheet, column))
    empty = pc.equal(texts, "")
    if not optional and sheet.has(column):
        sheet.flag(column, as_mask(empty), MISSING, WRITE_TIME)
    try:
        moments = pc.if_else(empty, pa.scalar(None, pa.large_string()), texts).cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        ticks, wrong = _parse_one_by_one(sheet, column, texts)
    else:
        ticks, wrong = _ticks_of(moments), np.zeros(sheet.rows, np.bool_)
    return _to_times(sheet, column, ticks, TICKS_PER_SECOND["us"], as_mask(empty) | wrong)


def _parse_one_by_one(sheet: Sheet, column: str, texts: pa.Array) -> tuple[Ints, Bools]:
    """Give the microseconds of texts that pyarrow does not take as a whole, and report the wrong ones."""
    encoded = pc.dictionary_encode(texts)
    parsed = [_parse_time(text) if text else 0 for text in encoded.dictionary.to_pylist()]
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    wrong = np.zeros(sheet.rows, np.bool_)
    for message in (NOT_A_TIME, NO_ZONE):
        at = np.array([moment == message for moment in parsed], np.bool_)[codes]
        sheet.flag(column, at, message, WRITE_TIME)
        wrong |= at
    ticks = np.array([0 if isinstance(moment, str) else moment for moment in parsed], np.int64)
    return ticks[codes], wrong


def _parse_time(text: str) -> int | str:
    """Give microseconds since 1970, or what is wrong."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return NOT_A_TIME
    if moment.tzinfo is None:
        return NO_ZONE if len(text) > len("YYYY-MM-DD") else NOT_A_TIME
    return (moment - EPOCH) // timedelta(microseconds=1)
