"""No operation answers a caller whom the specification does not let in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fulfillment.domain.access import Scope
from fulfillment.settings import Settings
from tests.fuzz.scope_matrix import holes, operations_of
from tests.support.databases import ledger_database
from tests.support.service import RunningService, running_service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    with (
        ledger_database("sqlite", tmp_path) as url,
        running_service(Settings(database_url=url)) as running,
    ):
        yield running


def keys_of(service: RunningService) -> dict[Scope, str]:
    return {scope: service.key(scope, name=scope) for scope in Scope}


def test_nobody_passes_without_the_key_and_the_scope(service: RunningService) -> None:
    specification = service.app.openapi()
    assert len(list(operations_of(specification))) > 10
    assert holes(service.url, specification, keys_of(service)) == []


def test_the_matrix_catches_an_operation_that_forgets_its_scope(service: RunningService) -> None:
    def leak() -> dict[str, str]:
        return {"secret": "everything"}

    service.app.add_api_route("/v1/leak", leak, methods=["GET"], name="leak")
    service.app.openapi_schema = None
    found = holes(service.url, service.app.openapi(), keys_of(service))
    assert found[0] == "GET /v1/leak needs no scope"
    assert "GET /v1/leak answers a key for read alone with 200, not 403" in found
