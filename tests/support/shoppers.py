"""Clients that never give up: what gets no answer is asked again, same id and body, until it has one."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import orjson

from benchmarks.service.retailer import Facts
from benchmarks.service.wire import LOST, Answer, Target, keep_calling

RETRIED = {LOST, 408, 429, 502, 503, 504}
IN_PROGRESS = "request_in_progress"
PLACED, REFUSED = 201, 409


@dataclass
class Order:
    """An order as its clients know it.

    Attributes
    ----------
    units : dict
        Asked for, by SKU.
    answer : tuple or None
        Status and body that were told first; every later answer must be the same.
    """

    order_id: str
    body: bytes
    units: dict[str, int]
    answer: tuple[int, Mapping[str, object]] | None = None


@dataclass
class Told:
    """What clients were told, as it comes."""

    acknowledged: dict[str, Order] = field(default_factory=dict)
    refused: dict[str, Order] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    """Answers to orders that had one already, each compared with the first."""
    wrong: list[str] = field(default_factory=list)
    """What no client should see: another answer to a repeated request, or the status of a defect."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How clients shop.

    Attributes
    ----------
    draw_units : callable
        Draws the units of an order, by SKU.
    orders_max : int
        New orders in all; then clients are done.
    repeated_share : float
        Of the requests, those that ask again for an order that was acknowledged.
    twin_share : float
        Of the requests, those that ask for an order that another client waits for at this moment.
    """

    draw_units: Callable[[random.Random], Mapping[str, int]]
    clients: int
    orders_max: int = 10**9
    repeated_share: float = 0.1
    twin_share: float = 0.0


def some_of(
    facts: Facts, *, lines_max: int = 3, qty_max: int = 2
) -> Callable[[random.Random], dict[str, int]]:
    """Draw a few SKUs of the catalogue, a unit or two of each."""

    def draw(chance: random.Random) -> dict[str, int]:
        skus = chance.sample(facts.sku_ids, chance.randint(1, lines_max))
        return {sku_id: chance.randint(1, qty_max) for sku_id in skus}

    return draw


class Shoppers(threading.Thread):
    """Clients in a thread of their own, on real connections.

    Parameters
    ----------
    run : str
        Part of every order's id.
    """

    def __init__(self, target: Target, facts: Facts, habits: Habits, *, run: str, seed: int) -> None:
        super().__init__(name="shoppers", daemon=True)
        self.told = Told()
        self.failure: BaseException | None = None
        self.chance = random.Random(seed)
        self._target = target
        self._facts = facts
        self._habits = habits
        self._run_name = run
        self._number = 0
        self._must_end = threading.Event()
        self._clients: list[_Client] = []

    def run(self) -> None:
        try:
            asyncio.run(self._shop())
        except BaseException as failure:
            self.failure = failure
            raise

    def finish(self, seconds: float) -> Told:
        """Let every client get the answer that it waits for, and stop."""
        self._must_end.set()
        return self.wait(seconds)

    def wait(self, seconds: float) -> Told:
        """Wait until all orders are made and answered.

        Raises
        ------
        TimeoutError
            When some client still has no answer after so long.
        """
        self.join(seconds)
        if self.is_alive():
            raise TimeoutError(f"some order has no answer after {seconds} s; seen {self.told.statuses}")
        if self.failure is not None:
            raise self.failure
        return self.told

    async def _shop(self) -> None:
        self._clients = [_Client(self) for _ in range(self._habits.clients)]
        await asyncio.gather(
            *(
                keep_calling(self._target, each.next_request, each.on_answer, is_over=each.is_over)
                for each in self._clients
            )
        )

    def is_over(self) -> bool:
        """Tell whether clients shall ask for nothing more."""
        return self._must_end.is_set() or self._number >= self._habits.orders_max

    def choose(self) -> Order:
        """Make a new order, or take one that was acknowledged, or that somebody waits for."""
        kind = self.chance.random()
        if kind < self._habits.repeated_share and self.told.acknowledged:
            return self.chance.choice(list(self.told.acknowledged.values()))
        if kind > 1 - self._habits.twin_share:
            waited_for = self.chance.choice(self._clients).order
            if waited_for is not None:
                return waited_for
        return self._new_order()

    def _new_order(self) -> Order:
        self._number += 1
        order_id = f"O-{self._run_name}-{self._number}"
        units = self._habits.draw_units(self.chance)
        body = {
            "order_id": order_id,
            "channel": "web",
            "method": "SHIPPING",
            "postal_code": self.chance.choice(self._facts.postal_codes),
            "customer_id": "C-shopper",
            "lines": [line for sku_id, qty in units.items() for line in self._lines(sku_id, qty)],
        }
        return Order(order_id, orjson.dumps(body), dict(units))

    def _lines(self, sku_id: str, qty: int) -> list[dict[str, object]]:
        """Ask on one line, or now and then on two of the same SKU."""
        if qty > 1 and self.chance.random() < 0.3:
            return [{"sku_id": sku_id, "qty": 1}, {"sku_id": sku_id, "qty": qty - 1}]
        return [{"sku_id": sku_id, "qty": qty}]

    def request(self, order: Order) -> bytes:
        """Make the bytes of a request."""
        return self._target.request("POST", "/v1/orders", order.body)


class _Client:
    """One of them, with the order that it waits for."""

    def __init__(self, shoppers: Shoppers) -> None:
        self.order: Order | None = None
        self._shoppers = shoppers
        self._must_pause = False

    def is_over(self) -> bool:
        return self.order is None and self._shoppers.is_over()

    def next_request(self) -> bytes | None:
        if self._must_pause:
            self._must_pause = False
            return None  # hang up, and come again after a moment
        if self.order is None:
            if self._shoppers.is_over():
                return None
            self.order = self._shoppers.choose()
        return self._shoppers.request(self.order)

    def on_answer(self, answer: Answer) -> None:
        told, order = self._shoppers.told, self.order
        assert order is not None
        told.statuses[answer.status] += 1
        body = {} if answer.status == LOST else orjson.loads(answer.body)
        code = str(body.get("code", ""))
        if answer.status != PLACED:
            told.codes[code] += 1
        if answer.status in RETRIED or code == IN_PROGRESS:
            self._must_pause = answer.status != LOST
            return
        self.order = None
        if answer.status not in (PLACED, REFUSED):
            told.wrong.append(f"{order.order_id}: {answer.status} {answer.body[:300]!r}")
        elif order.answer is not None:
            told.repeated += 1
            if order.answer != (answer.status, body):
                told.wrong.append(f"{order.order_id}: told {order.answer}, then {answer.status} {body}")
        else:
            order.answer = (answer.status, body)
            (told.acknowledged if answer.status == PLACED else told.refused)[order.order_id] = order
