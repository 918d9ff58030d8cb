from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.databases import KINDS, open_ledger


@pytest.fixture(params=KINDS)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated, empty ledger, on each database in turn."""
    with open_ledger(request.param, tmp_path) as engine:
        yield engine


@pytest.fixture
def postgresql_ledger(tmp_path: Path) -> Iterator[Engine]:
    """A migrated, empty ledger where writers wait for each other's rows alone."""
    with open_ledger("postgresql", tmp_path) as engine:
        yield engine
