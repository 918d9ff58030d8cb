"""A scenario that has no clear meaning is refused, by the name of its file."""

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from fulfillment.scenario.tables import NO_INDEX
from fulfillment.scenario.write import write_scenario
from fulfillment.verify import UnusableInput
from fulfillment.verify.clocks import transit_days
from fulfillment.verify.day import read_day
from fulfillment.verify.transport import Transport
from tests.planning.days import day, node, order


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    write_scenario(day({"W": node()}, {("W", "V"): 1}, {"A": order(("V", 1))}), folder)
    return folder


def understand(folder: Path) -> None:
    read = read_day(folder)
    Transport.of(read.rates)
    transit_days(read.nodes, read.orders)


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return change


def repeated(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text()
        (folder / name).write_text(text + text.splitlines()[-1] + "\n")

    return change


def test_the_good_day_is_understood(good: Path) -> None:
    understand(good)


@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        (replaced("nodes.csv", "W,warehouse", ",warehouse"), "nodes.csv: node_id in row 1 is empty"),
        (replaced("nodes.csv", "40,-75", "ninety,-75"), "nodes.csv: lat holds something that is no number"),
        (replaced("nodes.csv", "40,-75", "91,-75"), "nodes.csv: lat in row 1 is not from -90 to 90"),
        (replaced("nodes.csv", "40,-75", "nan,-75"), "nodes.csv: lat in row 1 is not from -90 to 90"),
        (replaced("nodes.csv", "True,True", "True,perhaps"), "pickup in row 1 is neither true nor false"),
        (replaced("nodes.csv", "UTC", "Mars/North"), "time zone 'Mars/North' is not known"),
        (replaced("nodes.csv", "12:00", "noon"), "cutoff_local 'noon' is not HH:MM"),
        (replaced("nodes.csv", "12:00,1,", "12:00,0.33,"), "processing_hours in row 1 is finer than 1/60"),
        (replaced("nodes.csv", "0,0,,0", "0,0,,12.345"), "commission_pct in row 1 is finer than 1/100"),
        (replaced("nodes.csv", "kind", "node_id"), "nodes.csv has the column node_id twice"),
        (replaced("nodes.csv", "ships", "sails"), "nodes.csv has no column ships"),
        (repeated("nodes.csv"), "nodes.csv: a node stands on two rows"),
        (repeated("skus.csv"), "skus.csv: a SKU stands on two rows"),
        (replaced("skus.csv", ",1000,100", ",1000,0"), "weight_g in row 1 is not from 1"),
        (replaced("skus.csv", ",1000,100", ",1000,1.5"), "weight_g in row 1 is not a whole number"),
        (replaced("skus.csv", ",1000,100", ",-1,100"), "price_cents in row 1 is not from 0"),
        (replaced("skus.csv", "V,", "U,"), "sku_id 'V' is not known"),
        (replaced("postal_codes.csv", "00000", "00001"), "postal_code '00000' is not known"),
        (repeated("rates.csv"), "repeats a weight step"),
        (lambda folder: (folder / "rates.csv").unlink(), "neither rates.csv nor rates.parquet"),
        (lambda folder: (folder / "stock.csv").touch(), "both stock.csv and stock.parquet"),
        (lambda folder: (folder / "stock.parquet").write_bytes(b"PAR1"), "stock.parquet can't be read"),
        (lambda folder: (folder / "skus.csv").write_text("sku_id,price_cents,weight_g\n"), "has no rows"),
    ],
)
def test_what_has_no_clear_meaning_is_refused(
    good: Path, tmp_path: Path, breaks: Callable[[Path], object], message: str
) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "day"))
    breaks(folder)
    with pytest.raises(UnusableInput) as refused:
        understand(folder)
    assert message in str(refused.value)


KITS = "kit_sku_id,component_sku_id,qty\n"
WAYS = "order_id,alternative,method,pickup_node_id\n"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("kits", KITS + "K,Z,1\n", "kits.csv: component_sku_id 'Z' is not known"),
        ("kits", KITS + "Z,V,1\n", "kits.csv: kit_sku_id 'Z' is not known"),
        ("kits", KITS + "K,V,0\n", "kits.csv: qty in row 1 is not from 1 to 1000"),
        ("kits", KITS + "K,V,1.5\n", "kits.csv: qty in row 1 is not a whole number"),
        ("kits", KITS + "K,V,1\nK,V,2\n", "kits.csv: a kit and component stands on two rows"),
        ("kits", KITS + "K,V,600\nK,U,600\n", "kits.csv: a kit has more than 1000 units, 'K'"),
        ("kits", KITS + "K,K,1\n", "kits.csv: a kit is a component, 'K'"),
        ("kits", KITS + "K,U,1\nU,V,1\n", "kits.csv: a kit is a component, 'U'"),
        ("kits", KITS + "V,U,1\n", "kits.csv: a kit has stock of its own, 'V'"),
        ("alternatives", WAYS + "Z,1,SHIPPING,\n", "alternatives.csv: order_id 'Z' is not known"),
        ("alternatives", WAYS + "A,1,RETAIL,\n", "alternatives.csv: method 'RETAIL' is not known"),
        ("alternatives", WAYS + "A,1,PICK_UP,\n", "alternatives.csv: pickup_node_id '' is not known"),
        ("alternatives", WAYS + "A,-1,LOCAL,\n", "alternatives.csv: alternative in row 1 is not from 0"),
        ("alternatives", WAYS + "A,1,LOCAL,\nA,1,LOCAL,\n", "an order's alternative stands on two rows"),
        ("alternatives", WAYS + "B,1,LOCAL,\n", "alternatives.csv: postal_code '' is not known"),
    ],
)
def test_kits_and_alternatives_without_a_clear_meaning_are_refused(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    collected = order(("K", 1), method="PICK_UP", pickup="W")
    made = day({"W": node()}, {("W", "V"): 1}, {"A": order(("U", 1)), "B": collected})
    postal = np.array([0, NO_INDEX])
    write_scenario(
        dataclasses.replace(made, orders=dataclasses.replace(made.orders, postal=postal)), tmp_path
    )
    (tmp_path / f"{name}.csv").write_text(text)
    with pytest.raises(UnusableInput) as refused:
        understand(tmp_path)
    assert message in str(refused.value)


@pytest.mark.parametrize("end", ["", "\n"])
def test_tables_without_rows_say_nothing(good: Path, tmp_path: Path, end: str) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "day"))
    for name, header in (("kits", KITS), ("alternatives", WAYS)):
        (folder / f"{name}.csv").write_text(header.strip() + end)
    read = read_day(folder)
    assert not read.kits.is_kit.any()
    assert len(read.ways.order) == len(read.orders.order_id)


def test_flags_of_a_type_that_has_no_truth_are_refused(good: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(good, tmp_path / "day"))
    nodes = pa_csv.read_csv(folder / "nodes.csv")
    nested = pa.array([[True]] * len(nodes))
    (folder / "nodes.csv").unlink()
    pq.write_table(
        nodes.set_column(nodes.column_names.index("ships"), "ships", nested), folder / "nodes.parquet"
    )
    with pytest.raises(UnusableInput, match="ships is neither true nor false"):
        understand(folder)
