"""The folder of a demo: what a demo made is replaced, what somebody else put there is left alone."""

import json
from dataclasses import dataclass
from pathlib import Path

from fulfillment.domain.errors import InvalidRequest

MADE_BY = {"made_by": "fulfillment demo"}
POLICY = """\
# A policy says what a plan is worth and what it may not do. What it does not name has its default.
version = 1
name = "stores send no parcels"

[excluded_node_kinds]
SHIPPING = ["store"]
"""


@dataclass(frozen=True, slots=True)
class DemoFolder:
    """Where a demo keeps its files."""

    root: Path

    @property
    def day(self) -> Path:
        """The scenario."""
        return self.root / "day"

    @property
    def ledger(self) -> Path:
        """The database, unless another one is named."""
        return self.root / "ledger.db"

    @property
    def plan(self) -> Path:
        """The plan."""
        return self.root / "plan"

    @property
    def policy(self) -> Path:
        """A policy to try."""
        return self.root / "policy.toml"

    @property
    def _mark(self) -> Path:
        return self.root / "demo.json"

    def clear(self) -> None:
        """Make the folder, or make room in it for a new demo.

        Raises
        ------
        InvalidRequest
            When it is not a demo's, or can't be written; nothing was touched.
        """
        if self.root.is_dir() and any(self.root.iterdir()) and not self._is_marked():
            raise InvalidRequest(
                f"{self.root} holds files that no demo made",
                remedy="name another folder with --keep DIR",
                path=str(self.root),
            )
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            self._mark.write_text(json.dumps(MADE_BY) + "\n", encoding="utf-8")
            # Beside the file stands what SQLite had not yet moved into it when a demo was killed.
            for path in (self.ledger, *(Path(f"{self.ledger}-{end}") for end in ("wal", "shm"))):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise InvalidRequest(
                f"{self.root} can't be written: {error.strerror}",
                remedy="name a folder that you may write with --keep DIR",
                path=str(self.root),
            ) from error

    def write_policy(self) -> None:
        """Write a policy for the user to try."""
        self.policy.write_text(POLICY, encoding="utf-8")

    def _is_marked(self) -> bool:
        try:
            mark: object = json.loads(self._mark.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return mark == MADE_BY
