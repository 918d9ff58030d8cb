"""Read a Parquet file into columns of the types it has."""

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fulfillment.scenario.layout import COLUMNS
from fulfillment.scenario.problems import Findings, Problem, Severity
from fulfillment.scenario.sheet import Sheet

WRITE_AGAIN = "Write the file again, whole, with a Parquet writer."


def read_parquet(table: str, file: str, content: bytes, findings: Findings) -> Sheet:
    """Turn a Parquet file into a sheet; rows are numbered from 1.

    Parameters
    ----------
    table, file : str
        The table's name and the file's.
    content : bytes
        The whole file.
    findings : Findings
        Written.
    """
    if not content:
        _flag(findings, file, None, "the file is empty", "Write the table again.")
        return Sheet.absent(table, findings)
    try:
        with pq.ParquetFile(io.BytesIO(content)) as parquet:
            names = parquet.schema_arrow.names
            repeated = sorted({name for name in names if names.count(name) > 1})
            if repeated:
                for name in repeated:
                    _flag(findings, file, name, "a column name stands twice", "Keep one of the columns.")
                return Sheet.absent(table, findings)
            wanted = [name for name in names if name in COLUMNS[table]]
            read = parquet.read(columns=wanted)
        # Strings are read as they are; a byte that is not UTF-8 would surface anywhere later.
        read.validate(full=True)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        _flag(findings, file, None, f"the file is not readable Parquet ({reason})", WRITE_AGAIN)
        return Sheet.absent(table, findings)
    cells = {name: _plain(read.column(name)) for name in wanted}
    cells.update({name: pa.nulls(read.num_rows, pa.string()) for name in names if name not in wanted})
    rows = read.num_rows
    return Sheet(table, file, rows, cells, lambda: np.arange(1, rows + 1), findings)


def _plain(column: pa.ChunkedArray) -> pa.Array:
    """Lay a column out in one piece, without dictionary encoding."""
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # nothing to combine, or more text than one piece can hold
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], column.type)
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    return whole


def _flag(findings: Findings, file: str, column: str | None, message: str, remedy: str) -> None:
    findings.add(Severity.PROBLEM, Problem(file, None, column, None, message, remedy))
