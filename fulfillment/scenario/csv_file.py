"""Read a CSV file into text columns; find the line of each row only when somebody asks."""

import csv
import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from fulfillment.scenario.problems import Findings, Problem, Severity
from fulfillment.scenario.sheet import Sheet
from fulfillment.scenario.tables import Ints

SAVE_AS_UTF8 = "Save the file as CSV in UTF-8"


def read_csv(table: str, file: str, content: bytes, findings: Findings) -> Sheet:
    """Turn a CSV file into a sheet of text cells.

    A byte-order mark, either kind of line end, quoted fields with line ends in them and blank lines are all
    understood. Rows with too few or too many fields are reported and left out.

    Parameters
    ----------
    table, file : str
        The table's name and the file's.
    content : bytes
        The whole file.
    findings : Findings
        Written.
    """
    header = _read_header(file, content, findings)
    if header is None:
        return Sheet.absent(table, findings)
    if not _has_rows(content):
        # Not left to pyarrow: it refuses a header without a line end.
        none = {name.strip(): pa.array([], pa.string()) for name in header}
        return Sheet(table, file, 0, none, lambda: np.zeros(0, np.int64), findings)
    ragged = 0

    def skip_ragged(_row: pa_csv.InvalidRow) -> str:
        nonlocal ragged
        ragged += 1
        return "skip"

    try:
        read = pa_csv.read_csv(
            io.BytesIO(content),
            read_options=pa_csv.ReadOptions(use_threads=False),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip_ragged),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in header}, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        _flag(findings, file, None, None, f"the file is not a readable CSV ({reason})", f"{SAVE_AS_UTF8}.")
        return Sheet.absent(table, findings)
    if read.column_names != header:
        # A quote in the wrong place: pyarrow would have guessed the types of columns named otherwise.
        _flag(findings, file, 1, None, "the header cannot be read", "Write the plain names of the columns.")
        return Sheet.absent(table, findings)
    cells = {name.strip(): column.combine_chunks() for name, column in zip(header, read.columns, strict=True)}
    filled = _rows_with_something(cells, read.num_rows)
    if filled is not None:
        cells = {name: column.take(pa.array(filled)) for name, column in cells.items()}
    if ragged:
        _flag_ragged(file, content, len(header), ragged, findings)

    def number_rows() -> Ints:
        lines = np.array([at for at, row in _records(content) if len(row) == len(header)][1:], np.int64)
        if len(lines) != read.num_rows:  # the two parsers disagree about a malformed quote
            lines = np.arange(2, read.num_rows + 2)
        return lines if filled is None else lines[filled]

    rows = read.num_rows if filled is None else len(filled)
    return Sheet(table, file, rows, cells, number_rows, findings)


def _read_header(file: str, content: bytes, findings: Findings) -> list[str] | None:
    """Give the names of the columns, or None when the file cannot be read."""
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        shown = repr(content[error.start : error.end])
        _flag(findings, file, line, shown, "the text is not UTF-8", f"{SAVE_AS_UTF8}.")
        return None
    header = next((row for _, row in _records(content)), None)
    if header is None:
        _flag(findings, file, None, None, "the file is empty", "Write a header and at least one row.")
        return None
    names = [name.strip() for name in header]
    repeated = sorted({name for name in names if names.count(name) > 1})
    for name in repeated:
        _flag(findings, file, 1, name, "a column name stands twice", "Keep one of the columns.")
    return None if repeated else header


def _has_rows(content: bytes) -> bool:
    """Say whether any record follows the header."""
    records = _records(content)
    next(records)
    return next(records, None) is not None


def _records(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not blank with the line it begins on.

    A field may be longer than what the csv module allows by default; the rest of such a file goes unnumbered.
    """
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline=""))
    begins = 1
    try:
        for row in reader:
            if row:
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error:
        return


def _rows_with_something(cells: dict[str, pa.Array], rows: int) -> Ints | None:
    """Give the positions of the rows that are not blank throughout (``,,,``), or None when all are."""
    blank = np.ones(rows, np.bool_)
    for column in cells.values():
        blank &= pc.equal(pc.utf8_trim_whitespace(column), "").to_numpy(zero_copy_only=False)
        if not blank.any():
            return None
    return np.flatnonzero(~blank)


def _flag_ragged(file: str, content: bytes, width: int, count: int, findings: Findings) -> None:
    """Report the rows that have another number of fields than the header; pyarrow met `count` of them."""
    message = "the row has not the header's fields"
    remedy = f"Give the row {width} fields, as the header has; quote a field that holds a comma."
    wrong = [(line, len(row)) for line, row in _records(content) if len(row) != width]
    for line, fields in wrong:
        _flag(findings, file, line, f"{fields} fields", message, remedy)
    if not wrong:  # the two parsers disagree about a malformed quote, and no row may be lost in silence
        _flag(findings, file, None, f"{count} rows", message, remedy)


def _flag(
    findings: Findings, file: str, row: int | None, value: str | None, message: str, remedy: str
) -> None:
    findings.add(Severity.PROBLEM, Problem(file, row, None, value, message, remedy))
