"""A broken worker: it writes down that events were delivered before it sends them.

`python -m tests.support.forgetful_worker URL`; killed in between, it loses them. The crash test must see it.
"""

import asyncio
import sys
import threading

from fulfillment.clock import SystemClock
from fulfillment.connectors.webhooks import deliver
from fulfillment.domain.webhooks import Patience
from fulfillment.ids import TimeOrderedIds
from fulfillment.services.delivery_batch import Answer, Batch, Outcome
from fulfillment.services.settle_delivery import settle_delivery
from fulfillment.store.engine import open_engine
from tests.support.webhooks import courier

_deliver_batch = deliver.deliver_batch


async def settle_then_send(batch: Batch, *more):  # type: ignore[no-untyped-def]
    clock = SystemClock()
    answers = {event.cursor: Answer(Outcome.DELIVERED) for event in batch.events}
    settle_delivery(engine, batch, answers, patience=Patience(), clock=clock, ids=TimeOrderedIds(clock))
    return await _deliver_batch(batch, *more)


if __name__ == "__main__":
    engine = open_engine(sys.argv[1])
    deliver.deliver_batch = settle_then_send
    asyncio.run(deliver.deliver_until(threading.Event(), courier(engine)))
