"""A scenario that has no clear meaning is refused, by the name of its file."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

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
