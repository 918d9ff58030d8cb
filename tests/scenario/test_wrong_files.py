"""Files that cannot be read, or not wholly."""

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fulfillment.scenario.layout import COLUMNS, OPTIONAL
from fulfillment.scenario.problems import SHOWN_OF_A_KIND, Problem, Severity
from fulfillment.scenario.validate import validate_scenario
from tests.scenario.small import as_arrow, small_tables, write_tables


def problems_of(folder: Path) -> tuple[Problem, ...]:
    validation = validate_scenario(folder)
    assert validation.scenario is None
    return validation.verdict.problems


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path / "nowhere")
    assert problem.file == str(tmp_path / "nowhere")
    assert problem.message == "the folder is not there"


def test_a_file_instead_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert problems_of(tmp_path / "file")[0].message == "this is a file, not a folder"


@pytest.mark.parametrize("table", COLUMNS.keys() - OPTIONAL)
def test_a_missing_file_is_one_problem(tmp_path: Path, table: str) -> None:
    folder = write_tables(small_tables(), tmp_path)
    (folder / f"{table}.csv").unlink()
    (problem,) = problems_of(folder)
    assert (problem.file, problem.row, problem.message) == (f"{table}.csv", None, "the file is missing")
    assert problem.remedy == f"Put {table}.csv or {table}.parquet into the folder."


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, columns in COLUMNS.items() for column in columns]
)
def test_a_missing_column_is_one_problem(tmp_path: Path, table: str, column: str) -> None:
    tables = small_tables()
    at = COLUMNS[table].index(column)
    for row in tables[table]:
        del row[at]
    problems = problems_of(write_tables(tables, tmp_path))
    own = [problem for problem in problems if problem.message == "the column is missing"]
    assert [(problem.file, problem.column, problem.remedy) for problem in own] == [
        (f"{table}.csv", column, f"Add the column {column}.")
    ]
    assert len(problems) == 1


def test_both_forms_of_a_table(tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path)
    pq.write_table(as_arrow(small_tables()["stock"]), folder / "stock.parquet")
    (problem,) = problems_of(folder)
    assert problem.message == "stock.csv and stock.parquet are both there"
    assert problem.remedy == "Keep the one that is meant."


@pytest.mark.parametrize("name", ["stock.csv", "stock.parquet"])
def test_an_empty_file(tmp_path: Path, name: str) -> None:
    folder = write_tables(small_tables(), tmp_path)
    (folder / "stock.csv").unlink()
    (folder / name).write_bytes(b"")
    (problem,) = problems_of(folder)
    assert (problem.file, problem.message) == (name, "the file is empty")


@pytest.mark.parametrize("table", COLUMNS.keys() - OPTIONAL)
@pytest.mark.parametrize("end", ["", "\n", "\r\n\r\n", "\n,,,\n"])
def test_a_file_without_rows(tmp_path: Path, table: str, end: str) -> None:
    folder = write_tables(small_tables(), tmp_path)
    commas = "," * (len(COLUMNS[table]) - 1)
    (folder / f"{table}.csv").write_text(",".join(COLUMNS[table]) + end.replace(",,,", commas), newline="")
    (problem,) = problems_of(folder)
    assert (problem.file, problem.message) == (f"{table}.csv", "the file has no rows")


def test_a_parquet_file_without_rows(tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path)
    (folder / "stock.csv").unlink()
    pq.write_table(as_arrow(small_tables()["stock"]).slice(0, 0), folder / "stock.parquet")
    (problem,) = problems_of(folder)
    assert (problem.file, problem.message) == ("stock.parquet", "the file has no rows")


def test_broken_parquet(tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path)
    (folder / "stock.csv").unlink()
    pq.write_table(as_arrow(small_tables()["stock"]), folder / "stock.parquet")
    whole = (folder / "stock.parquet").read_bytes()
    for broken in (whole[:-20], whole[: len(whole) // 2], b"PAR1", b"node_id,sku_id\n"):
        (folder / "stock.parquet").write_bytes(broken)
        (problem,) = problems_of(folder)
        assert (problem.file, problem.row) == ("stock.parquet", None)
        assert problem.message.startswith("the file is not readable Parquet (")
        assert problem.remedy == "Write the file again, whole, with a Parquet writer."


def test_parquet_text_that_is_not_utf8(tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path)
    (folder / "skus.csv").unlink()
    table = as_arrow(small_tables()["skus"])
    bad = pa.Array.from_buffers(
        pa.string(),
        4,
        [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0"), pa.py_buffer(b"a\xffbc")],
    )
    pq.write_table(table.set_column(2, "name", bad), folder / "skus.parquet")
    (problem,) = problems_of(folder)
    assert problem.message.startswith("the file is not readable Parquet (")


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path)
    (folder / "stock.csv").unlink()
    (folder / "stock.csv").mkdir()
    (problem,) = problems_of(folder)
    assert problem.message == "the file cannot be read (Is a directory)"


def test_text_that_is_not_utf8_is_shown_with_its_line(tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path)
    content = (folder / "skus.csv").read_bytes()
    (folder / "skus.csv").write_bytes(content.replace(b"Pencils", b"Caf\xe9"))
    (problem,) = problems_of(folder)
    assert (problem.file, problem.row, problem.value) == ("skus.csv", 3, r"b'\xe9'")
    assert problem.message == "the text is not UTF-8"


def test_rows_are_numbered_by_the_lines_of_the_file(tmp_path: Path) -> None:
    """Blank lines, a line end in quotes and a row that is left out before it do not shift a row's number."""
    folder = write_tables(small_tables(), tmp_path)
    lines = (folder / "skus.csv").read_text().splitlines()
    lines[1:2] = ["", '008,,"two\nlines",1,1', ",,,,", "009,too,few", lines[1].replace("800", "heavy")]
    (folder / "skus.csv").write_text("\n".join(lines))
    ragged, heavy = problems_of(folder)
    assert (ragged.row, ragged.column, ragged.value) == (6, None, "3 fields")
    assert ragged.remedy.startswith("Give the row 5 fields")
    assert (heavy.row, heavy.column, heavy.value) == (7, "weight_g", "heavy")


def test_parquet_rows_are_numbered_from_one(tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path)
    tables = small_tables()
    tables["stock"][2][2] = "-1"
    (folder / "stock.csv").unlink()
    pq.write_table(as_arrow(tables["stock"]), folder / "stock.parquet")
    (problem,) = problems_of(folder)
    assert (problem.file, problem.row, problem.value) == ("stock.parquet", 2, "-1")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_column_that_stands_twice(tmp_path: Path, ending: str) -> None:
    tables = small_tables()
    for row in tables["skus"]:
        row.append(row[3])
    folder = write_tables(tables, tmp_path)
    if ending == "parquet":
        (folder / "skus.csv").unlink()
        columns = [pa.array(column[1:]) for column in zip(*tables["skus"], strict=True)]
        pq.write_table(pa.Table.from_arrays(columns, names=tables["skus"][0]), folder / "skus.parquet")
    (problem,) = problems_of(folder)
    assert (problem.file, problem.message) == (f"skus.{ending}", "a column name stands twice")


@pytest.mark.parametrize(
    "header", ['"sku_id"x,gtin,name,price_cents,weight_g', 'sku_id,gtin,na"me,price_cents,weight_g']
)
def test_a_stray_quote_in_the_header(tmp_path: Path, header: str) -> None:
    folder = write_tables(small_tables(), tmp_path)
    lines = (folder / "skus.csv").read_text().splitlines()
    (folder / "skus.csv").write_text("\n".join([header, *lines[1:]]) + "\n")
    assert {problem.file for problem in problems_of(folder)} == {"skus.csv"}


def test_no_row_is_lost_in_silence_behind_a_stray_quote(tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path)
    lines = (folder / "stock.csv").read_text().splitlines()
    for stray in ('V1,"A-3,5,0,0,', 'V1,A-3",5,0,0,,,', '"V1"",A-3,5,0,0,'):
        (folder / "stock.csv").write_text("\n".join([lines[0], stray, *lines[2:]]) + "\n")
        assert {problem.file for problem in problems_of(folder)} == {"stock.csv"}


# table, column, its type in Parquet, message
WRONG_TYPES = [
    ("stock", "node_id", pa.array([1, 2, 3, 4]), "identifiers must be text"),
    ("stock", "sku_id", pa.array([1.0, 2.0, 3.0, 4.0]), "identifiers must be text"),
    ("stock", "available", pa.array([True, False, True, True]), "the column does not hold numbers"),
    ("stock", "available", pa.array([[1], [2], [3], [4]]), "the column does not hold numbers"),
    ("orders", "postal_code", pa.array([1002, None, 90210]), "identifiers must be text"),
    ("orders", "order_id", pa.array([1, 2, 3]), "identifiers must be text"),
    ("orders", "placed_at", pa.array([datetime(2026, 1, 1)] * 3), "the times name no time zone"),
    ("orders", "promise_by", pa.array([datetime(2027, 1, 1)] * 3), "the times name no time zone"),
    ("orders", "channel", pa.array([["web"], ["app"], None]), "the column does not hold text"),
    ("nodes", "ships", pa.array([{"a": 1}] * 3), "the column does not hold text"),
    ("postal_codes", "postal_code", pa.array([1002, 90210]), "identifiers must be text"),
]


@pytest.mark.parametrize(("table", "column", "cells", "message"), WRONG_TYPES)
def test_a_parquet_column_of_a_wrong_type(
    tmp_path: Path, table: str, column: str, cells: pa.Array, message: str
) -> None:
    folder = write_tables(small_tables(), tmp_path)
    (folder / f"{table}.csv").unlink()
    typed = as_arrow(small_tables()[table])
    typed = typed.set_column(typed.column_names.index(column), column, cells)
    pq.write_table(typed, folder / f"{table}.parquet")
    (problem,) = problems_of(folder)
    assert (problem.file, problem.row, problem.column) == (f"{table}.parquet", None, column)
    assert problem.value == str(pq.read_schema(folder / problem.file).field(column).type)
    assert problem.message == message
    assert problem.remedy.startswith("Write the column")


def test_parquet_not_a_number_is_not_a_blank(tmp_path: Path) -> None:
    folder = write_tables(small_tables(), tmp_path)
    (folder / "nodes.csv").unlink()
    nodes = as_arrow(small_tables()["nodes"])
    cells = pa.array([None, float("nan"), float("inf")])
    pq.write_table(
        nodes.set_column(nodes.column_names.index("capacity_parcels"), "capacity_parcels", cells),
        folder / "nodes.parquet",
    )
    problems = problems_of(folder)
    assert [(each.row, each.value, each.message) for each in problems] == [
        (2, "nan", "not a number"),
        (3, "inf", "not a number"),
    ]


def test_thousands_of_one_problem_are_counted_and_the_first_shown(tmp_path: Path) -> None:
    tables = small_tables()
    tables["order_lines"] += [["O1", str(number), "A-2", "-1"] for number in range(10, 5010)]
    tables["order_lines"][2][2] = "nothing"
    verdict = validate_scenario(write_tables(tables, tmp_path)).verdict
    assert verdict.total(Severity.PROBLEM) == 5001
    assert len(verdict.problems) == SHOWN_OF_A_KIND + 1
    assert verdict.unshown(Severity.PROBLEM) == {
        ("order_lines.csv", "qty", "less than 1"): 5000 - SHOWN_OF_A_KIND
    }
