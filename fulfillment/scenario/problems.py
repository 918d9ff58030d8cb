"""What is wrong with a scenario's files, said so that a person can mend it."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from fulfillment.domain.errors import InvalidRequest

# A broken file of 100,000 rows has 100,000 problems of one kind; the first ones say all there is to say.
SHOWN_OF_A_KIND = 100


class Severity(StrEnum):
    """Whether a scenario can be planned in spite of a finding."""

    PROBLEM = "problem"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in one place.

    ``row`` counts as a person would: the line of a CSV file, its header being line 1, or the row of a Parquet
    file, its first being 1. It is None where the whole file or column is meant, as `column` and `value` are.
    """

    file: str
    row: int | None
    column: str | None
    value: str | None
    message: str
    remedy: str

    def __str__(self) -> str:
        where = self.file if self.row is None else f"{self.file}:{self.row}"
        what = " ".join(
            part
            for part in (self.column, None if self.value is None else repr(self.value))
            if part is not None
        )
        return (
            f"{where} {what} — {self.message}. {self.remedy}"
            if what
            else f"{where} — {self.message}. {self.remedy}"
        )


Kind = tuple[Severity, str, str | None, str]  # severity, file, column, message


@dataclass(slots=True)
class Findings:
    """Collects problems and warnings while a scenario is read.

    At most `SHOWN_OF_A_KIND` findings of one kind, that is one file, column and message, are kept; all are
    counted.
    """

    _shown: dict[Severity, list[Problem]] = field(default_factory=lambda: {each: [] for each in Severity})
    _counts: Counter[Kind] = field(default_factory=Counter)

    def add(self, severity: Severity, problem: Problem) -> None:
        """Keep one finding, or count it only when its kind has been shown often enough."""
        kind = (severity, problem.file, problem.column, problem.message)
        if self._counts[kind] < SHOWN_OF_A_KIND:
            self._shown[severity].append(problem)
        self._counts[kind] += 1

    def count_more(self, severity: Severity, like: Problem, more: int) -> None:
        """Count findings of the kind of `like` that nobody needs to see one by one."""
        if more:
            self._counts[severity, like.file, like.column, like.message] += more

    @property
    def is_clean(self) -> bool:
        """Whether nothing worse than a warning was found."""
        return not self._shown[Severity.PROBLEM]

    def verdict(self) -> "Verdict":
        """Freeze what was found, in the order of the files."""
        return Verdict(
            problems=tuple(self._shown[Severity.PROBLEM]),
            warnings=tuple(self._shown[Severity.WARNING]),
            counts=dict(self._counts),
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings about one scenario."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    counts: dict[Kind, int]  # every finding, also those beyond the shown ones

    def total(self, severity: Severity) -> int:
        """Count all findings of a severity, shown or not."""
        return sum(count for kind, count in self.counts.items() if kind[0] is severity)

    def unshown(self, severity: Severity) -> dict[tuple[str, str | None, str], int]:
        """Say of which (file, column, message) more was found than is shown, and how much more."""
        return {
            kind[1:]: count - SHOWN_OF_A_KIND
            for kind, count in self.counts.items()
            if kind[0] is severity and count > SHOWN_OF_A_KIND
        }


class ScenarioInvalid(InvalidRequest):
    """A folder that cannot be planned; ``verdict`` has every problem."""

    code = "scenario_invalid"

    def __init__(self, folder: str, verdict: Verdict) -> None:
        self.folder = folder
        self.verdict = verdict
        total = verdict.total(Severity.PROBLEM)
        first = str(verdict.problems[0]).removeprefix(f"{folder} — ").removesuffix(".")
        more = f" (and {total - 1:,} more)" if total > 1 else ""
        super().__init__(
            f"{folder} cannot be used: {first}{more}",
            remedy="`fulfillment validate` lists every problem",
            folder=folder,
            problems=total,
        )

    def __reduce__(self) -> tuple[type["ScenarioInvalid"], tuple[str, Verdict]]:
        # Worker processes send errors home pickled, and the constructor takes no message.
        return type(self), (self.folder, self.verdict)
