"""What pyproject.toml says is what is on disk and in the locks."""

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
PACKAGES: list[str] = PYPROJECT["tool"]["setuptools"]["packages"]
PACKAGE_DATA: dict[str, list[str]] = PYPROJECT["tool"]["setuptools"].get("package-data", {})


def left_behind(root: Path, packages: list[str], data: dict[str, list[str]]) -> list[str]:
    """Name the files below the top packages that an installation would lack."""
    tops = sorted({package.split(".")[0] for package in packages})
    files = (path for top in tops for path in sorted((root / top).rglob("*")) if path.is_file())
    return [
        path.relative_to(root).as_posix()
        for path in files
        if "__pycache__" not in path.parts and not _installed(path.relative_to(root), packages, data)
    ]


def _installed(path: Path, packages: list[str], data: dict[str, list[str]]) -> bool:
    if path.suffix == ".py" and ".".join(path.parent.parts) in packages:
        return True
    return any(
        fnmatch(path.as_posix(), f"{package.replace('.', '/')}/{pattern}")
        for package, patterns in data.items()
        for pattern in patterns
    )


def test_an_installation_has_every_file() -> None:
    assert left_behind(ROOT, PACKAGES, PACKAGE_DATA) == []


def test_every_listed_package_exists() -> None:
    assert [name for name in PACKAGES if not (ROOT / name.replace(".", "/") / "__init__.py").is_file()] == []


def test_a_file_left_behind_is_caught(tmp_path: Path) -> None:
    """The broken twin: a new package that nobody listed, and a migration that no pattern matches."""
    for name in ("a/__init__.py", "a/b/__init__.py", "a/moves/0001.py", "a/moves/script.mako"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert left_behind(tmp_path, ["a"], {"a": ["moves/*.py"]}) == ["a/b/__init__.py", "a/moves/script.mako"]


def pins(lock: str) -> dict[str, str]:
    """Read name and version of every line of a lock that holds on the oldest Python we support."""
    text = (ROOT / lock).read_text()
    found = re.findall(r"^([\w.\-]+)==([^\s;]+)(?: ; (.*))? \\$", text, re.MULTILINE)
    return {
        canonicalize_name(name): version
        for name, version, marker in found
        if not re.search(r">= '3\.1[2-9]'|== 'win32'", marker)
    }


def direct(*extras: str) -> list[Requirement]:
    optional = PROJECT["optional-dependencies"]
    named = [*PROJECT["dependencies"], *(text for extra in extras for text in optional[extra])]
    return [Requirement(text) for text in [*named, *PYPROJECT["build-system"]["requires"]]]


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ()), ("requirements-dev.lock", ("postgres", "dev"))]
)
def test_a_lock_holds_what_the_project_asks_for(lock: str, extras: tuple[str, ...]) -> None:
    """A dependency that is added without `make lock` fails here, not on a stranger's machine."""
    locked = pins(lock)
    asked = direct(*extras)
    assert [str(need) for need in asked if need.name not in locked] == []
    assert [str(need) for need in asked if locked[need.name] not in need.specifier] == []


def test_the_locks_agree() -> None:
    runtime, development = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name: development.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_is_whole_and_names_no_index(lock: str) -> None:
    lines = (ROOT / lock).read_text().splitlines()
    pinned = [line for line in lines if not line.startswith(" ")]
    assert [line for line in pinned if not re.fullmatch(r"[\w.\-]+==\S+( ; .+)? \\", line)] == []
    assert [line for line in lines if "://" in line] == []


def test_the_locks_hold_the_build_backend() -> None:
    assert PYPROJECT["dependency-groups"]["build"] == PYPROJECT["build-system"]["requires"]
