"""Units that each channel must leave at every position: the rules of `domain.buffers`, over whole arrays."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from fulfillment.domain.buffers import ANY_NODE, ANY_SKU, EVERY_CHANNEL, BufferRule
from fulfillment.live.network import LiveNetwork

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

_ANY = -1


class Floors:
    """The rules in force, asked by position and channel.

    A position's safety stock and its channel's buffer are looked up apart, each from the most specific rule
    that speaks, and then added; what the policy keeps back of every position comes on top.
    """

    def __init__(self, network: LiveNetwork, rules: Iterable[BufferRule]) -> None:
        self._network = network
        self._exact: dict[str, list[tuple[int, int, int]]] = {}
        self._general: dict[str, list[tuple[int, int, int]]] = {}
        for rule in rules:
            node = _ANY if rule.node_id == ANY_NODE else network.node_index.get(rule.node_id)
            sku = _ANY if rule.sku_id == ANY_SKU else network.sku_index.get(rule.sku_id)
            if node is None or sku is None or rule.qty is None:
                continue
            kind = self._general if _ANY in (node, sku) else self._exact
            kind.setdefault(rule.channel, []).append((node, sku, rule.qty))

    @property
    def channels(self) -> frozenset[str]:
        """The channels that have rules of their own."""
        return frozenset((*self._exact, *self._general)) - {EVERY_CHANNEL}

    def of_positions(self, sku: Int64s, node: Int32s) -> Mapping[str, Int64s]:
        """Find the floor of each position, by channel; `EVERY_CHANNEL` is for all that have no rule.

        sku, node : [p] by number, sorted by SKU and then by node.
        """
        safety = self._spoken(EVERY_CHANNEL, sku, node) + self._network.arrays.safety_floor[node]
        floors = {channel: safety + self._spoken(channel, sku, node) for channel in self.channels}
        return {EVERY_CHANNEL: safety, **floors}

    def _spoken(self, channel: str, sku: Int64s, node: Int32s) -> Int64s:
        units = np.zeros(len(sku), np.int64)
        general = self._general.get(channel, ())
        # From the most general rule to the most specific: the last one that speaks is heard.
        for node_rule, sku_rule, qty in sorted(general, key=_how_specific):
            if sku_rule != _ANY:
                units[np.searchsorted(sku, sku_rule) : np.searchsorted(sku, sku_rule, side="right")] = qty
            elif node_rule != _ANY:
                units[node == node_rule] = qty
            else:
                units[:] = qty
        if exact := self._exact.get(channel):
            rules = np.array(exact, np.int64)
            n_nodes = max(1, len(self._network.nodes))
            keys = sku * n_nodes + node
            wanted = rules[:, 1] * n_nodes + rules[:, 0]
            at = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
            is_there = keys[at] == wanted if len(keys) else np.zeros(len(wanted), bool)
            units[at[is_there]] = rules[is_there, 2]
        return units


def _how_specific(rule: tuple[int, int, int]) -> tuple[bool, bool]:
    node, sku, _ = rule
    return (sku != _ANY, node != _ANY)
