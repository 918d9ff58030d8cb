"""One file of a scenario as columns of cells, with a way to point at a cell that is wrong."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from fulfillment.scenario.problems import SHOWN_OF_A_KIND, Findings, Problem, Severity
from fulfillment.scenario.tables import Bools, Ints


@dataclass(slots=True)
class Sheet:
    """A table as it was read, before any cell has a meaning.

    A sheet whose file could not be read has no columns and no rows. Rules read it like any other, and so
    go on to find what else is wrong.
    """

    table: str
    file: str
    rows: int
    columns: dict[str, pa.Array]  # a column that is missing is not in here
    number_rows: Callable[[], Ints]  # the person's number of every row; called only when something is wrong
    findings: Findings
    _row_numbers: Ints | None = field(default=None)

    @classmethod
    def absent(cls, table: str, findings: Findings) -> "Sheet":
        """Stand in for a file that could not be read; why is already among the findings."""
        return cls(table, f"{table}.csv", 0, {}, lambda: np.zeros(0, np.int64), findings)

    def has(self, *columns: str) -> bool:
        """Say whether all these columns could be read."""
        return all(column in self.columns for column in columns)

    def flag(
        self,
        column: str,
        wrong: Bools | Ints,
        message: str,
        remedy: str | Callable[[int], str],
        severity: Severity = Severity.PROBLEM,
    ) -> None:
        """Report the cells of a column that are wrong.

        Parameters
        ----------
        column : str
            Whose cells.
        wrong : bool[row] or int64[k]
            Which rows, as a mask or as positions.
        message : str
            What is wrong, the same for every cell: findings are grouped by it.
        remedy : str or callable
            What to do, or a function of the position that says it.
        severity : Severity
            A warning leaves the scenario usable.
        """
        positions = np.flatnonzero(wrong) if wrong.dtype == np.bool_ else wrong
        if not len(positions):
            return
        numbers = self.row_numbers()
        shown = [
            Problem(
                self.file,
                int(numbers[at]),
                column,
                self.cell(column, at),
                message,
                remedy if isinstance(remedy, str) else remedy(at),
            )
            for at in positions[:SHOWN_OF_A_KIND].tolist()
        ]
        for problem in shown:
            self.findings.add(severity, problem)
        self.findings.count_more(severity, shown[-1], len(positions) - len(shown))

    def flag_column(
        self, column: str, value: str | None, message: str, remedy: str, severity: Severity = Severity.PROBLEM
    ) -> None:
        """Report a column as a whole."""
        self.findings.add(severity, Problem(self.file, None, column, value, message, remedy))

    def refuse_column(self, column: str, message: str, remedy: str) -> None:
        """Report a column whose type cannot be used, and go on as if it were missing."""
        self.flag_column(column, str(self.columns[column].type), message, remedy)
        del self.columns[column]

    def flag_file(self, message: str, remedy: str, severity: Severity = Severity.PROBLEM) -> None:
        """Report the file as a whole."""
        self.findings.add(severity, Problem(self.file, None, None, None, message, remedy))

    def row_numbers(self) -> Ints:
        """Give the rows the numbers that a person would."""
        if self._row_numbers is None:
            self._row_numbers = self.number_rows()
        return self._row_numbers

    def row_number(self, at: int) -> int:
        """Give one row the number that a person would."""
        return int(self.row_numbers()[at])

    def cell(self, column: str, at: int) -> str | None:
        """Show a cell as it stands in the file; None where it is empty."""
        if column not in self.columns:
            return None
        scalar = self.columns[column][at]
        # Not as_py(): it cannot show a time of nanoseconds or beyond the year 9999.
        text = scalar.cast(pa.string()).as_py() if scalar.is_valid else None
        return text or None
