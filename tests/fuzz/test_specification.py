"""Made-up requests for every operation: each answer is one that the specification tells, none is a 5xx."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from fulfillment.clock import SystemClock
from fulfillment.services.load_day import load_day
from fulfillment.settings import Settings
from tests.support.databases import KINDS, ledger_database
from tests.support.days import a_day
from tests.support.service import RunningService, running_service

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EVERYDAY = settings(
    max_examples=4, database=None, deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
CAMPAIGN = settings(EVERYDAY, max_examples=300)


@pytest.fixture(params=KINDS)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningService]:
    """A service over a ledger that has something in it."""
    with (
        ledger_database(request.param, tmp_path) as url,
        running_service(Settings(database_url=url)) as running,
    ):
        day = a_day({("S1", "V"): 50, ("S2", "V"): 50, ("S2", "W"): 9}, {"O1": [("V", 1)]})
        load_day(running.engine, day, actor="tester", clock=SystemClock())
        yield running


def fuzz(service: RunningService, how: settings) -> list[str]:
    """Send requests to every operation; return what was wrong, a line an operation."""
    schema = schemathesis.openapi.from_dict(service.app.openapi())
    headers = {"Authorization": f"Bearer {service.key()}"}
    found = []
    for result in schema.get_all_operations():
        operation = result.ok()

        @how
        @given(case=operation.as_strategy())
        def call(case: Any) -> None:
            case.call_and_validate(base_url=service.url, headers=headers, checks=CHECKS)

        try:
            call()
        except (Failure, FailureGroup) as failure:
            found.append(f"{operation.label}: {failure}")
    return found


def test_no_answer_is_a_defect_or_undescribed(service: RunningService) -> None:
    assert fuzz(service, EVERYDAY) == []


@pytest.mark.campaign
def test_no_answer_of_many_is_a_defect_or_undescribed(service: RunningService) -> None:
    assert fuzz(service, CAMPAIGN) == []


def test_the_fuzzer_catches_a_defect_and_an_answer_that_nobody_described(service: RunningService) -> None:
    from starlette.responses import Response

    def breaks(number: int) -> Response:
        if number > 3:
            raise RuntimeError("a defect")
        return Response("{}", status_code=418, media_type="application/json")

    service.app.add_api_route("/v1/breaks", breaks, methods=["GET"], name="breaks")
    service.app.openapi_schema = None
    found = fuzz(service, EVERYDAY)
    assert [line.split(":")[0] for line in found] == ["GET /v1/breaks"]
