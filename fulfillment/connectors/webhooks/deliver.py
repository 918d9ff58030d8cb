"""The delivery loop: who is due, what they get, and what they answered, until it is stopped.

Any number of workers may run it on one ledger. A lease keeps two of them from delivering to one endpoint at
once, and a worker that is killed leaves nothing behind but a lease that ends.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Engine

from fulfillment.clock import Clock
from fulfillment.connectors.webhooks.sender import SEND_SECONDS_MAX, Endpoint, Sender
from fulfillment.domain.cursor import Cursor
from fulfillment.domain.errors import Busy
from fulfillment.domain.webhooks import Patience
from fulfillment.ids import IdSource
from fulfillment.services.delivery_batch import Answer, Batch, Outcome
from fulfillment.services.lease_delivery import due_webhooks, lease_delivery
from fulfillment.services.settle_delivery import settle_delivery

ENDPOINTS_MAX = 16
"""Endpoints that one worker delivers to at once."""
CONNECTIONS_MAX = 16
"""To one endpoint at once, and so subjects that travel side by side."""
POLL_SECONDS = 0.25
SETTLE_MARGIN = timedelta(seconds=5)
"""What is kept of a lease for writing down what became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """What a worker delivers with.

    Attributes
    ----------
    on_failure : callable
        Told of a database that is busy; the loop goes on.
    on_batch : callable
        Told of every batch that was settled, with its answers.
    """

    engine: Engine
    sender: Sender
    clock: Clock
    ids: IdSource
    patience: Patience = field(default_factory=Patience)
    poll_seconds: float = POLL_SECONDS
    on_failure: Callable[[Busy], None] = lambda _: None
    on_batch: Callable[[Batch, dict[Cursor, Answer]], None] = lambda *_: None


async def deliver_until(stop: threading.Event, courier: Courier) -> None:
    """Deliver what is due and what becomes due, until `stop` is set and what was begun is settled."""
    running: dict[str, asyncio.Task[None]] = {}
    async with asyncio.TaskGroup() as group:
        while not stop.is_set():
            running = {webhook_id: task for webhook_id, task in running.items() if not task.done()}
            for webhook_id in await _due(courier):
                if webhook_id not in running and len(running) < ENDPOINTS_MAX:
                    running[webhook_id] = group.create_task(_serve(webhook_id, courier, stop))
            await asyncio.to_thread(stop.wait, courier.poll_seconds)


async def _due(courier: Courier) -> list[str]:
    try:
        return await asyncio.to_thread(due_webhooks, courier.engine, clock=courier.clock)
    except Busy as busy:
        courier.on_failure(busy)
        return []


async def _serve(webhook_id: str, courier: Courier, stop: threading.Event) -> None:
    """Deliver batch after batch to one endpoint while it has any."""
    while not stop.is_set():
        try:
            batch = await asyncio.to_thread(
                lease_delivery, courier.engine, webhook_id, clock=courier.clock, ids=courier.ids
            )
            if batch is None:
                return
            answers = await deliver_batch(batch, courier.sender, courier.clock, stop)
            await asyncio.to_thread(
                settle_delivery,
                courier.engine,
                batch,
                answers,
                patience=courier.patience,
                clock=courier.clock,
                ids=courier.ids,
            )
        except Busy as busy:
            # The lease ends by itself, and the batch is delivered again.
            courier.on_failure(busy)
            return
        courier.on_batch(batch, answers)


async def deliver_batch(
    batch: Batch, sender: Sender, clock: Clock, stop: threading.Event
) -> dict[Cursor, Answer]:
    """Send the events of a batch, one subject's one after another, several subjects at once.

    Nothing more is sent once the endpoint takes nothing, `stop` is set, or the lease nears its end.
    """
    answers: dict[Cursor, Answer] = {}
    subjects = deque(batch.by_subject())
    left = (batch.leased_until - SETTLE_MARGIN - clock.now()).total_seconds() - SEND_SECONDS_MAX
    ends = asyncio.get_running_loop().time() + left
    halted = False

    async def send_some() -> None:
        if subjects:
            async with sender.open(batch.webhook) as endpoint:
                await send_over(endpoint)

    async def send_over(endpoint: Endpoint) -> None:
        nonlocal halted
        while subjects:
            for event in subjects.popleft():
                if halted or stop.is_set() or asyncio.get_running_loop().time() > ends:
                    return
                answer = answers[event.cursor] = await endpoint.send(event)
                halted = halted or answer.outcome in (Outcome.UNREACHABLE, Outcome.GONE)
                if answer.outcome is not Outcome.DELIVERED:
                    break

    async with asyncio.TaskGroup() as group:
        for _ in range(min(CONNECTIONS_MAX, len(subjects))):
            group.create_task(send_some())
    return answers
