"""No use case escapes the fault sweep unless somebody says why."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.simulation.use_cases import LEFT_OUT

ROOT = Path(__file__).parents[2]
SERVICES = ROOT / "fulfillment" / "services"
STAGE = [*Path(__file__).parent.glob("*use_case*.py"), ROOT / "tests" / "support" / "placing.py"]
FOLLOWED = ("fulfillment.services.", "fulfillment.live.")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def use_cases() -> Iterator[tuple[str, str]]:
    """Yield module and name of each public function of a service whose first parameter is an engine."""
    for path in sorted(SERVICES.glob("*.py")):
        for node in tree_of(path).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.args.args:
                annotation = node.args.args[0].annotation
                if annotation is not None and ast.unparse(annotation) == "Engine":
                    yield f"fulfillment.services.{path.stem}", node.name


def imported_from(path: Path) -> Iterator[tuple[str, str]]:
    """Yield module and name of what a file imports of services, and of what calls them."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(FOLLOWED):
            yield from ((node.module or "", each.name) for each in node.names)


def reached() -> set[str]:
    """Name the modules that the stage imports, and those that these import, and so on."""
    modules = {module for path in STAGE for module, _ in imported_from(path)}
    waiting = list(modules)
    while waiting:
        path = ROOT / f"{waiting.pop().replace('.', '/')}.py"
        fresh = {module for module, _ in imported_from(path)} - modules
        modules |= fresh
        waiting.extend(fresh)
    return modules


def test_every_use_case_is_swept_or_left_out_with_a_reason() -> None:
    """Its form in a caller's transaction (`…_within`) counts, and load day is its parts in turn."""
    on_the_stage = {each for path in STAGE for each in imported_from(path)}
    on_the_stage |= set(imported_from(SERVICES / "load_day.py"))
    escaped = {
        name
        for module, name in use_cases()
        if not {(module, name), (module, f"{name}_within")} & on_the_stage
    }
    assert escaped == set(LEFT_OUT)


def test_every_module_of_services_is_reached() -> None:
    """Those that only work in a caller's transaction are reached through the caller."""
    modules = {f"fulfillment.services.{path.stem}" for path in SERVICES.glob("*.py")}
    assert modules - reached() == {"fulfillment.services.__init__"}
