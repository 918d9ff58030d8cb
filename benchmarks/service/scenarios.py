"""What clients ask for: each scenario makes request after request, and reads an answer's units of work."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from benchmarks.service.retailer import Facts
from benchmarks.service.wire import Answer, Target

ORDERS_PER_BATCH = 100
ENTRIES_PER_REQUEST = 1_000
SKUS_PER_QUESTION = 1_000

Body = dict[str, object]


@dataclass(frozen=True, slots=True)
class Work:
    """What an answer did: units of work that were done, and those that were refused."""

    done: int
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of load.

    Attributes
    ----------
    work : str
        What is counted, in the plural.
    make : callable
        Takes a `Shopper` and makes the bytes of a request.
    read : callable
        Tells the work of an answer with a good status.
    """

    name: str
    work: str
    make: Callable[["Shopper"], bytes]
    read: Callable[[Answer], Work]


class Shopper:
    """Draws requests from a seed; ids hold the run's name, so that no run repeats another's.

    Parameters
    ----------
    run : str
        Unique a run.
    """

    def __init__(self, facts: Facts, target: Target, run: str, seed: int) -> None:
        self.facts = facts
        self.target = target
        self.random = random.Random(seed)
        self._run = run
        self._number = 0

    def fresh_id(self, kind: str) -> str:
        """Make an id that no other request has."""
        self._number += 1
        return f"{kind}-{self._run}-{self._number}"

    def order(self, *sku_ids: str) -> Body:
        """Make an order of one unit of each SKU, to be shipped anywhere."""
        return {
            "order_id": self.fresh_id("O"),
            "channel": "web",
            "method": "SHIPPING",
            "postal_code": self.random.choice(self.facts.postal_codes),
            "customer_id": "C-load",
            "lines": [{"sku_id": sku_id, "qty": 1} for sku_id in sku_ids],
        }

    def two_skus(self) -> list[str]:
        """Draw two SKUs, all alike."""
        return self.random.sample(self.facts.sku_ids, 2)

    def post(self, path: str, body: Body) -> bytes:
        """Make the bytes of a POST."""
        return self.target.request("POST", path, orjson.dumps(body))


def _orders_spread(shopper: Shopper) -> bytes:
    return shopper.post("/v1/orders", shopper.order(*shopper.two_skus()))


def _orders_hot(shopper: Shopper) -> bytes:
    other = shopper.random.choice(shopper.facts.sku_ids)
    return shopper.post("/v1/orders", shopper.order(shopper.facts.hot_sku_id, other))


def _batch(shopper: Shopper) -> bytes:
    orders = [shopper.order(*shopper.two_skus()) for _ in range(ORDERS_PER_BATCH)]
    return shopper.post("/v1/orders/batch", {"orders": orders})


def _promises(shopper: Shopper) -> bytes:
    body: Body = {
        "channel": "web",
        "postal_code": shopper.random.choice(shopper.facts.postal_codes),
        "lines": [{"sku_id": sku_id, "qty": 1} for sku_id in shopper.two_skus()],
    }
    return shopper.post("/v1/promises", body)


def _availability(shopper: Shopper) -> bytes:
    return shopper.post("/v1/availability", {"channel": "web", "sku_ids": shopper.two_skus()[:1]})


def _availability_of_many(shopper: Shopper) -> bytes:
    most = min(SKUS_PER_QUESTION, len(shopper.facts.sku_ids))
    sku_ids = shopper.random.sample(shopper.facts.sku_ids, most)
    return shopper.post("/v1/availability", {"channel": "web", "sku_ids": sku_ids})


def _entries(shopper: Shopper) -> bytes:
    now = datetime.now(UTC).isoformat()
    return shopper.target.request(
        "POST",
        "/v1/inventory/entries",
        orjson.dumps({"entries": [_entry(shopper, now) for _ in range(ENTRIES_PER_REQUEST)]}),
    )


def _entry(shopper: Shopper, now: str) -> Body:
    node_id, sku_id = shopper.random.choice(shopper.facts.positions)
    return {
        "entry_id": shopper.fresh_id("E"),
        "node_id": node_id,
        "sku_id": sku_id,
        "reason": "receive",
        "qty": 1,
        "reference": "load",
        "occurred_at": now,
    }


def _one(_: Answer) -> Work:
    return Work(1)


def _read_batch(answer: Answer) -> Work:
    statuses = [result["status"] for result in orjson.loads(answer.body)["results"]]
    done = statuses.count(201)
    return Work(done, len(statuses) - done)


def _read_entries(answer: Answer) -> Work:
    outcomes = [result["outcome"] for result in orjson.loads(answer.body)["results"]]
    done = outcomes.count("applied")
    return Work(done, len(outcomes) - done)


SCENARIOS = {
    each.name: each
    for each in (
        Scenario("orders-spread", "orders", _orders_spread, _one),
        Scenario("orders-hot", "orders", _orders_hot, _one),
        Scenario("orders-batch", "orders", _batch, _read_batch),
        Scenario("promises", "promises", _promises, _one),
        Scenario("availability", "answers", _availability, _one),
        Scenario("availability-1000", "answers", _availability_of_many, _one),
        Scenario("entries", "entries", _entries, _read_entries),
    )
}
