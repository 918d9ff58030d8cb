"""Collect what breaks a rule."""

from collections.abc import Sequence

import numpy as np

from fulfillment.verify.files import Bools
from fulfillment.verify.verdict import EXAMPLES_MAX, Violation


class Findings:
    """Broken rules, in the order in which they were found."""

    def __init__(self) -> None:
        self._violations: list[Violation] = []

    def __len__(self) -> int:
        return len(self._violations)

    def forbid(self, rule: str, broken: Bools, names: Sequence[str]) -> None:
        """Note the places where `broken` is true, by their names."""
        at = np.flatnonzero(broken)
        if len(at):
            examples = tuple(names[k] or "an empty cell" for k in at[:EXAMPLES_MAX].tolist())
            self._violations.append(Violation(rule, len(at), examples))

    def note(self, rule: str, example: str) -> None:
        """Note a single thing that is wrong."""
        self._violations.append(Violation(rule, 1, (example,)))

    def all(self) -> tuple[Violation, ...]:
        """Everything found."""
        return tuple(self._violations)
