"""Fixtures of the benchmarks: each day is made once a session.

Timed (`make bench`), the tiny and the small days run. Untimed, as in `make test`, the tiny ones run once
each, so that a benchmark that no longer works is found on every change.
"""

from functools import cache

import pytest

from benchmarks.cases import CASES, SEVERITIES, Case
from fulfillment.domain.policy import Policy
from fulfillment.planning.build import BuiltProblem, build_problem
from fulfillment.scenario.tables import Scenario

TIMED_SIZES, SMOKE_SIZES = ("tiny", "small"), ("tiny",)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" not in metafunc.fixturenames:
        return
    option = metafunc.config.option
    is_timed = option.benchmark_enable or not option.benchmark_disable
    cases = [
        CASES[f"{size}-{severity}"]
        for size in (TIMED_SIZES if is_timed else SMOKE_SIZES)
        for severity in SEVERITIES
    ]
    metafunc.parametrize("case", cases, ids=[case.name for case in cases], scope="session")


@cache
def _day(case: Case) -> Scenario:
    return case.generate()


@cache
def _problem(case: Case) -> BuiltProblem:
    return build_problem(_day(case), Policy.default())


@pytest.fixture(scope="session")
def scenario(case: Case) -> Scenario:
    """The day of a case."""
    return _day(case)


@pytest.fixture(scope="session")
def built(case: Case) -> BuiltProblem:
    """Its problem under the default policy."""
    return _problem(case)
