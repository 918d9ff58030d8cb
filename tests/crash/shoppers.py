"""Clients that never give up: what gets no answer is asked again, same id and body, until it has."""

import asyncio
import random
import threading
from collections import Counter
from dataclasses import dataclass, field

import orjson

from benchmarks.service.retailer import Facts
from benchmarks.service.wire import LOST, Answer, Target, keep_calling

REPEATED_SHARE = 0.1
"""Of the requests, those that ask for an order again that was acknowledged."""

RETRIED = {LOST, 408, 429, 502, 503, 504}
IN_PROGRESS = "request_in_progress"


@dataclass
class Order:
    """An order as the client knows it.

    Attributes
    ----------
    answer : dict or None
        The body of its first 201.
    refusal : str or None
        The code of its first refusal.
    """

    order_id: str
    body: bytes
    units: dict[str, int]
    answer: dict[str, object] | None = None
    refusal: str | None = None


@dataclass
class Told:
    """What clients were told, as it comes."""

    acknowledged: dict[str, Order] = field(default_factory=dict)
    refused: dict[str, Order] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Answers that no client should see: another answer to a repeated request, or a status of a defect."""


class Shoppers(threading.Thread):
    """Clients in a thread of their own, on real connections.

    Parameters
    ----------
    run : str
        Part of every order's id.
    qty_max : int
        Units a line, at most.
    """

    def __init__(
        self, target: Target, facts: Facts, *, run: str, clients: int, seed: int, qty_max: int = 2
    ) -> None:
        super().__init__(name="shoppers", daemon=True)
        self.told = Told()
        self.failure: BaseException | None = None
        self._target = target
        self._facts = facts
        self._run_name = run
        self._clients = clients
        self._random = random.Random(seed)
        self._qty_max = qty_max
        self._number = 0
        self._is_over = threading.Event()

    def run(self) -> None:
        try:
            asyncio.run(self._shop())
        except BaseException as failure:
            self.failure = failure
            raise

    def finish(self, seconds: float) -> Told:
        """Let every client get the answer that it waits for, and stop.

        Raises
        ------
        TimeoutError
            When some client still has no answer after so long.
        """
        self._is_over.set()
        self.join(seconds)
        if self.is_alive():
            raise TimeoutError(f"some order has no answer after {seconds} s; seen {self.told.statuses}")
        if self.failure is not None:
            raise self.failure
        return self.told

    async def _shop(self) -> None:
        clients = [_Client(self) for _ in range(self._clients)]
        await asyncio.gather(
            *(
                keep_calling(self._target, each.next_request, each.on_answer, is_over=each.is_over)
                for each in clients
            )
        )

    def is_over(self) -> bool:
        """Tell whether clients shall ask for nothing more."""
        return self._is_over.is_set()

    def choose(self) -> Order:
        """Make a new order, or take one that was acknowledged."""
        if self.told.acknowledged and self._random.random() < REPEATED_SHARE:
            return self._random.choice(list(self.told.acknowledged.values()))
        self._number += 1
        order_id = f"O-{self._run_name}-{self._number}"
        skus = self._random.sample(self._facts.sku_ids, self._random.randint(1, 3))
        # One SKU may stand on two lines.
        lines = [
            {"sku_id": sku_id, "qty": self._random.randint(1, self._qty_max)}
            for sku_id in [*skus, *self._random.sample(skus, self._random.randint(0, 1))]
        ]
        units: Counter[str] = Counter()
        for line in lines:
            units[str(line["sku_id"])] += int(line["qty"])
        body = orjson.dumps(
            {
                "order_id": order_id,
                "channel": "web",
                "method": "SHIPPING",
                "postal_code": self._random.choice(self._facts.postal_codes),
                "customer_id": "C-crash",
                "lines": lines,
            }
        )
        return Order(order_id, body, dict(units))

    def request(self, order: Order) -> bytes:
        """Make the bytes of a request."""
        return self._target.request("POST", "/v1/orders", order.body)


class _Client:
    """One of them, with the order that it waits for."""

    def __init__(self, shoppers: Shoppers) -> None:
        self._shoppers = shoppers
        self._order: Order | None = None
        self._must_pause = False

    def is_over(self) -> bool:
        return self._order is None and self._shoppers.is_over()

    def next_request(self) -> bytes | None:
        if self._must_pause:
            self._must_pause = False
            return None  # hang up, and come again after a moment
        if self._order is None:
            if self._shoppers.is_over():
                return None
            self._order = self._shoppers.choose()
        return self._shoppers.request(self._order)

    def on_answer(self, answer: Answer) -> None:
        told, order = self._shoppers.told, self._order
        assert order is not None
        told.statuses[answer.status] += 1
        body = {} if answer.status == LOST else orjson.loads(answer.body)
        code = str(body.get("code", ""))
        if answer.status != 201:
            told.codes[code] += 1
        if answer.status in RETRIED or code == IN_PROGRESS:
            self._must_pause = answer.status != LOST
            return
        self._order = None
        if answer.status == 201:
            self._note_acknowledged(order, body)
        elif answer.status == 409:
            self._note_refused(order, code)
        else:
            told.wrong.append(f"{order.order_id}: {answer.status} {answer.body[:300]!r}")

    def _note_acknowledged(self, order: Order, body: dict[str, object]) -> None:
        told = self._shoppers.told
        if order.refusal is not None:
            told.wrong.append(f"{order.order_id}: refused as {order.refusal}, then acknowledged")
        elif order.answer is None:
            order.answer = body
            told.acknowledged[order.order_id] = order
        elif order.answer != body:
            told.wrong.append(f"{order.order_id}: answered {order.answer}, then {body}")

    def _note_refused(self, order: Order, code: str) -> None:
        told = self._shoppers.told
        if order.answer is not None:
            told.wrong.append(f"{order.order_id}: acknowledged, then refused as {code}")
            return
        order.refusal = code
        told.refused[order.order_id] = order
