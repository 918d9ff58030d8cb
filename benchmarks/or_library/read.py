"""Readers of the OR-Library's formats: numbers with blanks between, in a plain or gzipped text file."""

import gzip
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path


class FormatError(ValueError):
    """A file is not in its format; the message names the file, the place and what is wrong."""


@dataclass(frozen=True, slots=True)
class PlantLocation:
    """Facilities with a capacity and a fixed cost, customers with a demand."""

    capacity: list[Fraction]  # [m]
    fixed_cost: list[Fraction]  # [m]
    demand: list[Fraction]  # [n]
    cost: list[list[Fraction]]  # [n][m] of serving all of a customer's demand


@dataclass(frozen=True, slots=True)
class GeneralisedAssignment:
    """Agents with a capacity, jobs that each use some of it."""

    cost: list[list[Fraction]]  # [m][n]
    use: list[list[int]]  # [m][n]
    capacity: list[int]  # [m]


@dataclass(frozen=True, slots=True)
class Assignment:
    """As many persons as jobs."""

    cost: list[list[Fraction]]  # [n][n]


@dataclass(frozen=True, slots=True)
class SetCovering:
    """Columns with a cost, rows to cover."""

    cost: list[Fraction]  # [n]
    covering: list[list[int]]  # [m] columns that cover each row, from 0


class _Numbers:
    """The numbers of a file, one after another, each known by what it should be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            data = path.read_bytes()
            text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("ascii")
        except (OSError, EOFError, UnicodeDecodeError) as cause:
            raise FormatError(f"{path}: cannot be read as text: {cause}") from cause
        self._words = [(word, line) for line, row in enumerate(text.splitlines(), 1) for word in row.split()]
        self._at = 0

    def number(self, what: str) -> Fraction:
        """Take the next number, at least 0."""
        if self._at == len(self._words):
            raise FormatError(
                f"{self._path}: ends where {what} should stand; is it cut off, or another format?"
            )
        word, line = self._words[self._at]
        self._at += 1
        try:
            value = Fraction(word)
        except (ValueError, ZeroDivisionError) as cause:
            raise FormatError(
                f"{self._path}, line {line}: {what} should be a number, not {word!r}"
            ) from cause
        if value < 0:
            raise FormatError(f"{self._path}, line {line}: {what} must be at least 0, not {word}")
        return value

    def whole(self, what: str, least: int = 0) -> int:
        """Take the next number, which must be whole."""
        value = self.number(what)
        if value.denominator != 1 or value < least:
            raise FormatError(f"{self._here()}: {what} must be a whole number from {least}, not {value}")
        return int(value)

    def numbers(self, count: int, what: str) -> list[Fraction]:
        """Take `count` numbers."""
        return [self.number(f"{what} {k + 1} of {count}") for k in range(count)]

    def end(self) -> None:
        """Require that nothing is left."""
        if self._at < len(self._words):
            word, line = self._words[self._at]
            raise FormatError(
                f"{self._path}, line {line}: {word!r} stands after the end; is it another format?"
            )

    def refuse(self, message: str) -> FormatError:
        """Make an error about the number taken last."""
        return FormatError(f"{self._here()}: {message}")

    def _here(self) -> str:
        return f"{self._path}, line {self._words[max(0, self._at - 1)][1]}"


def read_plant_location(path: Path) -> PlantLocation:
    """Read ``m n``, then m rows (capacity, fixed cost), then for each customer its demand and m costs."""
    numbers = _Numbers(path)
    m, n = numbers.whole("the number of facilities", 1), numbers.whole("the number of customers", 1)
    facilities = [numbers.numbers(2, f"facility {i + 1}: capacity and fixed cost,") for i in range(m)]
    demand, cost = [], []
    for j in range(n):
        demand.append(numbers.number(f"the demand of customer {j + 1}"))
        cost.append(numbers.numbers(m, f"customer {j + 1}: cost"))
    numbers.end()
    return PlantLocation([c for c, _ in facilities], [f for _, f in facilities], demand, cost)


def read_generalised_assignment(path: Path) -> GeneralisedAssignment:
    """Read ``m n``, m rows of n costs, m rows of n uses, m capacities."""
    numbers = _Numbers(path)
    m, n = numbers.whole("the number of agents", 1), numbers.whole("the number of jobs", 1)
    cost = [numbers.numbers(n, f"agent {i + 1}: cost") for i in range(m)]
    use = [[numbers.whole(f"agent {i + 1}: use {j + 1} of {n}") for j in range(n)] for i in range(m)]
    capacity = [numbers.whole(f"the capacity of agent {i + 1}") for i in range(m)]
    numbers.end()
    return GeneralisedAssignment(cost, use, capacity)


def read_assignment(path: Path) -> Assignment:
    """Read ``n``, then n rows of n costs."""
    numbers = _Numbers(path)
    n = numbers.whole("the number of persons", 1)
    cost = [numbers.numbers(n, f"person {i + 1}: cost") for i in range(n)]
    numbers.end()
    return Assignment(cost)


def read_set_covering(path: Path) -> SetCovering:
    """Read ``m n``, n costs, then for each row how many columns cover it and which, from 1."""
    numbers = _Numbers(path)
    m, n = numbers.whole("the number of rows", 1), numbers.whole("the number of columns", 1)
    cost = numbers.numbers(n, "cost")
    covering = []
    for i in range(m):
        count = numbers.whole(f"row {i + 1}: the number of columns that cover it", 1)
        columns = [numbers.whole(f"row {i + 1}: column {k + 1} of {count}", 1) - 1 for k in range(count)]
        if max(columns) >= n:
            raise numbers.refuse(f"row {i + 1} names column {max(columns) + 1} of {n}")
        if len(set(columns)) < count:
            raise numbers.refuse(f"row {i + 1} names a column twice")
        covering.append(columns)
    numbers.end()
    return SetCovering(cost, covering)
