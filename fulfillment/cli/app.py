"""Puts the commands together: the one place where they are registered.

A command's file imports what is heavy (the kernels, pyarrow, the database) inside its function, so that
`--help` and a mistyped option answer at once.
"""

import sys
import traceback
from collections.abc import Callable
from typing import Annotated

import typer

from fulfillment import __version__
from fulfillment.cli.audit import audit
from fulfillment.cli.compare import compare
from fulfillment.cli.demo import demo
from fulfillment.cli.exits import ExitCode
from fulfillment.cli.import_ import import_
from fulfillment.cli.keys import keys
from fulfillment.cli.migrate import migrate
from fulfillment.cli.plan import plan
from fulfillment.cli.report import report
from fulfillment.cli.serve import serve
from fulfillment.cli.validate import validate
from fulfillment.cli.verify import verify
from fulfillment.cli.worker import worker

# The name on the command line, and the function that is the command; its docstring is the help.
COMMANDS: dict[str, Callable[..., None]] = {
    "audit": audit,
    "compare": compare,
    "demo": demo,
    "import": import_,
    "migrate": migrate,
    "plan": plan,
    "report": report,
    "serve": serve,
    "validate": validate,
    "verify": verify,
    "worker": worker,
}

app = typer.Typer(
    name="fulfillment",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
app.add_typer(keys)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"fulfillment {__version__}")
        raise typer.Exit


@app.callback()
def _fulfillment(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """One stock ledger over all nodes, and the best way to serve each order from it."""


def main() -> None:
    """Run the command line and leave with one of `ExitCode`.

    What a user can cause is turned into an exit code by `open_output`; what arrives here is a defect, shown
    whole and kept apart from the codes that mean something.
    """
    try:
        app(prog_name="fulfillment")
    except Exception:
        traceback.print_exc()
        sys.exit(ExitCode.DEFECT)
