"""Rules of this project that no linter knows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# What makes a run unrepeatable, and the file that may hold it; all others are handed a clock, ids, settings.
ONLY_IN: dict[str, str] = {
    "datetime.date.today": "fulfillment/clock.py",
    "datetime.datetime.now": "fulfillment/clock.py",
    "datetime.datetime.today": "fulfillment/clock.py",
    "datetime.datetime.utcnow": "fulfillment/clock.py",
    "time.time": "fulfillment/clock.py",
    "time.time_ns": "fulfillment/clock.py",
    "os.environ": "fulfillment/settings.py",
    "os.getenv": "fulfillment/settings.py",
    "secrets.randbits": "fulfillment/ids.py",
    "secrets.token_bytes": "fulfillment/ids.py",
    "secrets.token_hex": "fulfillment/ids.py",
    "secrets.token_urlsafe": "fulfillment/ids.py",
    "uuid.uuid1": "fulfillment/ids.py",
    "uuid.uuid4": "fulfillment/ids.py",
    "os.urandom": "fulfillment/ids.py",
}

SQL_HOME = "fulfillment/store/"
_STATEMENTS = (
    r"SELECT\s.*\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+(TABLE|INDEX)\s"
)
_STATEMENTS_SMALL = re.sub(r"[A-Z]+", lambda word: word[0].lower(), _STATEMENTS)
# In capitals or all small; "Select a node from ..." is a sentence.
SQL = re.compile(rf"\s*({_STATEMENTS}|{_STATEMENTS_SMALL})", re.DOTALL)

VAGUE_NAMES = re.compile(r"(utils?|helpers?|common|misc|manager)\.py$")


def complaints(root: Path, tops: tuple[str, ...] = ("api", "fulfillment", "solver")) -> list[str]:
    """Report every line under `root` that breaks a rule of this file."""
    found = []
    for top in tops:
        for path in sorted((root / top).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if VAGUE_NAMES.search(name):
                found.append(f"{name}: a file is named by its story")
            tree = ast.parse(path.read_text(encoding="utf-8"), filename=name)
            found += [f"{name}:{line}: {text}" for line, text in _out_of_place(tree, name)]
            found += [f"{name}:{line}: {text}" for line, text in _sql_text(tree, name)]
    return found


def _out_of_place(tree: ast.AST, name: str) -> Iterator[tuple[int, str]]:
    aliases = _aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            dotted = _dotted(node, aliases)
            if ONLY_IN.get(dotted, name) != name:
                yield node.lineno, f"{dotted} belongs in {ONLY_IN[dotted]}"


def _aliases(tree: ast.AST) -> dict[str, str]:
    """Map the names that imports bind to what they stand for, wherever the import is."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.split(".")[0]
                bound[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            for alias in node.names:
                bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return bound


def _dotted(node: ast.expr, aliases: dict[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return aliases.get(name, "")
        case ast.Attribute(value=value, attr=attr):
            return f"{base}.{attr}" if (base := _dotted(value, aliases)) else ""
        case _:
            return ""


def _sql_text(tree: ast.AST, name: str) -> Iterator[tuple[int, str]]:
    if name.startswith(SQL_HOME):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
            yield node.lineno, f"SQL text belongs in {SQL_HOME}"
