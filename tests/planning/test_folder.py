"""A plan's folder is whole or is not there, and nothing that is not a plan is overwritten."""

import csv
import json
from pathlib import Path
from types import ModuleType

import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.policy import Policy
from fulfillment.planning import folder, plan_facts
from fulfillment.planning.folder import (
    replace_report,
    replace_run,
    require_writable,
    write_plan,
)
from fulfillment.planning.manifest import run_document
from fulfillment.planning.plan_day import PlannedDay, plan_day
from fulfillment.planning.plan_facts import PlanFacts
from fulfillment.planning.plan_tables import allocations_table
from tests.planning.days import day, node, order
from tests.solver.plans import QUICK

FILES = {
    "allocations.parquet",
    "allocations.csv",
    "unfilled.csv",
    "certificate.json",
    "stock_prices.parquet",
    "capacity_prices.parquet",
    "orders.parquet",
    "parcels.parquet",
    "nodes.parquet",
    "run.json",
    "report.html",
}


@pytest.fixture(scope="module")
def planned() -> PlannedDay:
    scenario = day(
        {"L1": node(), "L2": node(lat=41.0)},
        {("L1", "V"): 4, ("L2", "W"): 1},
        {"O,1": order(("V", 3), ("V", 3)), 'O"2': order(("W", 1))},
    )
    return plan_day(scenario, Policy.default(), params=QUICK)


def facts(planned: PlannedDay, note: float = 0) -> PlanFacts:
    """What is written of a plan, with something in its manifest to know it by."""
    return PlanFacts.of(planned, {**run_document(planned, {"inputs_sha256": {}}, {}), "note": note})


def note(folder: Path) -> float:
    """What `facts` wrote into the manifest of a folder."""
    found: float = json.loads((folder / "run.json").read_text())["note"]
    return found


def inside(path: Path) -> dict[str, bytes]:
    """Every file below, hidden ones too."""
    return {at.relative_to(path).as_posix(): at.read_bytes() for at in path.rglob("*") if at.is_file()}


def test_a_plan_is_these_files(planned: PlannedDay, tmp_path: Path) -> None:
    write_plan(facts(planned, 1.5), tmp_path / "plan")
    assert set(inside(tmp_path / "plan")) == FILES
    assert [at.name for at in tmp_path.iterdir()] == ["plan"]
    assert note(tmp_path / "plan") == 1.5


def test_both_tables_of_allocations_say_the_same(planned: PlannedDay, tmp_path: Path) -> None:
    write_plan(facts(planned), tmp_path / "plan")
    table = pq.read_table(tmp_path / "plan" / "allocations.parquet")
    assert table.equals(allocations_table(planned))
    assert pa_csv.read_csv(tmp_path / "plan" / "allocations.csv").equals(table)
    assert table.column_names == [
        "order_id", "line_no", "sku_id", "node_id", "parcel_id", "carrier", "service", "qty",
    ]  # fmt: skip
    assert table.to_pylist() == [
        {
            "order_id": "O,1", "line_no": 1, "sku_id": "V", "node_id": "L1", "parcel_id": "O,1-1",
            "carrier": "post", "service": "ground", "qty": 3,
        },
        {
            "order_id": "O,1", "line_no": 2, "sku_id": "V", "node_id": "L1", "parcel_id": "O,1-1",
            "carrier": "post", "service": "ground", "qty": 1,
        },
        {
            "order_id": 'O"2', "line_no": 1, "sku_id": "W", "node_id": "L2", "parcel_id": 'O"2-1',
            "carrier": "post", "service": "ground", "qty": 1,
        },
    ]  # fmt: skip


def test_unfilled_units_have_a_reason_in_words_and_in_counts(planned: PlannedDay, tmp_path: Path) -> None:
    write_plan(facts(planned), tmp_path / "plan")
    with (tmp_path / "plan" / "unfilled.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [
        "order_id", "line_no", "sku_id", "qty", "reason", "in_words", "nodes_with_stock", "nodes_in_reach",
        "nodes_in_time", "nodes_with_units_left", "nodes_with_capacity_left",
    ]  # fmt: skip
    (row,) = rows
    assert row[:5] == ["O,1", "2", "V", "2", "sold_out"]
    assert row[5] == "every unit that could arrive in time went to other orders"
    assert row[6:] == ["1", "1", "1", "0", "0"]


def test_an_earlier_plan_is_replaced_whole(planned: PlannedDay, tmp_path: Path) -> None:
    target = tmp_path / "plan"
    write_plan(facts(planned, 1), target)
    (target / ".run.json.part").touch()
    require_writable(target)
    write_plan(facts(planned, 2), target)
    assert set(inside(target)) == FILES
    assert note(target) == 2
    assert [at.name for at in tmp_path.iterdir()] == ["plan"]


def test_an_empty_folder_is_filled(planned: PlannedDay, tmp_path: Path) -> None:
    (tmp_path / "plan").mkdir()
    require_writable(tmp_path / "plan")
    write_plan(facts(planned), tmp_path / "plan")
    assert set(inside(tmp_path / "plan")) == FILES


def test_the_working_folder_and_a_linked_one_can_be_named(
    planned: PlannedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "link").symlink_to("here")
    monkeypatch.chdir(tmp_path / "here")
    write_plan(facts(planned, 1), Path())
    write_plan(facts(planned, 2), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert note(tmp_path / "here") == 2
    assert sorted(at.name for at in tmp_path.iterdir()) == ["here", "link"]


@pytest.mark.parametrize("had_a_plan", [False, True])
@pytest.mark.parametrize(
    ("module", "step"),
    [
        (plan_facts, "pq.write_table"),
        (plan_facts, "pa_csv.write_csv"),
        (plan_facts, "csv.writer"),
        (plan_facts, "json.dumps"),
        (folder, "report_page"),
    ],
)
def test_a_failure_while_writing_leaves_what_was_there(
    planned: PlannedDay,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    step: str,
    had_a_plan: bool,
) -> None:
    """The disk is full at one of the files."""
    of_today = facts(planned, 2)
    if had_a_plan:
        write_plan(facts(planned, 1), tmp_path / "plan")
    before = inside(tmp_path)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"{module.__name__}.{step}", full)
    with pytest.raises(InvalidRequest, match="No space left"):
        write_plan(of_today, tmp_path / "plan")
    assert inside(tmp_path) == before


def test_a_plan_that_cannot_be_put_in_place_leaves_the_earlier_one(
    planned: PlannedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier plan has been moved aside when the new one cannot take its name."""
    write_plan(facts(planned, 1), tmp_path / "plan")
    before = inside(tmp_path)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if (self / "run.json").exists() and note(self) == 2:
            raise OSError(16, "Device or resource busy")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(InvalidRequest, match="busy"):
        write_plan(facts(planned, 2), tmp_path / "plan")
    assert inside(tmp_path) == before
    assert [at.name for at in tmp_path.iterdir()] == ["plan"]


def told(path: Path) -> str:
    with pytest.raises(InvalidRequest) as refused:
        require_writable(path)
    return str(refused.value)


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    assert "holds files that are not a plan" in told(tmp_path)
    assert [at.name for at in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan").touch()
    assert "is a file" in told(tmp_path / "plan")
    assert "can't be made" in told(tmp_path / "plan" / "of-today")


def test_a_folder_that_cannot_be_written_is_refused() -> None:
    """Nobody may make a folder there, not even the administrator."""
    assert "can't be made" in told(Path("/proc/plan"))


def test_a_plan_with_something_beside_it_is_not_replaced(planned: PlannedDay, tmp_path: Path) -> None:
    """Replacing removes the folder, and what somebody put into it since."""
    write_plan(facts(planned), tmp_path)
    (tmp_path / "day").mkdir()
    assert "such as day" in told(tmp_path)


def test_missing_parents_are_made_only_when_there_is_a_plan(planned: PlannedDay, tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "plan"
    require_writable(target)
    assert list(tmp_path.iterdir()) == []
    write_plan(facts(planned), target)
    assert set(inside(target)) == FILES


def test_a_manifest_that_cannot_be_replaced_stands(tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    with pytest.raises(InvalidRequest, match=r"run\.json can't be replaced"):
        replace_run({}, tmp_path)


def test_a_report_that_cannot_be_replaced_stands(planned: PlannedDay, tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(InvalidRequest, match=r"report\.html can't be replaced"):
        replace_report(facts(planned), tmp_path)


def test_a_folder_reads_back_as_it_was_written(planned: PlannedDay, tmp_path: Path) -> None:
    written = facts(planned)
    write_plan(written, tmp_path / "plan")
    assert PlanFacts.read(tmp_path / "plan") == written
