"""The catalogue, its documentation and what the code writes tell one story."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from fulfillment.domain.event_types import EVENT_TYPES
from fulfillment.domain.webhooks import require_event_types

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "events.md"


def documented() -> str:
    """The section on types as it must be."""
    parts = []
    for name, kind in EVENT_TYPES.items():
        data = json.dumps(kind.data, indent=2, ensure_ascii=False)
        parts.append(f"### `{name}`\n\n{kind.what} Subject: the {kind.subject}.\n\n```json\n{data}\n```\n")
    return "\n".join(parts)


def written_types(root: Path) -> Iterator[tuple[str, str]]:
    """Every type that code gives an event: where, and its text; what is put in later is a star."""
    for path in sorted((root / "fulfillment").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            place = f"{path.relative_to(root)}:{node.lineno}"
            if node.func.id == "Event" and len(node.args) > 1:
                yield place, _text(node.args[1])
            if node.func.id == "hold_event":
                yield place, f"hold.{_text(node.args[1])}"


def _text(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(str(v.value) if isinstance(v, ast.Constant) else "*" for v in values)
        case _:
            return "*"


def is_known(text: str) -> bool:
    begin, star, _ = text.partition("*")
    return any(name.startswith(begin) if star else name == text for name in EVENT_TYPES)


def test_every_event_that_is_written_is_in_the_catalogue() -> None:
    unknown = [f"{place}: {text}" for place, text in written_types(ROOT) if not is_known(text)]
    assert unknown == [], "add it to fulfillment/domain/event_types.py and docs/events.md"


def test_the_search_sees_an_event_that_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "fulfillment"
    folder.mkdir()
    (folder / "x.py").write_text('Event(i, "order.eaten", s, {})\nhold_event(h, "lost", ids)\n')
    found = [text for _, text in written_types(tmp_path)]
    assert found == ["order.eaten", "hold.lost"]
    assert not any(is_known(text) for text in found)


def test_the_documentation_shows_the_catalogue() -> None:
    assert documented() in DOCS.read_text(encoding="utf-8")


def test_every_type_can_be_asked_for() -> None:
    require_event_types(list(EVENT_TYPES))
