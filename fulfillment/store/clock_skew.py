"""Bound how far this machine's clock is from the database's."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, text

from fulfillment.clock import Clock
from fulfillment.domain.errors import InvalidRequest

SKEW_MAX = timedelta(seconds=2)


class SkewedClock(InvalidRequest):
    """The two clocks differ so much that holds would expire early or late; ``data`` says by how much."""

    code = "skewed_clock"


def require_close_clocks(engine: Engine, clock: Clock, skew_max: timedelta = SKEW_MAX) -> None:
    """Refuse a clock that differs from the database's by more than `skew_max`.

    Several processes judge by their own clocks whether a hold has expired, so the database's stands between
    them. SQLite lives on the same machine and has the same clock.

    Raises
    ------
    SkewedClock
        Naming the difference.
    """
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        before = clock.now()
        there: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        after = clock.now()
    # The answer was made somewhere between the two readings.
    skew = max(before - there, there - after, timedelta(0))
    if skew > skew_max:
        raise SkewedClock(
            f"this machine's clock and the database's differ by {skew.total_seconds():.1f} s",
            remedy=f"set both by NTP; at most {skew_max.total_seconds():g} s are safe",
            key="clock",
            value=skew.total_seconds(),
        )
