"""Jobs run beside each other, outlive a busy database, and end together."""

import threading
from itertools import count

import pytest

from fulfillment.cli import jobs as jobs_module
from fulfillment.cli.jobs import Job, every, run_jobs
from fulfillment.domain.errors import Busy, InvariantViolation


def test_a_job_that_fails_stops_the_others_and_is_heard_of() -> None:
    ended: list[str] = []

    def wait(stop: threading.Event) -> None:
        stop.wait()
        ended.append("waiting")

    def fail(_: threading.Event) -> None:
        raise InvariantViolation("broken")

    with pytest.raises(InvariantViolation, match="broken"):
        run_jobs([Job("waits", wait), Job("fails", fail)], threading.Event())
    assert ended == ["waiting"]


def test_a_busy_database_is_told_of_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "RETRY_SECONDS", 0.0)
    stop, told, attempts = threading.Event(), [], count(1)

    def work() -> None:
        if next(attempts) < 3:
            raise Busy("away")
        stop.set()

    run_jobs([every(0.0, "work", work, told.append)], stop)
    assert told == ["work: away"] * 2


def test_jobs_end_when_they_are_told_to() -> None:
    stop, done = threading.Event(), []

    def work() -> None:
        done.append(1)
        stop.set()

    run_jobs([every(3_600.0, "once", work, done.append)], stop)
    assert done == [1]
