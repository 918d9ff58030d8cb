"""Read tables, CSV or Parquet, into plain columns; what can't be understood is refused, never guessed."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MICROS_PER_CENT = 10_000
CENTS_MAX = 1e8  # a million dollars for one unit or step: far above any, and no sum leaves 64 bits
NO_TIME = np.iinfo(np.int64).max
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnusableInput(Exception):
    """A file that can't be read as what it should be; nothing can be said of the plan."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it stands in its file; each column is given a meaning when it is asked for."""

    file: str
    cells: pa.Table

    def __len__(self) -> int:
        return cast(int, self.cells.num_rows)

    def has(self, column: str) -> bool:
        """Say whether there is such a column."""
        return column in self.cells.column_names

    def texts(self, column: str, *, optional: bool = False) -> list[str]:
        """Read identifiers and words exactly as they stand; an empty cell gives "", if `optional`."""
        cells = self._column(column)
        if not (pa.types.is_null(cells.type) or _is_text(cells.type)):
            raise self._unusable(column, "is not text")
        words = pc.fill_null(cells.cast(pa.large_string()), "")
        if not optional:
            self._refuse(column, pc.equal(words, "").to_numpy(zero_copy_only=False), "is empty")
        return cast(list[str], words.to_pylist())

    def numbers(
        self, column: str, *, least: float, most: float, blank: float | None = None, whole: bool = False
    ) -> Floats:
        """Read finite numbers from `least` to `most`; an empty cell is `blank`, or refused."""
        numbers = self.raw_numbers(column)
        if blank is not None:
            numbers = np.where(self._empty(column), blank, numbers)
        self._refuse(column, ~((numbers >= least) & (numbers <= most)), f"is not from {least:g} to {most:g}")
        if whole:
            self._refuse(column, numbers != np.rint(numbers), "is not a whole number")
        return numbers

    def wholes(self, column: str, *, least: int, most: int, blank: int | None = None) -> Ints:
        """Read whole numbers from `least` to `most`."""
        return self.numbers(column, least=least, most=most, blank=blank, whole=True).astype(np.int64)

    def parts(self, column: str, parts_of_one: int, *, most: float) -> Ints:
        """Read numbers from 0 to `most`, counted in parts of one; what is finer is refused, never rounded."""
        counted = self.numbers(column, least=0, most=most) * parts_of_one
        parts = np.rint(counted)
        # A decimal such as 0.1 is not exact in binary: that much is no finer part.
        self._refuse(column, np.abs(counted - parts) > 1e-6, f"is finer than 1/{parts_of_one}")
        return parts.astype(np.int64)

    def micros(self, column: str) -> Ints:
        """Read money in cents, counted in micros."""
        return np.rint(self.numbers(column, least=0, most=CENTS_MAX) * MICROS_PER_CENT).astype(np.int64)

    def raw_numbers(self, column: str) -> Floats:
        """Read numbers of any kind, NaN where a cell is empty."""
        cells = self._column(column)
        try:
            if _is_text(cells.type):
                trimmed = pc.utf8_trim_whitespace(cells)
                cells = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, trimmed.type), trimmed)
            numbers = pc.fill_null(cells.cast(pa.float64(), safe=False), np.nan)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise self._unusable(column, "holds something that is no number") from error
        return np.array(numbers.to_numpy(zero_copy_only=False), np.float64)

    def flags(self, column: str) -> Bools:
        """Read True and False in any case, or 1 and 0."""
        try:
            cells = self._column(column).cast(pa.large_string())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise self._unusable(column, "is neither true nor false") from error
        words = pc.fill_null(pc.utf8_lower(pc.utf8_trim_whitespace(cells)), "")
        true = np.isin(words.to_numpy(zero_copy_only=False), ["true", "1", "1.0"])
        false = np.isin(words.to_numpy(zero_copy_only=False), ["false", "0", "0.0"])
        self._refuse(column, ~(true | false), "is neither true nor false")
        return true

    def moments(self, column: str, *, optional: bool = False) -> Ints:
        """Read moments as microseconds since 1970 in UTC; NO_TIME where a cell is empty, if `optional`."""
        cells = self._column(column)
        if pa.types.is_timestamp(cells.type):
            if cells.type.tz is None:
                raise self._unusable(column, "names no time zone")
            ticks = cells.cast(pa.timestamp("us", "UTC"), safe=False).cast(pa.int64())
            moments: Ints = pc.fill_null(ticks, NO_TIME).to_numpy(zero_copy_only=False)
        else:
            moments = np.array(
                [self._moment(column, text) for text in self.texts(column, optional=True)], np.int64
            )
        if not optional:
            self._refuse(column, moments == NO_TIME, "is empty")
        return moments

    def _moment(self, column: str, text: str) -> int:
        if not text.strip():
            return int(NO_TIME)
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError as error:
            raise self._unusable(column, f"holds {text!r}, which is no time") from error
        if moment.tzinfo is None:
            raise self._unusable(column, f"holds {text!r}, which names no time zone")
        return (moment - _EPOCH) // timedelta(microseconds=1)

    def _column(self, column: str) -> pa.Array:
        if not self.has(column):
            raise UnusableInput(f"{self.file} has no column {column}")
        cells = self.cells.column(column).combine_chunks()
        if isinstance(cells, pa.ChunkedArray):  # nothing to combine, or too much for one piece
            cells = pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.array([], cells.type)
        return cells.dictionary_decode() if pa.types.is_dictionary(cells.type) else cells

    def _empty(self, column: str) -> Bools:
        cells = self._column(column)
        if _is_text(cells.type):
            cells = pc.equal(pc.fill_null(pc.utf8_trim_whitespace(cells), ""), "")
        else:
            cells = cells.is_null()
        return np.asarray(cells.to_numpy(zero_copy_only=False), np.bool_)

    def _refuse(self, column: str, wrong: Bools, what: str) -> None:
        if wrong.any():
            raise self._unusable(column, f"in row {int(np.argmax(wrong)) + 1} {what}")

    def _unusable(self, column: str, what: str) -> UnusableInput:
        return UnusableInput(f"{self.file}: {column} {what}")


def read_table(folder: Path, name: str) -> Table:
    """Read the table `name` from a folder, where it stands as CSV or as Parquet.

    Raises
    ------
    UnusableInput
        When it is missing, there twice, not readable or empty.
    """
    paths = _paths(folder, name)
    if not paths:
        raise UnusableInput(f"{folder} has neither {name}.csv nor {name}.parquet")
    table = read_file(paths[0])
    if not len(table):
        raise UnusableInput(f"{table.file} has no rows")
    return table


def read_optional_table(folder: Path, name: str) -> Table | None:
    """Read a table that a folder may lack; None where it does, or where the table has no rows.

    Raises
    ------
    UnusableInput
        When it is there twice or not readable.
    """
    paths = _paths(folder, name)
    table = read_file(paths[0]) if paths else None
    return table if table is not None and len(table) else None


def _paths(folder: Path, name: str) -> list[Path]:
    paths = [path for path in (folder / f"{name}.csv", folder / f"{name}.parquet") if path.exists()]
    if len(paths) > 1:
        raise UnusableInput(f"{folder} has both {name}.csv and {name}.parquet")
    return paths


def read_file(path: Path) -> Table:
    """Read one file.

    Raises
    ------
    UnusableInput
        When it is missing or not readable.
    """
    if not path.exists():
        raise UnusableInput(f"{path.parent} has no {path.name}")
    try:
        cells = _read_csv(path) if path.suffix == ".csv" else _read_parquet(path)
    except (OSError, pa.ArrowException) as error:
        raise UnusableInput(f"{path} can't be read: {str(error).splitlines()[0]}") from error
    repeated = [name for name in cells.column_names if cells.column_names.count(name) > 1]
    if repeated:
        raise UnusableInput(f"{path.name} has the column {repeated[0]} twice")
    return Table(path.name, cells)


def positions(table: Table, column: str, names: Sequence[str], wanted: Sequence[str]) -> Ints:
    """Look every name up in a list; -1 for the empty text.

    Raises
    ------
    UnusableInput
        When a name that is not empty isn't there.
    """
    at = find(names, wanted)
    unknown = [name for name, found in zip(wanted, at.tolist(), strict=True) if found < 0 and name]
    if unknown:
        raise UnusableInput(f"{table.file}: {column} {unknown[0]!r} is not known")
    return at


def find(names: Sequence[str], wanted: Sequence[str]) -> Ints:
    """Position of every wanted name in `names`, -1 where it isn't there."""
    at = {name: position for position, name in enumerate(names)}
    return np.fromiter((at.get(name, -1) for name in wanted), np.int64, len(wanted))


def require_distinct(table: Table, what: str, keys: Sequence[object]) -> None:
    """Refuse a table that says the same thing twice."""
    if len(set(keys)) < len(keys):
        raise UnusableInput(f"{table.file}: {what} stands on two rows")


def _read_parquet(path: Path) -> pa.Table:
    with pq.ParquetFile(path) as parquet:
        cells = parquet.read()
    cells.validate(full=True)
    return cells


def _read_csv(path: Path) -> pa.Table:
    parse = pa_csv.ParseOptions(newlines_in_values=True)
    content = path.read_bytes() + b"\n"  # pyarrow refuses a header without a line end
    names = pa_csv.open_csv(io.BytesIO(content), parse_options=parse).schema.names
    as_text = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    read = pa_csv.read_csv(io.BytesIO(content), parse_options=parse, convert_options=as_text)
    cells = read.rename_columns([name.strip() for name in read.column_names])
    filled = np.zeros(cells.num_rows, np.bool_)  # rows of nothing but commas are spreadsheets' litter
    for column in cells.columns:
        filled |= pc.not_equal(pc.utf8_trim_whitespace(column), "").to_numpy()
    return cells if filled.all() else cells.filter(pa.array(filled))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
