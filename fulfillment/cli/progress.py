"""How far a long piece of work is: a live bar on a terminal, a plain line now and then elsewhere."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

SECONDS_BETWEEN_LINES = 5.0
TOLD_FROM = 0.05  # of the steps; the very first ones may compile what all others only run


class Step(ABC):
    """One piece of work under way."""

    @abstractmethod
    def advance(self, by: int = 1, note: str = "") -> None:
        """Count `by` steps as done; `note` says what is worth knowing now, such as the gap."""


@contextmanager
def show_progress(stream: TextIO, label: str, total: int | None) -> Iterator[Step]:
    """Show the progress of one piece of work on `stream` until the block ends."""
    if stream.isatty():
        with _live_bar(stream, label, total) as step:
            yield step
        return
    lines = _Lines(stream, label, total)
    lines.start()
    yield lines
    lines.finish()


class _Lines(Step):
    def __init__(
        self, stream: TextIO, label: str, total: int | None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream
        self._label = label
        self._total = total
        self._now = now
        self._done = 0
        self._started = self._last_line = now()

    def start(self) -> None:
        self._print(f"{self._label} ...")

    def advance(self, by: int = 1, note: str = "") -> None:
        self._done += by
        now = self._now()
        if now - self._last_line < SECONDS_BETWEEN_LINES:
            return
        self._last_line = now
        facts = [self._count(), self._time_left(now), note]
        self._print(f"{self._label}: " + ", ".join(fact for fact in facts if fact))

    def finish(self) -> None:
        self._print(f"{self._label}: done in {self._now() - self._started:.1f} s")

    def _count(self) -> str:
        return f"{self._done:,}" if self._total is None else f"{self._done:,} of {self._total:,}"

    def _time_left(self, now: float) -> str:
        if self._total is None or self._done < max(1, TOLD_FROM * self._total):
            return ""
        seconds = (now - self._started) * (self._total - self._done) / self._done
        return f"about {seconds:.0f} s left"

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class _Bar(Step):
    def __init__(self, bars: "Progress", task: "TaskID") -> None:
        self._bars = bars
        self._task = task

    def advance(self, by: int = 1, note: str = "") -> None:
        self._bars.update(self._task, advance=by, note=note)


@contextmanager
def _live_bar(stream: TextIO, label: str, total: int | None) -> Iterator[Step]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(file=stream)) as bars:
        yield _Bar(bars, bars.add_task(label, total=total, note=""))
