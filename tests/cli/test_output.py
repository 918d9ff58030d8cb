import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from fulfillment.cli.exits import ExitCode
from fulfillment.cli.output import AsJson, Output, open_output
from fulfillment.domain.errors import (
    Busy,
    InvalidRequest,
    InvariantViolation,
    NotFound,
)


def run(work: Callable[[Output], None], *args: str) -> "typer.testing.Result":
    """Run a command that does `work` and nothing else."""
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def command(as_json: AsJson = False) -> None:
        with open_output(as_json) as out:
            work(out)

    return CliRunner().invoke(app, args)


def say_and_hand_over(out: Output) -> None:
    out.line("planned 3 orders")
    with out.progress("prices", total=2) as step:
        step.advance()
    out.result({"total_cents": 5})


def test_people_read_lines_and_progress_on_stdout() -> None:
    done = run(say_and_hand_over)
    assert done.exit_code == ExitCode.DONE
    assert done.stdout.startswith("planned 3 orders\nprices ...\nprices: done in ")
    assert done.stderr == ""


def test_json_leaves_stdout_to_one_document() -> None:
    done = run(say_and_hand_over, "--json")
    assert json.loads(done.stdout) == {"total_cents": 5}
    assert "planned 3 orders" in done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidRequest("qty is -1", remedy="give a qty of 1 or more"), ExitCode.BAD_INPUT),
        (NotFound("no folder", path=Path("there")), ExitCode.BAD_INPUT),
        (Busy("the database is locked"), ExitCode.BUSY),
    ],
)
def test_an_error_is_told_on_stderr_and_has_its_code(error: Exception, code: ExitCode) -> None:
    def fail(out: Output) -> None:
        raise error

    for_people = run(fail)
    assert (for_people.exit_code, for_people.stdout) == (code, "")
    assert for_people.stderr == f"error: {error}\n"

    for_programs = run(fail, "--json")
    assert for_programs.exit_code == code
    assert json.loads(for_programs.stdout)["error"]["message"] == str(error)


def test_an_error_document_carries_the_data_of_the_error() -> None:
    def fail(out: Output) -> None:
        raise NotFound("no folder", path=Path("there"))

    assert json.loads(run(fail, "--json").stdout) == {
        "error": {"code": "not_found", "message": "no folder", "path": "there"}
    }


def test_an_interrupt_keeps_the_result_that_was_reached() -> None:
    def stop(out: Output) -> None:
        out.result({"gap": 0.2})
        raise KeyboardInterrupt

    done = run(stop, "--json")
    assert done.exit_code == ExitCode.INTERRUPTED
    assert json.loads(done.stdout) == {"gap": 0.2}
    assert done.stderr == "interrupted\n"


def test_a_command_may_end_with_a_result_and_a_code() -> None:
    def unproved(out: Output) -> None:
        out.result({"gap": 0.2})
        raise typer.Exit(ExitCode.UNPROVED)

    done = run(unproved, "--json")
    assert done.exit_code == ExitCode.UNPROVED
    assert json.loads(done.stdout) == {"gap": 0.2}


def test_a_defect_is_not_caught() -> None:
    def break_an_invariant(out: Output) -> None:
        raise InvariantViolation("available is -1")

    assert isinstance(run(break_an_invariant).exception, InvariantViolation)


def test_two_results_are_a_defect() -> None:
    def twice(out: Output) -> None:
        out.result({})
        out.result({})

    assert isinstance(run(twice, "--json").exception, InvariantViolation)


def test_json_without_a_result_is_a_defect() -> None:
    assert isinstance(run(lambda out: None, "--json").exception, InvariantViolation)


def test_a_result_that_is_not_json_is_a_defect() -> None:
    assert isinstance(run(lambda out: out.result({"x": object()}), "--json").exception, TypeError)


def test_a_command_ends_quietly_when_its_reader_leaves(tmp_path: Path) -> None:
    """`fulfillment ... | head`: no traceback, and a code that none of the others share."""
    script = (
        "import typer\n"
        "from fulfillment.cli.output import open_output\n"
        "def talk() -> None:\n"
        "    with open_output(False) as out:\n"
        "        for _ in range(100_000):\n"
        "            out.line('x' * 80)\n"
        "typer.run(talk)\n"
    )
    talker = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert talker.stdout is not None
    assert talker.stderr is not None
    talker.stdout.readline()
    talker.stdout.close()
    complaint = talker.stderr.read()
    talker.stderr.close()
    assert (talker.wait(), complaint) == (ExitCode.READER_LEFT, b"")
