"""What is counted, for Prometheus; safe with several processes, which share their counts through files.

`fulfillment serve` names the folder (`fulfillment/settings.py`); without one, a process tells its own alone.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from fulfillment.settings import metrics_folder

CONTENT_TYPE = CONTENT_TYPE_LATEST
PREFIX = "fulfillment"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The counts of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "fulfillment_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "fulfillment_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ("method", "route"),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._problems = Counter(
            "fulfillment_problems",
            "Requests refused or failed, by the code of the problem.",
            ("code",),
            registry=self._registry,
        )
        self._gauges: dict[str, Gauge] = {}
        self._counters: dict[str, Counter] = {}
        # A label's child is looked up under a lock; few combinations exist, so each is kept.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._told: dict[str, float] = {}

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = method, route, status
        children = self._children.get(key)
        if children is None:
            children = self._requests.labels(method, route, str(status)), self._seconds.labels(method, route)
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def problem(self, code: str) -> None:
        """Count one refusal."""
        self._problems.labels(code).inc()

    def tell(self, gauges: Mapping[str, float], counts: Mapping[str, float]) -> None:
        """Take over what the parts of the service say of themselves: present values, and totals so far."""
        for name, value in gauges.items():
            self._gauge(name).set(value)
        for name, total in counts.items():
            self._counter(name).inc(max(0.0, total - self._told.get(name, 0.0)))
            self._told[name] = total

    def _gauge(self, name: str) -> Gauge:
        if name not in self._gauges:
            # Of several processes the slowest matters; queues add up.
            mode: Literal["livemax", "livesum"] = "livemax" if name.endswith("_seconds") else "livesum"
            self._gauges[name] = Gauge(
                f"{PREFIX}_{name}", _sentence(name), registry=self._registry, multiprocess_mode=mode
            )
        return self._gauges[name]

    def _counter(self, name: str) -> Counter:
        if name not in self._counters:
            self._counters[name] = Counter(f"{PREFIX}_{name}", _sentence(name), registry=self._registry)
        return self._counters[name]

    def text(self) -> bytes:
        """Return the counts of all processes in Prometheus's text format."""
        folder = metrics_folder()
        if folder is None:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        _forget_the_dead(Path(folder))
        MultiProcessCollector(together, folder)  # type: ignore[no-untyped-call]
        return generate_latest(together)


def _sentence(name: str) -> str:
    return f"{name.replace('_', ' ').capitalize()}."


def _forget_the_dead(folder: Path) -> None:
    """Remove the gauges of processes that are gone; their counters stay, or totals would shrink."""
    for path in folder.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if not pid.isdigit() or _is_alive(int(pid)):
            continue
        with suppress(FileNotFoundError):  # another process removes them too
            path.unlink()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
