"""The page at /docs needs nothing from elsewhere, and the specification is whole."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.docs_page import in_older_words
from fulfillment.settings import Settings
from tests.support.databases import ledger_database
from tests.support.service import running_service


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client without a key."""
    folder: Path = tmp_path_factory.mktemp("docs")
    with (
        ledger_database("sqlite", folder) as url,
        running_service(Settings(database_url=url, log_level="warning")) as service,
        httpx.Client(base_url=service.url, timeout=60) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def document(http: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = http.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_page_takes_all_it_shows_from_the_service(http: httpx.Client) -> None:
    page = http.get("/docs").text
    asked = re.findall(r'(?:src|href|url)(?:=|: )"([^"]+)"', page)
    assert len(asked) == 3
    for address in asked:
        assert address.startswith("/docs/")
        assert http.get(address).status_code == 200


def test_every_problem_has_a_place_that_its_type_points_to(http: httpx.Client) -> None:
    problem = http.get("/v1/nodes").json()
    path, _, anchor = problem["type"].partition("#")
    assert path == "/docs"
    assert f'id="{anchor}"' in http.get(path).text


def test_the_older_words_hold_nothing_that_the_page_cannot_read(http: httpx.Client) -> None:
    text = http.get("/docs/openapi.json").text
    assert '"openapi":"3.0.3"' in text
    for newer in ('"type":"null"', '"const":', '"examples":['):
        assert newer not in text


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "nullable": True}),
        (
            {"anyOf": [{"a": 1}, {"b": 2}, {"type": "null"}]},
            {"anyOf": [{"a": 1}, {"b": 2}], "nullable": True},
        ),
        ({"const": "x"}, {"enum": ["x"]}),
        ({"examples": ["x", "y"]}, {"example": "x"}),
    ],
)
def test_newer_words_become_older_ones(newer: dict[str, Any], older: dict[str, Any]) -> None:
    document = {"openapi": "3.1.0", "info": {"title": "t"}, "paths": newer}
    assert in_older_words(document)["paths"] == older


def test_every_write_has_an_example(document: dict[str, Any]) -> None:
    lacking = []
    for name, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = content["schema"]
            shape = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
            if not {"example", "examples"} & (set(shape) | set(content)):
                lacking.append(name)
    assert lacking == []


def test_every_operation_says_what_it_does_what_it_needs_and_how_it_fails(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation["description"], name
        assert operation["operationId"], name
        if "/v1/" not in name:
            continue
        ((scopes,),) = [each.values() for each in operation["security"]]
        assert len(scopes) == 1, name
        assert {"401", "403", "422", "429", "503"} <= set(operation["responses"]), name
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert "application/problem+json" in answer["content"], (name, status)


def test_operations_have_names_of_their_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names))
