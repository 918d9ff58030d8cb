"""Change orders on live stock: the decision is made under the locks of the transaction that writes it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import FulfillmentError
from fulfillment.domain.placing import Decider, Decision, OrderRequest, Position
from fulfillment.ids import IdSource
from fulfillment.live.fresh_decisions import FreshDecisions, Renew, never_changes
from fulfillment.services.change_order import Wish, change_order
from fulfillment.services.clear_order import clear_order
from fulfillment.services.once import Problem, once
from fulfillment.services.place_orders import CapacityTaken, PlacingTerms
from fulfillment.services.placed_order import document_of
from fulfillment.store.idempotency import Answer, RequestKey
from fulfillment.store.placed_orders import PlacedOrder
from fulfillment.store.transaction import as_refusal

DECISIONS_MAX = 5


class OrderChanges:
    """Changes orders for any number of threads.

    Parameters
    ----------
    renew : callable
        Called before a decision: it is made under locks, too late to look around.
    """

    def __init__(
        self,
        engine: Engine,
        decider: Decider,
        *,
        problem: Problem,
        clock: Clock,
        ids: IdSource,
        renew: Renew = never_changes,
    ) -> None:
        self._engine = engine
        self._decider = decider
        self._decisions = FreshDecisions(engine, decider, clock, renew)
        self._renew = renew
        self._problem = problem
        self._clock = clock
        self._ids = ids

    def change(self, key: RequestKey, order_id: str, wish: Wish) -> Answer:
        """Let an order ask for what `wish` makes of it, once for a key; tell it as it then is.

        Raises
        ------
        Conflict
            When the capacity that it needs was taken first, each of `DECISIONS_MAX` times.
        """

        def story(connection: Connection, terms: PlacingTerms, now: datetime) -> PlacedOrder:
            return change_order(
                connection, order_id, wish, self._under_locks, terms, now=now, actor=key.client_id
            )

        return self._once(key, story)

    def clear(self, key: RequestKey, order_id: str) -> Answer:
        """Let an order go on whose review is over, once for a key; raises what `change` raises."""

        def story(connection: Connection, terms: PlacingTerms, now: datetime) -> PlacedOrder:
            return clear_order(connection, order_id, self._under_locks, terms, now=now, actor=key.client_id)

        return self._once(key, story)

    def _once(
        self, key: RequestKey, story: Callable[[Connection, PlacingTerms, datetime], PlacedOrder]
    ) -> Answer:
        def use_case(connection: Connection) -> Answer:
            now = self._clock.now()
            terms = PlacingTerms(
                policy_digest=self._decider.policy_digest,
                release_at=now + self._decider.release_window,
                ledger_position=self._decider.view.position,
                problem=self._problem,
                ids=self._ids,
            )
            return Answer(200, document_of(story(connection, terms, now), terms.ledger_position))

        self._renew()
        refusal: FulfillmentError | None = None
        for _ in range(DECISIONS_MAX):
            try:
                return once(self._engine, key, use_case, problem=self._problem, clock=self._clock)
            except CapacityTaken as taken:
                self._decider.view.refresh_capacity(taken.used)
                refusal = taken.refusal
            except Exception as error:
                raise as_refusal(error) from error.__cause__
        raise refusal or AssertionError("DECISIONS_MAX is at least 1")

    def _under_locks(
        self,
        connection: Connection,
        requests: Sequence[OrderRequest],
        own: Mapping[str, Mapping[Position, int]],
    ) -> Mapping[str, Decision]:
        return self._decisions.under_locks(connection, requests, own)
