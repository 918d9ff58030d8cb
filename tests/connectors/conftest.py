from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.databases import KINDS, open_ledger
from tests.support.receiver import Receiver, receiver


@pytest.fixture(params=KINDS)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated, empty ledger, on each database in turn."""
    with open_ledger(request.param, tmp_path) as engine:
        yield engine


@pytest.fixture
def endpoint() -> Iterator[Receiver]:
    with receiver() as receiving:
        yield receiving
