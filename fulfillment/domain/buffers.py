"""Units that a channel must leave alone: which rule speaks for a position, when several could.

Two kinds of rules are looked up apart and then added: the **safety stock**, which no channel may promise
(channel `EVERY_CHANNEL`), and the **channel buffer**, which one channel must leave to the others on top of
it. Of either kind exactly one rule speaks for a (node, SKU), the first of these four that exists:

1. this SKU at this node,
2. this SKU at any node,
3. any SKU at this node,
4. any SKU at any node.

A rule is never added to another of its kind, so that an exception may also lower a number: 0 for one SKU
frees it from what its node keeps back of all others. Where no rule speaks, nothing is kept back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fulfillment.domain.checks import require_units

ANY_NODE = ANY_SKU = ""
EVERY_CHANNEL = ""
"""The channel of a rule that is a safety stock."""

RuleKey = tuple[str, str, str]
"""The node_id, sku_id and channel that a rule is written for, any of them possibly a wildcard."""


@dataclass(frozen=True, slots=True)
class BufferRule:
    """Units to keep back.

    Attributes
    ----------
    node_id, sku_id : str
        Where and of what; `ANY_NODE` and `ANY_SKU` for all.
    channel : str
        Who must leave them; `EVERY_CHANNEL` for the safety stock.
    qty : int or None
        Units; None withdraws the rule, so that the next more general one speaks again.
    """

    node_id: str
    sku_id: str
    channel: str
    qty: int | None

    def __post_init__(self) -> None:
        if self.qty is not None:
            require_units("qty", self.qty)

    @property
    def key(self) -> RuleKey:
        """What it is written for."""
        return (self.node_id, self.sku_id, self.channel)


class Buffers:
    """The rules in force, asked by position and channel."""

    def __init__(self, rules: Iterable[BufferRule]) -> None:
        self._of_channel: dict[str, dict[tuple[str, str], int]] = {}
        for rule in rules:
            if rule.qty is not None:
                self._of_channel.setdefault(rule.channel, {})[rule.node_id, rule.sku_id] = rule.qty

    def safety_stock(self, node_id: str, sku_id: str) -> int:
        """Units that no channel may promise."""
        return self._speaking(node_id, sku_id, EVERY_CHANNEL)

    def channel_buffer(self, node_id: str, sku_id: str, channel: str) -> int:
        """Units that `channel` must leave to the others."""
        return 0 if channel == EVERY_CHANNEL else self._speaking(node_id, sku_id, channel)

    def floor(self, node_id: str, sku_id: str, channel: str) -> int:
        """Units that must stay available when `channel` takes some: safety stock and channel buffer."""
        return self.safety_stock(node_id, sku_id) + self.channel_buffer(node_id, sku_id, channel)

    def _speaking(self, node_id: str, sku_id: str, channel: str) -> int:
        units = self._of_channel.get(channel)
        if units is None:
            return 0
        for scope in scopes_of(node_id, sku_id):
            if (qty := units.get(scope)) is not None:
                return qty
        return 0


def scopes_of(node_id: str, sku_id: str) -> tuple[tuple[str, str], ...]:
    """List the node and SKU of the rules that could speak for a position, in the order they are heard."""
    return ((node_id, sku_id), (ANY_NODE, sku_id), (node_id, ANY_SKU), (ANY_NODE, ANY_SKU))
