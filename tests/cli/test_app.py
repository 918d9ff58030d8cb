import subprocess
import sys

import pytest
from typer.testing import CliRunner

from fulfillment import __version__
from fulfillment.cli.app import COMMANDS, app, main
from fulfillment.cli.exits import ExitCode

HEAVY = {"numba", "pyarrow", "sqlalchemy", "ortools", "rich", "numpy"}


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"fulfillment {__version__}\n"


def test_an_unknown_command_is_bad_input() -> None:
    assert CliRunner().invoke(app, ["fly"]).exit_code == ExitCode.BAD_INPUT


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_offers_json_and_says_what_it_does(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"])
    assert shown.exit_code == ExitCode.DONE
    assert "--json" in shown.stdout
    assert COMMANDS[name].__doc__


def test_the_command_line_loads_nothing_heavy_until_a_command_runs() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, fulfillment.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not HEAVY & set(loaded)


def test_a_defect_leaves_with_a_traceback_and_its_own_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("units per nothing")

    monkeypatch.setattr("fulfillment.cli.app.app", broken)
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == ExitCode.DEFECT
    assert "ZeroDivisionError: units per nothing" in capsys.readouterr().err
