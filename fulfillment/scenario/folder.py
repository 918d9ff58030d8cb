"""Find the files of a scenario in a folder and open each as a sheet."""

from pathlib import Path

from fulfillment.scenario.csv_file import read_csv
from fulfillment.scenario.layout import COLUMNS, OPTIONAL
from fulfillment.scenario.parquet_file import read_parquet
from fulfillment.scenario.problems import Findings, Problem, Severity
from fulfillment.scenario.sheet import Sheet

READERS = {"csv": read_csv, "parquet": read_parquet}


def open_sheets(folder: Path, findings: Findings) -> dict[str, Sheet]:
    """Open every table of a scenario, CSV or Parquet, and report what is missing or cannot be read.

    Other files in the folder are none of ours and ignored.
    """
    if not folder.is_dir():
        what = "this is a file, not a folder" if folder.exists() else "the folder is not there"
        problem = Problem(str(folder), None, None, None, what, "Name a scenario's folder.")
        findings.add(Severity.PROBLEM, problem)
        return {table: Sheet.absent(table, findings) for table in COLUMNS}
    sheets = {table: _open_sheet(folder, table, findings) for table in COLUMNS}
    for sheet in sheets.values():
        _check_columns(sheet)
    return sheets


def _open_sheet(folder: Path, table: str, findings: Findings) -> Sheet:
    names = [f"{table}.{ending}" for ending in READERS if (folder / f"{table}.{ending}").exists()]
    match names:
        case [file]:
            return _read_file(folder, table, file, findings)
        case [] if table in OPTIONAL:
            return Sheet.absent(table, findings)
        case []:
            problem = Problem(
                f"{table}.csv",
                None,
                None,
                None,
                "the file is missing",
                f"Put {table}.csv or {table}.parquet into the folder.",
            )
        case _:
            problem = Problem(
                names[0],
                None,
                None,
                None,
                f"{' and '.join(names)} are both there",
                "Keep the one that is meant.",
            )
    findings.add(Severity.PROBLEM, problem)
    return Sheet.absent(table, findings)


def _read_file(folder: Path, table: str, file: str, findings: Findings) -> Sheet:
    try:
        content = (folder / file).read_bytes()
    except OSError as error:
        problem = Problem(
            file, None, None, None, f"the file cannot be read ({error.strerror})", "Make it a readable file."
        )
        findings.add(Severity.PROBLEM, problem)
        return Sheet.absent(table, findings)
    return READERS[file.rpartition(".")[2]](table, file, content, findings)


def _check_columns(sheet: Sheet) -> None:
    if not sheet.columns:
        return
    for column in COLUMNS[sheet.table]:
        if not sheet.has(column):
            sheet.flag_column(column, None, "the column is missing", f"Add the column {column}.")
    for column in sheet.columns:
        if column not in COLUMNS[sheet.table]:
            sheet.flag_column(
                column, None, "the column is not known and ignored", "Leave it, or drop it.", Severity.WARNING
            )
    if not sheet.rows and sheet.table not in OPTIONAL:
        sheet.flag_file("the file has no rows", "Write at least one row.")


def table_files(folder: Path) -> list[Path]:
    """List the files that a scenario in `folder` is read from."""
    names = [folder / f"{table}.{ending}" for table in COLUMNS for ending in READERS]
    return [path for path in names if path.exists()]
