"""Identifiers that sort by the time they were made.

They are version 7 UUIDs (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then 74 random bits. New rows
so land at the end of an index. Python 3.11 has no ``uuid.uuid7``; once the lowest supported version has it,
this file shrinks.
"""

import secrets
import threading
from collections.abc import Callable, Iterator
from itertools import accumulate
from random import Random
from struct import Struct
from typing import Protocol

from fulfillment.clock import Clock

_RANDOM_BITS = 74
_LOW_BITS = 62  # of the random bits, those below the variant field
_STEP = Struct("<I")  # a random step from one identifier to the next
_STEP_BITS = 8 * _STEP.size
_SECRET_BYTES = 32


class IdSource(Protocol):
    """Whatever can make identifiers."""

    def new_id(self) -> str:
        """Return an identifier that was never returned before, greater than all before it."""
        ...

    def new_ids(self, count: int) -> list[str]:
        """Return so many of them, at least 1, ascending."""
        ...


class IdsInBlocks:
    """Identifiers of another source, taken many at once: for a thread that needs some for each of many rows.

    What is left of a block is never used.
    """

    def __init__(self, source: IdSource, block: int) -> None:
        self._source = source
        self._block = block
        self._left: list[str] = []

    def new_id(self) -> str:
        """Return the next identifier."""
        if not self._left:
            self._left = self._source.new_ids(self._block)[::-1]
        return self._left.pop()

    def new_ids(self, count: int) -> list[str]:
        """Return the next identifiers."""
        return [self.new_id() for _ in range(count)]


class TimeOrderedIds:
    """Version 7 UUIDs that increase within the process, even when the clock stands still or steps back.

    Parameters
    ----------
    clock : Clock
        Supplies the milliseconds.
    random_bits : callable
        Takes a number of bits, returns a random integer of at most that many; cryptographic unless a test
        needs the same identifiers again.
    """

    def __init__(self, clock: Clock, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        self._clock = clock
        self._random_bits = random_bits
        self._last = -1
        self._lock = threading.Lock()

    def new_id(self) -> str:
        """Return the next identifier."""
        return self.new_ids(1)[0]

    def new_ids(self, count: int) -> list[str]:
        """Return the next identifiers, ascending: one look at the clock and at the source of randomness."""
        milliseconds = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            if milliseconds > self._last >> _RANDOM_BITS:
                first = milliseconds << _RANDOM_BITS | self._random_bits(_RANDOM_BITS)
            else:  # RFC 9562, section 6.2, method 2: step from the last one by a random amount
                first = self._last + 1 + self._random_bits(_STEP_BITS)
            numbers = list(accumulate(self._steps(count - 1), initial=first))
            self._last = numbers[-1]
        return list(map(_as_version_7, numbers))

    def _steps(self, count: int) -> Iterator[int]:
        """Draw random steps, at once: each draw by itself asks the operating system."""
        drawn = self._random_bits(_STEP_BITS * count).to_bytes(_STEP.size * count, "little")
        return (1 + step for (step,) in _STEP.iter_unpack(drawn))


class SeededIds(TimeOrderedIds):
    """The same identifiers for the same seed and the same clock; for tests and simulations."""

    def __init__(self, seed: int, clock: Clock) -> None:
        super().__init__(clock, Random(seed).getrandbits)


def new_secret() -> str:
    """Return 256 random bits as text that fits a header and a URL; never repeatable, whatever the seed."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def _as_version_7(number: int) -> str:
    """Write 122 ordered bits around the version and variant fields, which keeps their order."""
    # A format of plain integers takes two thirds of the time of an f-string.
    return "%08x-%04x-7%03x-%04x-%012x" % (  # noqa: UP031
        number >> 90,
        number >> _RANDOM_BITS & 0xFFFF,
        number >> _LOW_BITS & 0xFFF,
        0b10 << 14 | number >> 48 & 0x3FFF,
        number & 0xFFFF_FFFF_FFFF,
    )
