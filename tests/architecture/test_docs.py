"""What the documents point at exists: files, and the tests that back a guarantee."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def dead_pointers(document: Path, root: Path) -> list[str]:
    """Name every link, path and test in a Markdown file that leads nowhere."""
    text = document.read_text()
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text)
    dead = [link for link in links if not (document.parent / link).exists()]
    for quoted in re.findall(
        r"`((?:fulfillment|solver|api|tests|benchmarks|docs)/[\w./\-]*(?:::\w+)?)`", text
    ):
        path, _, test = quoted.partition("::")
        if not (root / path).exists() or (test and test not in functions(root / path)):
            dead.append(quoted)
    return dead


def functions(path: Path) -> set[str]:
    """Name the functions and classes that a file defines; a stateful test is an assignment."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return names


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_document_points_at_what_exists(document: Path) -> None:
    assert dead_pointers(document, ROOT) == []


def test_a_dead_pointer_is_caught(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text("def test_b(): ...")
    document = tmp_path / "README.md"
    document.write_text("[x](gone.md) `tests/test_a.py::test_b` `tests/test_a.py::test_c` `solver/gone.py`")
    assert dead_pointers(document, tmp_path) == ["gone.md", "tests/test_a.py::test_c", "solver/gone.py"]
