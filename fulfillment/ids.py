"""Identifiers that sort by the time they were made.

They are version 7 UUIDs (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then 74 random bits. New rows
so land at the end of an index. Python 3.11 has no ``uuid.uuid7``; once the lowest supported version has it,
this file shrinks.
"""

import secrets
import threading
from collections.abc import Callable
from random import Random
from typing import Protocol

from fulfillment.clock import Clock

_RANDOM_BITS = 74
_LOW_BITS = 62  # of the random bits, those below the variant field
_STEP_BITS = 32
_SECRET_BYTES = 32


class IdSource(Protocol):
    """Whatever can make identifiers."""

    def new_id(self) -> str:
        """Return an identifier that was never returned before, greater than all before it."""
        ...


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
        milliseconds = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            if milliseconds > self._last >> _RANDOM_BITS:
                number = milliseconds << _RANDOM_BITS | self._random_bits(_RANDOM_BITS)
            else:
                # RFC 9562, section 6.2, method 2: step from the last one by a random amount.
                number = self._last + 1 + self._random_bits(_STEP_BITS)
            self._last = number
        return _as_version_7(number)


class SeededIds(TimeOrderedIds):
    """The same identifiers for the same seed and the same clock; for tests and simulations."""

    def __init__(self, seed: int, clock: Clock) -> None:
        super().__init__(clock, Random(seed).getrandbits)


def new_secret() -> str:
    """Return 256 random bits as text that fits a header and a URL; never repeatable, whatever the seed."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def _as_version_7(number: int) -> str:
    """Write 122 ordered bits around the version and variant fields, which keeps their order."""
    high, low = number >> _LOW_BITS, number & ((1 << _LOW_BITS) - 1)
    milliseconds, rand_a = high >> 12, high & 0xFFF
    text = f"{milliseconds << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << _LOW_BITS | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
