"""What a command leaves behind for the shell: the single table from outcomes to exit codes."""

from enum import IntEnum

from fulfillment.domain.errors import Busy, FulfillmentError, InvariantViolation


class ExitCode(IntEnum):
    """The codes that scripts may rely on."""

    DONE = 0
    UNPROVED = 1  # infeasible, or stopped before what was asked for was proved
    BAD_INPUT = 2
    DEFECT = 70  # ours; Python's own 1 would read as UNPROVED
    BUSY = 75  # nothing was written; safe to repeat
    INTERRUPTED = 130
    READER_LEFT = 141  # the pipe that read our output was closed


def exit_code_of(error: FulfillmentError) -> ExitCode:
    """Say which code an error ends the command with."""
    match error:
        case InvariantViolation():
            return ExitCode.DEFECT
        case Busy():
            return ExitCode.BUSY
        case _:
            return ExitCode.BAD_INPUT
