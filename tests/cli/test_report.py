"""`fulfillment report`: made again from the files, or one clear error."""

import json
from pathlib import Path

import pytest

from fulfillment.cli.exits import ExitCode
from tests.cli.ledgers import run, write_day


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plans")
    day = write_day(folder / "day")
    assert run("plan", day, "--out", folder / "plan", "--method", "first-come").exit_code == ExitCode.DONE
    return folder / "plan"


def test_a_report_is_made_again_as_it_was(plan: Path) -> None:
    before = (plan / "report.html").read_text(encoding="utf-8")
    assert "<title>Plan of 60 orders</title>" in before
    (plan / "report.html").unlink()
    done = run("report", plan, "--json")
    assert done.exit_code == ExitCode.DONE, done.output
    assert json.loads(done.stdout) == {"report": str(plan / "report.html")}
    assert (plan / "report.html").read_text(encoding="utf-8") == before
    assert not (plan / ".report.html.part").exists()


def test_a_folder_that_is_no_plan_is_refused(tmp_path: Path) -> None:
    said = run("report", tmp_path)
    assert said.exit_code == ExitCode.BAD_INPUT
    assert f"{tmp_path / 'run.json'} is not there; name a folder that `fulfillment plan` wrote" in said.stderr


@pytest.mark.parametrize("name", ["run.json", "orders.parquet", "unfilled.csv"])
def test_a_broken_file_is_named(plan: Path, tmp_path: Path, name: str) -> None:
    for path in plan.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / name).write_bytes(b'{"half')
    said = run("report", tmp_path)
    assert said.exit_code == ExitCode.BAD_INPUT, said.output
    assert f"{tmp_path / name} can't be read" in said.stderr
