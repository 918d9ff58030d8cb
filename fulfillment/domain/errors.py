"""Every error the system raises on purpose, as one tree.

Errors carry data, so that a caller can act without reading prose. The domain knows no HTTP status and no exit
code: whoever faces a user owns the one table that maps these classes to his medium.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass


class FulfillmentError(Exception):
    """Root of the tree.

    Parameters
    ----------
    message : str
        One sentence for a person.
    **data : object
        What a program needs: identifiers, quantities, what would be allowed.
    """

    code = "error"

    def __init__(self, message: str, **data: object) -> None:
        super().__init__(message)
        self.message = message
        self.data: dict[str, object] = data

    def __str__(self) -> str:
        return self.message


class InvalidRequest(FulfillmentError):
    """The request itself is wrong; repeating it cannot help.

    Parameters
    ----------
    message : str
        What is wrong, naming the key and the value.
    remedy : str
        What to do about it; joined to the text.
    **data : object
        ``key`` and ``value`` of the offender, where there is one.
    """

    code = "invalid_request"

    def __init__(self, message: str, *, remedy: str = "", **data: object) -> None:
        super().__init__(message, **data)
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class IdempotencyMismatch(InvalidRequest):
    """The id of this request was used for another request before."""

    code = "idempotency_mismatch"


class NotFound(FulfillmentError):
    """Something is named that does not exist; ``data`` holds its ``kind`` and ``id``."""

    code = "not_found"


class Conflict(FulfillmentError):
    """The request is sound, but the present state refuses it."""

    code = "conflict"


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Units that a position could not give.

    ``node_id`` is empty when no single node is meant, as for an order that all nodes together cannot fill;
    ``reason`` then says why they cannot.
    """

    node_id: str
    sku_id: str
    requested: int
    available: int
    reason: str = "no_stock"

    @property
    def missing(self) -> int:
        """Units that lack."""
        return self.requested - self.available

    def __str__(self) -> str:
        where = f" at {self.node_id}" if self.node_id else ""
        return f"{self.sku_id}{where}: {self.requested} requested, {self.available} there"


class InsufficientStock(Conflict):
    """Fewer units than requested; ``shortfalls`` names every position that lacks some."""

    code = "insufficient_stock"

    def __init__(self, shortfalls: Sequence[Shortfall]) -> None:
        self.shortfalls = tuple(shortfalls)
        named = ", ".join(map(str, self.shortfalls))
        super().__init__(f"not enough stock ({named})", shortfalls=[asdict(s) for s in self.shortfalls])

    def __reduce__(self) -> tuple[type["InsufficientStock"], tuple[tuple[Shortfall, ...]]]:
        # Worker processes send errors home pickled, and the constructor takes no message.
        return type(self), (self.shortfalls,)


class ReservationClosed(Conflict):
    """A hold has expired, was released, or has already become an order."""

    code = "reservation_closed"


class StaleVersion(Conflict):
    """The caller decided on a version that is no longer the current one."""

    code = "stale_version"


class RequestInProgress(Conflict):
    """A twin with the same request id is still running."""

    code = "request_in_progress"


class EventsForgotten(Conflict):
    """Events after a cursor are kept no longer; ``data["oldest"]`` is the oldest cursor that can be used."""

    code = "events_forgotten"


class MoveRefused(Conflict):
    """The transition table has no such move from this state; ``data["allowed"]`` names those it has."""

    code = "move_refused"


class Busy(FulfillmentError):
    """A lock or a budget of retries is spent; nothing was written, and repeating the request is safe.

    Parameters
    ----------
    message : str
        What was waited for.
    retry_after_seconds : int
        When to come back.
    **data : object
        Further facts.
    """

    code = "busy"

    def __init__(self, message: str, *, retry_after_seconds: int = 1, **data: object) -> None:
        super().__init__(message, **data)
        self.retry_after_seconds = retry_after_seconds


class OutcomeUnknown(Busy):
    """The database was lost while it committed: all of it was written or nothing, and we cannot tell which.

    Repeating the request with the same id is safe, and tells.
    """

    code = "outcome_unknown"


class InvariantViolation(FulfillmentError):
    """Something that cannot be is; a defect of ours. Never caught to go on."""

    code = "invariant_violation"


def invariant(condition: bool, message: str, **data: object) -> None:
    """State what must hold; unlike ``assert`` it stays on under ``python -O``.

    Raises
    ------
    InvariantViolation
        When `condition` is false.
    """
    if not condition:
        raise InvariantViolation(message, **data)
