"""What a valid folder means, in whatever form its files come."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fulfillment.scenario.layout import OPTIONAL
from fulfillment.scenario.problems import ScenarioInvalid
from fulfillment.scenario.read import read_scenario
from fulfillment.scenario.tables import METHODS, NO_INDEX, UNLIMITED_PARCELS
from fulfillment.scenario.validate import validate_scenario
from tests.scenario.small import as_arrow, assert_same_scenario, csv_bytes, small_tables, write_tables


def test_a_small_folder_means_what_its_cells_say(tmp_path: Path) -> None:
    scenario = read_scenario(write_tables(small_tables(), tmp_path))
    nodes, skus, stock = scenario.nodes, scenario.skus, scenario.stock
    assert nodes.node_id == ["W1", "S1", "V1"]
    assert nodes.name[1] == "Main St, 5"
    assert nodes.ships.tolist() == [True, True, True]
    assert nodes.pickup.tolist() == [False, True, False]
    assert nodes.processing_minutes.tolist() == [240, 90, 1440]
    assert nodes.handling_micros_per_parcel.tolist() == [900_000, 1_405_000, 1_500_000]
    assert nodes.capacity_parcels.tolist() == [UNLIMITED_PARCELS, 20, 7]
    assert nodes.commission_pct.tolist() == [0, 0, 12.5]
    assert skus.sku_id == ["007", "A-2", "A-3", "K-1"]
    assert skus.price_micros.tolist() == [19_990_000, 1_101_234, 1_620_000, 21_000_000]
    assert stock.node.tolist() == [0, 1, 1, 2]
    assert stock.sku.tolist() == [0, 0, 1, 2]
    assert stock.incoming.tolist() == [0, 6, 0, 0]
    assert stock.incoming_on == ["", "2026-11-23", "", ""]


def test_orders_and_lines_refer_by_position(tmp_path: Path) -> None:
    scenario = read_scenario(write_tables(small_tables(), tmp_path))
    orders, lines = scenario.orders, scenario.order_lines
    assert orders.placed_at.tolist() == [
        datetime(2026, 11, 20, 11, 18),
        datetime(2026, 11, 20, 11, 51),
        datetime(2026, 11, 20, 12, 24, 30, 500_000),
    ]
    assert orders.postal.tolist() == [0, NO_INDEX, 1]
    assert orders.pickup_node.tolist() == [NO_INDEX, 1, NO_INDEX]
    assert np.isnat(orders.promise_by).tolist() == [False, False, True]
    assert orders.priority.tolist() == [3, 1, 3]
    assert lines.order.tolist() == [0, 0, 1, 2, 2], "sorted by order, though the file is not"
    assert lines.line_no.tolist() == [1, 2, 1, 1, 2]
    assert lines.sku.tolist() == [0, 1, 0, 2, 3]
    assert lines.qty.tolist() == [2, 1, 1, 1, 1]


def test_kits_and_alternatives_refer_by_position(tmp_path: Path) -> None:
    scenario = read_scenario(write_tables(small_tables(), tmp_path))
    kits, alternatives = scenario.kits, scenario.alternatives
    assert (kits.kit.tolist(), kits.component.tolist(), kits.qty.tolist()) == ([3, 3], [0, 1], [1, 3])
    assert alternatives.order.tolist() == [0, 0, 2], "sorted by order and number, though the file is not"
    assert alternatives.number.tolist() == [1, 2, 7]
    assert [METHODS[code] for code in alternatives.method] == ["PICK_UP", "LOCAL", "PICK_UP"]
    assert alternatives.pickup_node.tolist() == [1, NO_INDEX, 1]


@pytest.mark.parametrize("table", sorted(OPTIONAL))
def test_an_optional_table_that_is_missing_is_one_without_rows(tmp_path: Path, table: str) -> None:
    tables = small_tables()
    folder = write_tables(tables, tmp_path)
    (folder / f"{table}.csv").write_text(",".join(tables[table][0]))
    validation = validate_scenario(folder)
    assert validation.scenario is not None
    assert len(getattr(validation.scenario, table)) == 0
    (folder / f"{table}.csv").unlink()
    assert validate_scenario(folder).verdict == validation.verdict
    assert_same_scenario(read_scenario(folder), validation.scenario)


def test_what_the_rules_do_not_bind_may_be_anything(tmp_path: Path) -> None:
    tables = small_tables()
    for row in tables["orders"][1:]:
        row[2], row[5], row[8], row[9] = "carrier pigeon", "", "", ""
    for row in tables["nodes"][1:]:
        row[6] = ""
    verdict = validate_scenario(write_tables(tables, tmp_path)).verdict
    assert not verdict.problems
    assert [warning.column for warning in verdict.warnings] == ["gtin"]


def test_crlf_a_byte_order_mark_and_blank_lines_change_nothing(tmp_path: Path) -> None:
    plain = read_scenario(write_tables(small_tables(), tmp_path / "plain"))
    dressed = write_tables(small_tables(), tmp_path / "dressed")
    for file in dressed.iterdir():
        commas = b"," * file.read_bytes().split(b"\n")[0].count(b",")
        content = file.read_bytes().replace(b"\n", b"\r\n") + commas + b"\r\n\r\n\r\n"
        file.write_bytes(b"\xef\xbb\xbf" + content)
    assert_same_scenario(read_scenario(dressed), plain)


def test_a_quoted_line_end_is_part_of_the_cell(tmp_path: Path) -> None:
    tables = small_tables()
    tables["nodes"][1][2] = 'North\n"old" side'
    assert read_scenario(write_tables(tables, tmp_path)).nodes.name[0] == 'North\n"old" side'


def test_numbers_may_be_written_as_floats_and_with_spaces(tmp_path: Path) -> None:
    tables = small_tables()
    tables["nodes"][2][14], tables["stock"][1][2], tables["skus"][1][4] = "20.0", " 10 ", "8e2"
    plain = read_scenario(write_tables(small_tables(), tmp_path / "plain"))
    assert_same_scenario(read_scenario(write_tables(tables, tmp_path / "floats")), plain)


def test_every_table_may_be_parquet_of_text(tmp_path: Path) -> None:
    plain = read_scenario(write_tables(small_tables(), tmp_path / "csv"))
    (tmp_path / "parquet").mkdir()
    for table, rows in small_tables().items():
        pq.write_table(as_arrow(rows), tmp_path / "parquet" / f"{table}.parquet")
    assert_same_scenario(read_scenario(tmp_path / "parquet"), plain)


def _typed(table: pa.Table, **columns: pa.Array) -> pa.Table:
    for name, column in columns.items():
        table = table.set_column(table.column_names.index(name), name, column)
    return table


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "+05:30"])
def test_parquet_times_of_any_unit_and_zone_are_moments(tmp_path: Path, unit: str, zone: str) -> None:
    plain = read_scenario(write_tables(small_tables(), tmp_path))
    (tmp_path / "orders.csv").unlink()
    placed, promised = (
        pa.array(column.tolist(), pa.timestamp("us"))
        .cast(pa.timestamp(unit, "UTC"))
        .cast(pa.timestamp(unit, zone))
        for column in (plain.orders.placed_at, plain.orders.promise_by)
    )
    table = _typed(as_arrow(small_tables()["orders"]), placed_at=placed, promise_by=promised)
    pq.write_table(table, tmp_path / "orders.parquet")
    assert_same_scenario(read_scenario(tmp_path), plain)


def test_parquet_columns_of_other_fitting_types(tmp_path: Path) -> None:
    plain = read_scenario(write_tables(small_tables(), tmp_path))
    day = datetime(2026, 11, 23, tzinfo=UTC).date()
    dates = pa.array([None, day, None, None])
    for number, column in enumerate([dates, dates.cast(pa.date64()), dates.cast(pa.timestamp("ns"))]):
        folder = tmp_path / str(number)
        folder.mkdir()
        for file in tmp_path.glob("*.csv"):
            shutil.copy(file, folder)
        (folder / "stock.csv").unlink()
        table = _typed(
            as_arrow(small_tables()["stock"]),
            node_id=as_arrow(small_tables()["stock"]).column("node_id").dictionary_encode(),
            available=pa.array([10, 3, 4, 5], pa.uint16()),
            safety_stock=pa.array([0, 1, 0, 0], pa.decimal128(9, 2)),
            incoming=pa.array([0, 6, None, 0], pa.float64()),
            incoming_on=column,
        )
        pq.write_table(table, folder / "stock.parquet")
        assert_same_scenario(read_scenario(folder), plain)


def test_other_files_are_ignored_and_other_columns_are_warned_of(tmp_path: Path) -> None:
    tables = small_tables()
    for row in tables["skus"]:
        row.append("colour" if row[0] == "sku_id" else "red")
    write_tables(tables, tmp_path)
    (tmp_path / "vans.csv").write_bytes(b"\xff\xfe nonsense")
    (tmp_path / "wishes.parquet").write_bytes(b"")
    verdict = validate_scenario(tmp_path).verdict
    assert not verdict.problems
    assert [(warning.file, warning.column) for warning in verdict.warnings] == [
        ("skus.csv", "colour"),
        ("skus.csv", "gtin"),
    ]


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    plain = read_scenario(write_tables(small_tables(), tmp_path / "plain"))
    turned = {table: [row[::-1] for row in rows] for table, rows in small_tables().items()}
    assert_same_scenario(read_scenario(write_tables(turned, tmp_path / "turned")), plain)


def test_reading_an_invalid_folder_raises_with_every_problem(tmp_path: Path) -> None:
    tables = small_tables()
    tables["stock"][1][2] = "-1"
    tables["skus"][2][4] = "heavy"
    with pytest.raises(ScenarioInvalid) as raised:
        read_scenario(write_tables(tables, tmp_path))
    assert {problem.column for problem in raised.value.verdict.problems} == {"available", "weight_g"}
    assert str(tmp_path) in str(raised.value)
    assert "and 1 more" in str(raised.value)


def test_old_line_ends_and_a_last_line_without_one(tmp_path: Path) -> None:
    plain = read_scenario(write_tables(small_tables(), tmp_path))
    content = csv_bytes(small_tables()["stock"])
    for variant in (content[:-1], content.replace(b"\n", b"\r")):
        (tmp_path / "stock.csv").write_bytes(variant)
        assert_same_scenario(read_scenario(tmp_path), plain)


def test_times_keep_their_microseconds(tmp_path: Path) -> None:
    tables = small_tables()
    tables["orders"][1][1] = "2026-11-20T11:18:00.123456789Z"
    placed_at = read_scenario(write_tables(tables, tmp_path)).orders.placed_at[0].item()
    assert placed_at - datetime(2026, 11, 20, 11, 18) == timedelta(microseconds=123_456)
