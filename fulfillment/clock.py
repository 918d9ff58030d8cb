"""The one source of the present moment.

Rules take a clock and never ask the machine themselves, so that a test, a simulation and a replay can set the
time.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from fulfillment.domain.checks import require_utc
from fulfillment.domain.errors import InvalidRequest


class Clock(Protocol):
    """Whatever can tell the time."""

    def now(self) -> datetime:
        """Return the present moment, an aware UTC datetime."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's present moment in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved, forward only.

    Parameters
    ----------
    at : datetime
        UTC; the first moment it tells.
    """

    def __init__(self, at: datetime) -> None:
        require_utc("at", at)
        self._at = at

    def now(self) -> datetime:
        """Return the moment it was last moved to."""
        return self._at

    def advance(self, by: timedelta) -> datetime:
        """Move forward and return the new moment.

        Raises
        ------
        InvalidRequest
            When `by` is negative.
        """
        if by < timedelta(0):
            raise InvalidRequest(f"a clock cannot advance by {by}", remedy="give a duration of at least 0")
        self._at += by
        return self._at
