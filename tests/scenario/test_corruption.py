"""Whatever stands in the files: they are read, or their problems are reported; nothing else ever happens."""

import tempfile
from pathlib import Path

import pyarrow.parquet as pq
from hypothesis import example, given
from hypothesis import strategies as st

from fulfillment.scenario.layout import COLUMNS
from fulfillment.scenario.problems import Problem
from fulfillment.scenario.validate import validate_scenario
from tests.scenario.small import as_arrow, small_tables, write_tables

NASTY = [
    *(
        "",
        " ",
        "\t",
        '"',
        "a\nb",
        "\r",
        "\x00",
        "\ufeff",
        "＋１",
        "١٢",
        "ß" * 300,
        "None",
        "null",
        "..",
        "America",
    ),
    *(
        "nan",
        "NaN",
        "inf",
        "-inf",
        "1e308",
        "1e999",
        "-1",
        "0",
        "-0",
        "+5",
        "0x10",
        "1_000",
        "1,000",
        "1.",
        ".5",
    ),
    *(
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "0.00001",
        "True",
        "TRUE ",
        "yes",
    ),
    *("2026-11-20", "2026-11-20T24:00:00Z", "24:00", "2026-W47-5T10:00Z", "2026-11-20T11:18:00.1234567Z"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31", "9999-12-31T23:59:59-14:00"),
    *("W1", "S1", "O1", "007", "SHIPPING", "PICK_UP", "LOCAL"),
]


@st.composite
def corruptions(draw: st.DrawFn) -> tuple[str, int, int, str]:
    table = draw(st.sampled_from(sorted(COLUMNS)))
    row = draw(st.integers(0, len(small_tables()[table]) - 1))
    column = draw(st.integers(0, len(COLUMNS[table]) - 1))
    return table, row, column, draw(st.sampled_from(NASTY) | st.text(max_size=6))


def assert_read_or_reported(folder: Path) -> None:
    validation = validate_scenario(folder)
    assert (validation.scenario is None) == bool(validation.verdict.problems)
    for finding in validation.verdict.problems + validation.verdict.warnings:
        assert isinstance(finding, Problem)
        assert finding.file
        assert finding.message
        assert finding.remedy.endswith(".")
        assert str(finding)


@given(st.lists(corruptions(), min_size=1, max_size=6), st.booleans())
@example(
    [("orders", 1, 1, "9999-12-31T23:59:59-14:00"), ("orders", 2, 1, "0001-01-01T00:00:00+14:00")], False
)
def test_corrupt_cells_are_read_or_reported(cells: list[tuple[str, int, int, str]], as_parquet: bool) -> None:
    tables = small_tables()
    for table, row, column, value in cells:
        tables[table][row][column] = value
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if as_parquet and all(len(set(rows[0])) == len(rows[0]) for rows in tables.values()):
            for table, rows in tables.items():
                pq.write_table(as_arrow(rows), folder / f"{table}.parquet")
        else:
            write_tables(tables, folder)
        assert_read_or_reported(folder)


@given(
    table=st.sampled_from(sorted(COLUMNS)),
    ending=st.sampled_from(["csv", "parquet"]),
    flips=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4),
    kept=st.floats(0, 1),
    cut=st.booleans(),
)
def test_corrupt_bytes_are_read_or_reported(
    table: str, ending: str, flips: list[tuple[float, int]], kept: float, cut: bool
) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = write_tables(small_tables(), Path(made))
        file = folder / f"{table}.{ending}"
        if ending == "parquet":
            (folder / f"{table}.csv").unlink()
            pq.write_table(as_arrow(small_tables()[table]), file)
        content = bytearray(file.read_bytes())
        for place, byte in flips:
            content[int(place * (len(content) - 1))] = byte
        file.write_bytes(content[: int(kept * len(content))] if cut else content)
        assert_read_or_reported(folder)
