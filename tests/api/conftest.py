from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fulfillment.settings import Settings
from tests.support.databases import KINDS, ledger_database
from tests.support.service import RunningService, running_service


@pytest.fixture(params=KINDS)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningService]:
    """A running service over a migrated, empty ledger, on each database in turn."""
    with (
        ledger_database(request.param, tmp_path) as url,
        running_service(Settings(database_url=url, key_cache_seconds=0, log_level="warning")) as running,
    ):
        yield running


@pytest.fixture
def client(service: RunningService) -> Iterator[httpx.Client]:
    """A client of that service whose key has every scope."""
    with service.client() as client:
        yield client
