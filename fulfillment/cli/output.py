"""What a command says: lines, progress and the result, for people and for programs alike.

Every command runs inside `open_output`::

    def plan(directory: Path, as_json: AsJson = False) -> None:
        with open_output(as_json) as out:
            with out.progress("prices", total=100) as step:
                for _ in range(100):
                    step.advance()
            out.line("planned 2,000 orders")
            out.result({"total_cents": 4_523_400})

For people, lines and progress go to stdout: a live bar with the time left on a terminal, plain lines
elsewhere. With ``--json`` they go to stderr, and stdout holds exactly one JSON document: the result, or the
error that prevented it.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, TextIO

import typer

from fulfillment.cli.exits import ExitCode, exit_code_of
from fulfillment.cli.progress import Step, show_progress
from fulfillment.domain.errors import FulfillmentError, InvariantViolation, invariant

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout; all else goes to stderr.")
]


class Output:
    """Where a command's words go; made by `open_output`."""

    def __init__(self, *, as_json: bool, stdout: TextIO, stderr: TextIO) -> None:
        self._as_json = as_json
        self._stdout = stdout
        self._stderr = stderr
        self._told = stderr if as_json else stdout
        self._document: Mapping[str, object] | None = None

    def line(self, text: str = "") -> None:
        """Tell people something."""
        print(text, file=self._told, flush=True)

    @contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Step]:
        """Show how far a long piece of work is; `total` is in steps, None when it cannot be known."""
        with show_progress(self._told, label, total) as step:
            yield step

    def result(self, document: Mapping[str, object]) -> None:
        """Hand programs the outcome: the one document of ``--json``, printed when the command ends.

        Raises
        ------
        InvariantViolation
            When there is one already.
        """
        invariant(self._document is None, "a command has one result")
        self._document = document

    def fail(self, error: FulfillmentError) -> None:
        """Say on stderr why the command could not do its work, and keep it as the result if there is none."""
        print(f"error: {error}", file=self._stderr, flush=True)
        self._say_instead(error.code, str(error), error.data)

    def interrupt(self) -> None:
        """Say that the user stopped the command."""
        print("interrupted", file=self._stderr, flush=True)
        self._say_instead("interrupted", "stopped before the end", {})

    def close(self) -> None:
        """Print the document."""
        if not self._as_json:
            return
        invariant(self._document is not None, "a command that ends well has a result")
        json.dump(self._document, self._stdout, indent=2)
        print(file=self._stdout, flush=True)

    def _say_instead(self, code: str, message: str, data: Mapping[str, object]) -> None:
        # A command that had a result before it failed keeps it: what was reached is worth more.
        if self._document is None:
            document = {"error": {"code": code, "message": message, **data}}
            # An error carries whatever its raiser had at hand, a path or a date; its text will do.
            self._document = json.loads(json.dumps(document, default=str))


@contextmanager
def open_output(as_json: bool) -> Iterator[Output]:
    """Give a command its `Output`, and turn what a user can cause into an exit code.

    Parameters
    ----------
    as_json : bool
        Whether stdout belongs to one JSON document.

    Raises
    ------
    typer.Exit
        With the code of `exits.exit_code_of`, INTERRUPTED or READER_LEFT.
    InvariantViolation
        As it came: a defect must be seen whole.
    """
    out = Output(as_json=as_json, stdout=sys.stdout, stderr=sys.stderr)
    try:
        yield out
    except InvariantViolation:
        raise
    except FulfillmentError as error:
        out.fail(error)
        out.close()
        raise typer.Exit(exit_code_of(error)) from error
    except KeyboardInterrupt as stop:
        out.interrupt()
        out.close()
        raise typer.Exit(ExitCode.INTERRUPTED) from stop
    except BrokenPipeError as closed:
        # The reader left, as `head` does. Without this Python complains once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.READER_LEFT) from closed
    except typer.Exit:
        out.close()
        raise
    else:
        out.close()
