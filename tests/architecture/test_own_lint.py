"""The code keeps the rules of `own_lint`, and `own_lint` sees who does not."""

from pathlib import Path

import pytest

from tests.architecture.own_lint import complaints

ROOT = Path(__file__).parents[2]


def test_the_code_keeps_its_own_rules() -> None:
    assert complaints(ROOT) == []


def plant(root: Path, path: str, source: str) -> Path:
    file = root / path
    file.parent.mkdir(parents=True)
    file.write_text(source)
    return root


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\nnow = datetime.now()",
        "import datetime as dt\nnow = dt.datetime.now(dt.UTC)",
        "from datetime import datetime as when\nclock = when.utcnow",
        "from datetime import date\ntoday = date.today()",
        "import time\nnow = time.time()",
        "from time import time as now\nnow()",
        "def f():\n    import os\n    return os.environ['HOME']",
        "from os import environ\nhome = environ['HOME']",
        "import os\nhome = os.getenv('HOME')",
        "import uuid\nkey = uuid.uuid4()",
        "sql = 'select 1 as one from stock '",
        "sql = '''\n  UPDATE stock SET available = 0'''",
        "sql = f'DELETE FROM {table}'",
    ],
)
def test_what_belongs_elsewhere_is_caught(tmp_path: Path, source: str) -> None:
    """The broken twin: one offence in a rule of the domain."""
    found = complaints(plant(tmp_path, "fulfillment/domain/rule.py", source))
    assert len(found) == 1, found
    assert "belongs in" in found[0]


def test_a_vague_file_name_is_caught(tmp_path: Path) -> None:
    assert complaints(plant(tmp_path, "solver/utils.py", "")) == [
        "solver/utils.py: a file is named by its story"
    ]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("fulfillment/clock.py", "from datetime import datetime, UTC\nnow = datetime.now(UTC)"),
        ("fulfillment/settings.py", "import os\nurl = os.environ.get('URL')"),
        ("fulfillment/store/ledger.py", "sql = 'DELETE FROM hold WHERE id = 1'"),
        ("fulfillment/domain/rule.py", "import time\nstarted = time.monotonic()"),
        ("fulfillment/domain/rule.py", "text = 'Select a node from the list'"),
    ],
)
def test_what_is_at_home_passes(tmp_path: Path, path: str, source: str) -> None:
    assert complaints(plant(tmp_path, path, source)) == []
