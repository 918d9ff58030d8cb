"""A fulfillment order: one node's work on an order."""

from dataclasses import dataclass, replace
from datetime import datetime

from fulfillment.domain.checks import require_text, require_utc
from fulfillment.domain.errors import MoveRefused
from fulfillment.domain.kinds import Method
from fulfillment.domain.lines import Line, require_lines
from fulfillment.domain.transitions import FULFILLMENT_ORDERS, FulfillmentOrderState, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentOrder:
    """One node's work on an order.

    Attributes
    ----------
    lines : tuple of Line
        The units that this node gives, under the order's line numbers.
    release_at : datetime
        UTC; from this moment on the node may begin and the decision stands.
    """

    fulfillment_order_id: str
    order_id: str
    node_id: str
    method: Method
    lines: tuple[Line, ...]
    release_at: datetime
    state: FulfillmentOrderState = FulfillmentOrderState.OPEN

    def __post_init__(self) -> None:
        for key in ("fulfillment_order_id", "order_id", "node_id"):
            require_text(key, getattr(self, key))
        require_lines(self.lines)
        require_utc("release_at", self.release_at)

    def may_be_rerouted(self, now: datetime) -> bool:
        """Say whether a better decision may still replace this one at `now` (UTC)."""
        return self.state is FulfillmentOrderState.OPEN and now < self.release_at

    def after(self, verb: Verb) -> "FulfillmentOrder":
        """Return it after `verb`.

        Raises
        ------
        MoveRefused
            When the table has no such move, or the verb belongs to another method: what is collected is
            never delivered, and what is delivered never waits for its customer.
        """
        if verb in self._foreign_verbs:
            raise MoveRefused(
                f"cannot {verb} fulfillment order {self.fulfillment_order_id}: its method is {self.method}",
                kind=FULFILLMENT_ORDERS.kind,
                id=self.fulfillment_order_id,
                state=self.state.value,
                verb=verb.value,
                allowed=[allowed.value for allowed in self.allowed()],
            )
        return replace(self, state=FULFILLMENT_ORDERS.move(self.state, verb, self.fulfillment_order_id))

    def allowed(self) -> list[Verb]:
        """List the verbs that its state and its method allow."""
        return [verb for verb in FULFILLMENT_ORDERS.allowed(self.state) if verb not in self._foreign_verbs]

    @property
    def _foreign_verbs(self) -> tuple[Verb, ...]:
        return _ONLY_DELIVERED if self.method is Method.PICK_UP else _ONLY_COLLECTED


_ONLY_DELIVERED = (Verb.DELIVER,)
_ONLY_COLLECTED = (Verb.READY, Verb.COLLECT, Verb.EXPIRE)
