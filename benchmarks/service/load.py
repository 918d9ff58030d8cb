"""The load generator, a process of its own: `python -m benchmarks.service.load SPEC.json`."""

import asyncio
import collections
import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import uvloop

from benchmarks.service.figures import percentiles
from benchmarks.service.retailer import Facts
from benchmarks.service.scenarios import SCENARIOS, Shopper
from benchmarks.service.wire import LOST, Answer, Target, keep_calling

CODES_MAX = 20


@dataclass(frozen=True, slots=True)
class Spec:
    """A run: who calls whom with what, and for how long.

    Attributes
    ----------
    run : str
        Part of every id, so unique among the runs on one database.
    warm_up_seconds, seconds : float
        Answers that come in the warm-up are not counted.
    """

    scenario: str
    facts: str
    host: str
    port: int
    key: str
    run: str
    seed: int
    clients: int
    warm_up_seconds: float
    seconds: float


class Tally:
    """What came back within the measured seconds."""

    def __init__(self, spec: Spec, began: float) -> None:
        self.statuses: collections.Counter[int] = collections.Counter()
        self.codes: collections.Counter[str] = collections.Counter()
        self.latencies: list[float] = []
        self.done = self.refused = 0
        self.acknowledged = 0
        """Units of work done in the whole run, the warm-up included: what must be in the ledger."""
        self._read = SCENARIOS[spec.scenario].read
        self._from = began + spec.warm_up_seconds
        self._to = self._from + spec.seconds

    def count(self, answer: Answer) -> None:
        """Count an answer."""
        is_good = 200 <= answer.status < 300
        work = self._read(answer) if is_good else None
        if work is not None:
            self.acknowledged += work.done
        if not self._from <= answer.sent_at + answer.seconds < self._to:
            return
        self.statuses[answer.status] += 1
        self.latencies.append(answer.seconds)
        if work is not None:
            self.done += work.done
            self.refused += work.refused
        elif answer.status != LOST and len(self.codes) < CODES_MAX:
            self.codes[_code_of(answer)] += 1


def _code_of(answer: Answer) -> str:
    try:
        return str(orjson.loads(answer.body).get("code", ""))
    except (orjson.JSONDecodeError, AttributeError):
        return f"no problem document: {answer.body[:60]!r}"


async def run_load(spec: Spec) -> dict[str, object]:
    """Run all clients until the time is over and the last answer is there."""
    target = Target(spec.host, spec.port, spec.key)
    shopper = Shopper(Facts.read(Path(spec.facts)), target, spec.run, spec.seed)
    make = SCENARIOS[spec.scenario].make
    used_before = resource.getrusage(resource.RUSAGE_SELF)  # imports and facts are no part of the load
    began = time.perf_counter()
    ends = began + spec.warm_up_seconds + spec.seconds
    tally = Tally(spec, began)

    def is_over() -> bool:
        return time.perf_counter() >= ends

    def next_request() -> bytes | None:
        return None if is_over() else make(shopper)

    await asyncio.gather(
        *(keep_calling(target, next_request, tally.count, is_over=is_over) for _ in range(spec.clients))
    )
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "done": tally.done,
        "refused": tally.refused,
        "acknowledged": tally.acknowledged,
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        "codes": dict(tally.codes),
        "requests": len(tally.latencies),
        "seconds": spec.seconds,
        "latency_ms": percentiles(tally.latencies),
        "client_cpu_seconds": used.ru_utime + used.ru_stime - used_before.ru_utime - used_before.ru_stime,
    }


def write_spec(spec: Spec, path: Path) -> Path:
    """Write a spec for the process."""
    path.write_text(json.dumps(asdict(spec)))
    return path


def main(arguments: list[str]) -> int:
    """Run one spec."""
    spec = Spec(**json.loads(Path(arguments[0]).read_text()))
    json.dump(uvloop.run(run_load(spec)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
