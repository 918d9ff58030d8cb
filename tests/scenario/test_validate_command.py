"""`fulfillment validate`, as a person and as a program sees it."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from fulfillment.cli.exits import ExitCode
from fulfillment.cli.validate import validate
from tests.scenario.small import small_tables, write_tables


@pytest.fixture
def command() -> typer.Typer:
    app = typer.Typer()
    app.command()(validate)
    return app


def test_a_usable_folder_is_counted_and_its_warnings_shown(tmp_path: Path, command: typer.Typer) -> None:
    folder = write_tables(small_tables(), tmp_path)
    said = CliRunner().invoke(command, [str(folder)])
    assert said.exit_code == ExitCode.DONE
    assert said.stdout.splitlines() == [
        "warning: skus.csv:4 gtin — the value is missing. Give the product its GTIN-14.",
        "",
        "ok: 3 nodes, 4 skus, 4 positions, 3 orders, 5 order lines, 2 postal codes, 6 rates, "
        "2 kit components, 3 alternatives; 1 warning",
    ]


def test_every_problem_is_a_line(tmp_path: Path, command: typer.Typer) -> None:
    tables = small_tables()
    tables["skus"][3][1] = "09520000000028"
    tables["stock"][1][2] = "-1"
    tables["nodes"][2][10] = "noon"
    said = CliRunner().invoke(command, [str(write_tables(tables, tmp_path))])
    assert said.exit_code == ExitCode.BAD_INPUT
    assert said.stdout.splitlines() == [
        "nodes.csv:3 cutoff_local 'noon' — the cut-off is not HH:MM. "
        "Write the node's local time from 00:00 to 23:59, with two digits each.",
        "",
        "stock.csv:2 available '-1' — the number is negative. Write a whole number from 0 to 2147483647.",
        "",
        "not usable: 2 problems, 0 warnings",
    ]


def test_what_is_too_much_to_show_is_counted(tmp_path: Path, command: typer.Typer) -> None:
    tables = small_tables()
    tables["order_lines"] += [["O1", str(number), "A-2", "-1"] for number in range(10, 1510)]
    said = CliRunner().invoke(command, [str(write_tables(tables, tmp_path))])
    assert "order_lines.csv qty — less than 1: 1,400 more" in said.stdout.splitlines()
    assert said.stdout.splitlines()[-1] == "not usable: 1,500 problems, 1 warning"


def test_a_program_gets_one_document(tmp_path: Path, command: typer.Typer) -> None:
    tables = small_tables()
    tables["stock"][1][2] = "-1"
    said = CliRunner().invoke(command, [str(write_tables(tables, tmp_path)), "--json"])
    assert said.exit_code == ExitCode.BAD_INPUT
    document = json.loads(said.stdout)
    assert document["ok"] is False
    assert document["rows"] is None
    assert (document["problems_total"], document["warnings_total"]) == (1, 1)
    assert document["problems"] == [
        {
            "file": "stock.csv",
            "row": 2,
            "column": "available",
            "value": "-1",
            "message": "the number is negative",
            "remedy": "Write a whole number from 0 to 2147483647.",
        }
    ]
