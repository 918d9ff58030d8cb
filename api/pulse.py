"""Every second each process says how it is, so that whichever process is asked knows of all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

PULSE_SECONDS = 1.0


@contextlib.asynccontextmanager
async def pulse(beat: Callable[[], None], seconds: float = PULSE_SECONDS) -> AsyncIterator[None]:
    """Call `beat` every so often while the block runs."""

    async def run() -> None:
        while True:
            beat()
            await asyncio.sleep(seconds)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
