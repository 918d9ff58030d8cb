"""Which part may import which: the table, and the walk over syntax trees that finds the arrows.

A part is a folder or file with an entry in `ARROWS`; a module belongs to the longest entry that holds it.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Versions, time, ids and settings: what any part but the pure ones may use.
GROUND = {"fulfillment", "fulfillment.clock", "fulfillment.ids", "fulfillment.settings"}

# part: the parts it may import, itself aside.
ARROWS: dict[str, set[str]] = {
    # Pure: nothing of ours.
    "fulfillment.domain": set(),
    "fulfillment.verify": set(),
    "solver": set(),
    # The ground under the rest.
    "fulfillment": set(),
    "fulfillment.clock": {"fulfillment.domain"},
    "fulfillment.ids": {"fulfillment.clock", "fulfillment.domain"},
    "fulfillment.settings": {"fulfillment.domain"},
    # Stock and places.
    "fulfillment.store": {*GROUND, "fulfillment.domain"},
    "fulfillment.scenario": {*GROUND, "fulfillment.domain"},
    "fulfillment.network": {*GROUND, "fulfillment.domain"},
    # What is done with them.
    "fulfillment.services": {*GROUND, "fulfillment.store", "fulfillment.domain"},
    "fulfillment.connectors": {*GROUND, "fulfillment.services", "fulfillment.domain"},
    "fulfillment.planning": {
        *GROUND,
        "fulfillment.scenario",
        "fulfillment.network",
        "fulfillment.store",
        "fulfillment.domain",
        "solver",
    },
    "fulfillment.live": {
        *GROUND,
        "fulfillment.planning",
        "fulfillment.services",
        "fulfillment.scenario",
        "fulfillment.network",
        "fulfillment.store",
        "fulfillment.domain",
        "solver",
    },
    # Who asks for it.
    "api": {
        *GROUND,
        "fulfillment.live",
        "fulfillment.planning",
        "fulfillment.services",
        "fulfillment.scenario",
        "fulfillment.network",
        "fulfillment.store",
        "fulfillment.domain",
        "solver",
    },
    "fulfillment.cli": {
        *GROUND,
        "fulfillment.connectors",
        "api",  # `serve` runs it
        "fulfillment.live",
        "fulfillment.planning",
        "fulfillment.services",
        "fulfillment.scenario",
        "fulfillment.network",
        "fulfillment.store",
        "fulfillment.domain",
        "fulfillment.verify",
        "solver",
    },
}

# Libraries that belong to one part; any other may not import them.
HOMES: dict[str, str] = {
    "alembic": "fulfillment.store",
    "psycopg": "fulfillment.store",
    "sqlalchemy": "fulfillment.store",
    "fastapi": "api",
    "prometheus_client": "api",
    "starlette": "api",
    "standardwebhooks": "fulfillment.connectors",
    "uvicorn": "api",
    "dask": "fulfillment.planning",
    "distributed": "fulfillment.planning",
    "ortools": "solver",
    "rich": "fulfillment.cli",
    "typer": "fulfillment.cli",
}

# What passes from hand to hand: anyone may name it in a signature, only its home may build statements.
HANDLES = {"sqlalchemy.Connection", "sqlalchemy.Engine"}


@dataclass(frozen=True, slots=True)
class Import:
    """One import, wherever it stands in a file: at the top, in a function, under TYPE_CHECKING."""

    path: Path
    line: int
    importer: str
    target: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.importer} imports {self.target}"


def module_name(path: Path, root: Path) -> str:
    """Name the module that a file is: ``a/b/__init__.py`` is ``a.b``."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, root: Path) -> Iterator[Import]:
    """Find every import of a file, as absolute dotted names; ``from a import b`` gives ``a.b``."""
    importer = module_name(path, root)
    package = importer if path.name == "__init__.py" else importer.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        for target in _targets(node, package):
            yield Import(path.relative_to(root), getattr(node, "lineno", 0), importer, target)


def _targets(node: ast.AST, package: str) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            base = _absolute(module or "", level, package)
            return [f"{base}.{alias.name}" for alias in names]
        case ast.Call(
            func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return [name]
        case _:
            return []


def _absolute(module: str, level: int, package: str) -> str:
    if level == 0:
        return module
    base = package.split(".")
    base = base[: len(base) - (level - 1)]
    return ".".join([*base, module] if module else base)


def part_of(dotted: str, parts: dict[str, set[str]]) -> str | None:
    """Name the part that a module, or a name inside one, belongs to; None when it is not ours."""
    names = dotted.split(".")
    for end in range(len(names), 0, -1):
        candidate = ".".join(names[:end])
        if candidate in parts:
            return candidate
    return None


def wrong_arrows(root: Path, parts: dict[str, set[str]] = ARROWS, homes: dict[str, str] = HOMES) -> list[str]:
    """Report every import under `root` that the tables do not allow, one line each."""
    wrong = []
    for top in sorted({part.split(".")[0] for part in parts}):
        for path in sorted((root / top).rglob("*.py")):
            wrong += [str(found) for found in imports_of(path, root) if not _allowed(found, parts, homes)]
    return wrong


def _allowed(found: Import, parts: dict[str, set[str]], homes: dict[str, str]) -> bool:
    source = part_of(found.importer, parts)
    target = part_of(found.target, parts)
    if source is None:
        return False
    if target is None:
        return found.target in HANDLES or homes.get(found.target.split(".")[0], source) == source
    return target == source or target in parts[source]


def parts_without_entry(root: Path, parts: dict[str, set[str]] = ARROWS) -> list[str]:
    """Name the folders and files with code that would fall to the root package for want of an entry."""
    return [
        module
        for path in sorted((root / "fulfillment").rglob("*.py"))
        if (module := module_name(path, root)) != "fulfillment" and part_of(module, parts) == "fulfillment"
    ]
