"""Set safety stocks and channel buffers: what must stay on the shelf when a channel sells."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.buffers import ANY_NODE, ANY_SKU, BufferRule
from fulfillment.domain.errors import InvalidRequest, NotFound
from fulfillment.ids import IdSource
from fulfillment.store.buffers import put_rules
from fulfillment.store.outbox import Event, add_events
from fulfillment.store.places import unknown_nodes, unknown_skus
from fulfillment.store.transaction import run_in_transaction

RULES_MAX = 10_000


def set_buffers(
    engine: Engine, rules: Sequence[BufferRule], *, clock: Clock, ids: IdSource
) -> list[BufferRule]:
    """Make `rules` the ones in force, a version of each that differs; others stay as they are.

    Returns
    -------
    list of BufferRule
        Those that changed.

    Raises
    ------
    NotFound
        When a rule names a node or a SKU that is not there; nothing is written.
    InvalidRequest
        When two rules speak for the same, or there are more than `RULES_MAX`.
    """

    def story(connection: Connection) -> list[BufferRule]:
        return set_buffers_within(connection, rules, clock=clock, ids=ids)

    return run_in_transaction(engine, story)


def set_buffers_within(
    connection: Connection, rules: Sequence[BufferRule], *, clock: Clock, ids: IdSource
) -> list[BufferRule]:
    """Do what `set_buffers` does, in the caller's transaction."""
    _check(rules)
    for kind, unknown in (
        ("node", unknown_nodes(connection, {rule.node_id for rule in rules} - {ANY_NODE})),
        ("sku", unknown_skus(connection, {rule.sku_id for rule in rules} - {ANY_SKU})),
    ):
        if unknown:
            raise NotFound(f"there is no {kind} {unknown[0]}", kind=kind, id=unknown[0])
    now = clock.now()
    changed = put_rules(connection, rules, now)
    add_events(connection, [_event(rule, ids) for rule in changed], now)
    return changed


def _check(rules: Sequence[BufferRule]) -> None:
    if len(rules) > RULES_MAX:
        raise InvalidRequest(
            f"{len(rules)} rules in one call", remedy=f"send at most {RULES_MAX} at once", key="rules"
        )
    seen: set[tuple[str, str, str]] = set()
    for rule in rules:
        if rule.key in seen:
            raise InvalidRequest(
                f"two rules speak for {rule.key}", remedy="send one of them", key="rules", value=rule.key
            )
        seen.add(rule.key)


def _event(rule: BufferRule, ids: IdSource) -> Event:
    subject = "/".join(part or "*" for part in rule.key)
    data = {
        "node_id": rule.node_id or None,
        "sku_id": rule.sku_id or None,
        "channel": rule.channel or None,
        "qty": rule.qty,
    }
    return Event(ids.new_id(), "buffer.changed", subject, data)
