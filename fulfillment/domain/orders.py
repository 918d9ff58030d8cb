"""An order: what a customer asked for, on whichever channel."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from fulfillment.domain.checks import require_text, require_utc
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line, require_lines
from fulfillment.domain.transitions import ORDERS, OrderState, Verb


class Review(StrEnum):
    """What an order on hold waits for."""

    PAYMENT = "payment"
    FRAUD = "fraud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a customer asked for.

    Attributes
    ----------
    postal_code : str or None
        Where it is delivered; needed unless it is collected.
    pickup_node_id : str or None
        Where it is collected; only for `Method.PICK_UP`.
    placed_at : datetime
        UTC.
    promise_by : datetime or None
        UTC; the promise date, None where the customer was told none.
    priority : int
        1 is the most urgent.
    customer_id : str
        Opaque; it names nobody.
    review : Review or None
        What it waits for while it is on hold, otherwise None.
    """

    order_id: str
    channel: str
    method: Method
    lines: tuple[Line, ...]
    placed_at: datetime
    customer_id: str
    postal_code: str | None = None
    pickup_node_id: str | None = None
    promise_by: datetime | None = None
    priority: int = 1
    state: OrderState = OrderState.OPEN
    review: Review | None = None

    def __post_init__(self) -> None:
        require_text("order_id", self.order_id)
        require_text("channel", self.channel)
        require_lines(self.lines)
        require_utc("placed_at", self.placed_at)
        self._require_destination()
        if self.promise_by is not None:
            require_utc("promise_by", self.promise_by)
            if self.promise_by < self.placed_at:
                raise self._wrong("promise_by", "is promised before it was placed", "promise a later moment")
        if self.priority < 1:
            raise self._wrong("priority", f"has the priority {self.priority}", "1 is the most urgent")
        if (self.state is OrderState.ON_HOLD) != (self.review is not None):
            raise self._wrong("review", f"is {self.state} with review {self.review}", "name it while on hold")

    def _require_destination(self) -> None:
        match self.method:
            case Method.PICK_UP:
                if not self.pickup_node_id:
                    raise self._wrong("pickup_node_id", "is collected nowhere", "name the pickup node")
            case Method.SHIPPING | Method.LOCAL:
                if not self.postal_code:
                    raise self._wrong("postal_code", "is delivered nowhere", "name the postal code")
                if self.pickup_node_id:
                    raise self._wrong("pickup_node_id", "is delivered and collected", "name one place")
            case Method.RETAIL:
                raise self._wrong("method", "is carried out at the till", "post the sale; it needs no order")

    def _wrong(self, key: str, what: str, remedy: str) -> InvalidRequest:
        return InvalidRequest(
            f"order {self.order_id} {what}", remedy=remedy, key=key, value=getattr(self, key)
        )

    def after(self, verb: Verb) -> "Order":
        """Return the order after `verb`; refused with `MoveRefused` where the table has no such move."""
        state = ORDERS.move(self.state, verb, self.order_id)
        return replace(self, state=state, review=self.review if state is OrderState.ON_HOLD else None)

    def suspended(self, review: Review) -> "Order":
        """Put it on hold until `review` clears it; refused with `MoveRefused` once a node has begun."""
        return replace(self, state=ORDERS.move(self.state, Verb.SUSPEND, self.order_id), review=review)

    def changed(
        self,
        *,
        lines: tuple[Line, ...],
        method: Method,
        postal_code: str | None,
        pickup_node_id: str | None,
        promise_by: datetime | None,
    ) -> "Order":
        """Replace what is asked for, say delivery by pickup; `MoveRefused` once a node has begun."""
        return replace(
            self,
            state=ORDERS.move(self.state, Verb.CHANGE, self.order_id),
            lines=lines,
            method=method,
            postal_code=postal_code,
            pickup_node_id=pickup_node_id,
            promise_by=promise_by,
        )
