"""The document of the scenario's files names what the reader wants, and nothing else."""

import re
from pathlib import Path

from fulfillment.scenario.layout import COLUMNS

DOCUMENT = Path(__file__).parents[2] / "docs" / "scenario.md"


def test_the_document_names_every_file_and_column() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*?\| (.*) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert {table: tuple(re.findall(r"`(\w+)`", columns)) for table, columns in rows} == COLUMNS
