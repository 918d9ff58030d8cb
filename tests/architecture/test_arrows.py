"""Imports point one way. The table stands in `arrows.ARROWS`."""

import sys
from pathlib import Path

import pytest

from tests.architecture.arrows import ARROWS, imports_of, parts_without_entry, wrong_arrows

ROOT = Path(__file__).parents[2]


def test_no_import_points_the_wrong_way() -> None:
    assert wrong_arrows(ROOT) == []


def test_every_part_has_its_entry() -> None:
    assert parts_without_entry(ROOT) == []


def test_the_table_has_no_circle() -> None:
    cleared: set[str] = set()
    while free := {part for part in ARROWS if part not in cleared and ARROWS[part] <= cleared}:
        cleared |= free
    assert cleared == set(ARROWS)


def test_the_domain_needs_only_the_standard_library() -> None:
    allowed = sys.stdlib_module_names | {"fulfillment"}
    foreign = [
        str(found)
        for path in (ROOT / "fulfillment" / "domain").rglob("*.py")
        for found in imports_of(path, ROOT)
        if found.target.split(".")[0] not in allowed
    ]
    assert foreign == []


def test_verify_needs_only_arrays_and_tables() -> None:
    """Whoever doubts a plan reads one folder of code, and nothing of ours beside it."""
    allowed = sys.stdlib_module_names | {"numpy", "numba", "pyarrow"}
    foreign = [
        str(found)
        for path in (ROOT / "fulfillment" / "verify").rglob("*.py")
        for found in imports_of(path, ROOT)
        if found.target.split(".")[0] not in allowed and not found.target.startswith("fulfillment.verify.")
    ]
    assert foreign == []


def plant(root: Path, path: str, source: str) -> Path:
    """Write a small tree with one file that imports."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    for package in file.parents[: len(Path(path).parents) - 1]:
        (package / "__init__.py").touch()
    file.write_text(source)
    return root


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("fulfillment/domain/stock.py", "import fulfillment.store"),
        ("fulfillment/domain/stock.py", "import fulfillment.store.ledger as ledger"),
        ("fulfillment/domain/stock.py", "from fulfillment import store"),
        ("fulfillment/domain/stock.py", "from fulfillment.store import ledger"),
        ("fulfillment/domain/stock.py", "from ..store import ledger"),
        ("fulfillment/domain/stock.py", "from .. import store"),
        ("fulfillment/domain/__init__.py", "from ..store import ledger"),
        ("fulfillment/domain/deep/stock.py", "from ...store.ledger import post"),
        ("fulfillment/domain/stock.py", "def f():\n    import fulfillment.store"),
        ("fulfillment/domain/stock.py", "if TYPE_CHECKING:\n    from fulfillment.clock import Clock"),
        ("fulfillment/domain/stock.py", "import importlib\nimportlib.import_module('fulfillment.store')"),
        ("fulfillment/domain/stock.py", "import json, fulfillment.store"),
        ("fulfillment/store/ledger.py", "from fulfillment.services.receive import receive"),
        ("fulfillment/services/receive.py", "import solver"),
        ("fulfillment/services/receive.py", "from sqlalchemy import text"),
        ("fulfillment/planning/plan.py", "from fulfillment.cli import main"),
        ("fulfillment/verify/judge.py", "from fulfillment.domain import errors"),
        ("solver/solve.py", "from fulfillment.domain.errors import invariant"),
        ("solver/solve.py", "from fulfillment import __version__"),
    ],
)
def test_a_wrong_arrow_is_caught(tmp_path: Path, path: str, source: str) -> None:
    """The broken twin: a tree with one import that the table forbids."""
    assert len(wrong_arrows(plant(tmp_path, path, source))) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("fulfillment/domain/stock.py", "from fulfillment.domain.errors import invariant"),
        ("fulfillment/domain/stock.py", "from .errors import invariant\nfrom . import calendar"),
        ("fulfillment/services/receive.py", "from ..store import ledger\nfrom ..clock import Clock"),
        ("fulfillment/store/ledger.py", "import sqlalchemy.orm"),
        ("fulfillment/services/receive.py", "from sqlalchemy import Connection"),
        ("fulfillment/planning/run.py", "from fulfillment import __version__\nfrom solver import solve"),
    ],
)
def test_a_right_arrow_passes(tmp_path: Path, path: str, source: str) -> None:
    assert wrong_arrows(plant(tmp_path, path, source)) == []


def test_a_part_without_an_entry_is_caught(tmp_path: Path) -> None:
    assert parts_without_entry(plant(tmp_path, "fulfillment/magic/wand.py", "")) == [
        "fulfillment.magic",
        "fulfillment.magic.wand",
    ]
