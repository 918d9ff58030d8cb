"""What the service refuses before it does any work, and what it tells of every request."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.rate_limit import WINDOW_SECONDS, LimitRate
from api.schemas.nodes import EXAMPLE
from fulfillment.settings import Settings
from tests.support.databases import ledger_database
from tests.support.service import RunningService, running_service


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[RunningService]:
    """A service that takes small bodies and five requests a minute from each client."""
    with ledger_database("sqlite", tmp_path) as url:
        settings = Settings(database_url=url, body_bytes_max=1024, requests_per_minute_max=5)
        with running_service(settings) as running:
            yield running


def test_an_announced_body_that_is_too_large_is_refused(tight: RunningService) -> None:
    with tight.client() as client:
        answer = client.put("/v1/nodes/n", content=b"x" * 1025)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer.json()["body_bytes_max"] == 1024


def test_a_body_in_chunks_is_counted_too(tight: RunningService) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    with tight.client() as client:
        answer = client.put("/v1/nodes/n", content=chunks(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_every_answer_tells_the_quota_and_the_sixth_request_is_refused(tight: RunningService) -> None:
    with tight.client(name="busy") as client, tight.client(name="other") as other:
        for left in (4, 3, 2, 1, 0):
            answer = client.get("/v1/nodes")
            assert answer.status_code == 200
            assert answer.headers["ratelimit-policy"] == '"client";q=5;w=60'
            assert re.fullmatch(rf'"client";r={left};t=\d+', answer.headers["ratelimit"])
        refused = client.get("/v1/nodes")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= WINDOW_SECONDS
        assert other.get("/v1/nodes").status_code == 200


def test_a_quota_comes_back_with_the_next_window() -> None:
    now = 1_000.0
    limit = LimitRate(lambda *_: None, requests_per_minute=2, monotonic=lambda: now)  # type: ignore[arg-type]
    assert [limit._count("a")[0] for _ in range(3)] == [1, 2, 3]
    now += WINDOW_SECONDS
    assert limit._count("a") == (1, WINDOW_SECONDS)


def test_a_body_that_is_no_json_is_one_problem(client: httpx.Client) -> None:
    answer = client.put("/v1/nodes/n", content=b"{nope", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_wrong_field_is_named_and_nothing_sent_is_repeated(client: httpx.Client) -> None:
    answer = client.put("/v1/nodes/n", json={**EXAMPLE, "lat": 91, "kind": "s3cret", "more": 1})
    places = [error["location"] for error in answer.json()["errors"]]
    assert places == [["body", "kind"], ["body", "lat"], ["body", "more"]]
    assert "s3cret" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/nothing", 404), ("DELETE", "/v1/nodes", 405)]
)
def test_what_the_framework_refuses_is_a_problem_too(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_request_keeps_its_harmless_id_and_gets_one_otherwise(client: httpx.Client) -> None:
    assert client.get("/v1/nodes", headers={"x-request-id": "mine-1"}).headers["x-request-id"] == "mine-1"
    made = [
        client.get("/v1/nodes", headers={"x-request-id": "a b"}).headers["x-request-id"] for _ in range(2)
    ]
    assert len(set(made)) == 2
    assert "a b" not in made
