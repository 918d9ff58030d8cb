"""The folder of a plan: written whole or not at all."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from fulfillment.domain.errors import InvalidRequest
from fulfillment.planning.plan_facts import FACT_FILES, PlanFacts, document_text
from fulfillment.planning.report.page import report_page

REPORT = "report.html"
PLAN_FILES = FACT_FILES | {
    REPORT,
    ".run.json.part",  # of a file that was being replaced when its writer was killed
    ".report.html.part",
}


def require_writable(folder: Path) -> None:
    """Refuse a place for a plan before any work is done; leaves nothing behind.

    Raises
    ------
    InvalidRequest
        When it holds anything but a plan, which would be lost when the plan is replaced, or can't be made.
    """
    folder = folder.resolve()
    try:
        _refuse_what_is_no_plan(folder)
        above = next(path for path in folder.parents if path.exists())
        # Asking for permission is not enough: a file system may be read-only, full or no place for folders.
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=above):
            pass
    except OSError as error:
        raise InvalidRequest(
            f"{folder} can't be made: {_reason(error)}",
            remedy="name a folder that you may write",
            path=str(folder),
        ) from error


def write_plan(facts: PlanFacts, folder: Path) -> None:
    """Write all files of a plan and its report; an earlier one there is replaced in one step.

    Raises
    ------
    InvalidRequest
        When the disk is full or the place can't be written; what was there before is there still.
    """
    folder = folder.resolve()  # "." has no name to rename
    try:
        _write_aside_then_rename(facts, folder)
    except OSError as error:
        raise InvalidRequest(
            f"the plan can't be written to {folder}: {_reason(error)}",
            remedy="nothing was written; make room there, or name another folder",
            path=str(folder),
        ) from error


def replace_run(run: Mapping[str, object], folder: Path) -> None:
    """Replace the manifest of a plan that is written already, whole, when there is more to tell.

    Raises
    ------
    InvalidRequest
        When it can't be written; the earlier manifest stands.
    """
    _replace(
        folder / "run.json",
        document_text(run),
        remedy="what was said until here is done; only this file does not tell of it",
    )


def replace_report(facts: PlanFacts, folder: Path) -> Path:
    """Make the report of a plan that is written already anew; returns its path.

    Raises
    ------
    InvalidRequest
        When it can't be written; the earlier report stands.
    """
    path = folder / REPORT
    _replace(path, report_page(facts), remedy="make room there, or make the folder writable")
    return path


def _replace(path: Path, text: str, *, remedy: str) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise InvalidRequest(
            f"{path} can't be replaced: {_reason(error)}", remedy=remedy, path=str(path.parent)
        ) from error


def _refuse_what_is_no_plan(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InvalidRequest(f"{folder} is a file", remedy="name a folder for the plan", path=str(folder))
    found = {path.name for path in folder.iterdir()}
    if found - PLAN_FILES or (found and "run.json" not in found):
        raise InvalidRequest(
            f"{folder} holds files that are not a plan, such as {min(found - PLAN_FILES or found)}",
            remedy="name an empty or a new folder",
            path=str(folder),
        )


def _reason(error: OSError) -> str:
    return error.strerror or str(error)  # pyarrow's have no strerror


def _write_aside_then_rename(facts: PlanFacts, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        staging.chmod(0o755)
        facts.write(staging)
        (staging / REPORT).write_text(report_page(facts), encoding="utf-8")
        _put_in_place(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _put_in_place(staging: Path, folder: Path) -> None:
    """Rename `staging` to `folder`; what was there before is moved aside first and then removed."""
    if not folder.exists():
        staging.rename(folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    earlier = aside / folder.name
    try:
        folder.rename(earlier)
        staging.rename(folder)
    except OSError:
        if earlier.exists():
            earlier.rename(folder)
        aside.rmdir()
        raise
    shutil.rmtree(aside)
