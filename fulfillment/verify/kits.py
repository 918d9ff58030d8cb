"""Kits: SKUs without stock of their own, made of their components' stock at one node."""

from dataclasses import dataclass

import numpy as np

from fulfillment.verify.files import Bools, Ints, Table, UnusableInput, positions, require_distinct

KIT_UNITS_MAX = 1_000  # of all components in one kit; far above any, and no sum leaves 64 bits


@dataclass(frozen=True, slots=True)
class Kits:
    """What one unit of each SKU takes from stock: itself, or a kit's components."""

    ptr: Ints  # [s+1]
    component: Ints  # SKU
    qty: Ints  # units of it in one unit of the SKU
    is_kit: Bools  # [s]

    @property
    def units(self) -> Ints:
        """Units that are handled for one unit of each SKU; int64[s]."""
        return np.add.reduceat(self.qty, self.ptr[:-1])

    def contains(self, sku: Ints, component: Ints) -> Bools:
        """Say for pairs of SKUs whether the first is a kit of the second."""
        n_skus = len(self.is_kit)
        of_entry = np.repeat(np.arange(n_skus), np.diff(self.ptr))
        inside: Bools = np.isin(sku * n_skus + component, of_entry * n_skus + self.component)
        return self.is_kit[sku] & inside

    def take_apart(self, sku: Ints) -> tuple[Ints, Ints, Ints]:
        """List what units take from stock: which of the given units, component and qty, one entry each."""
        count = np.diff(self.ptr)[sku]
        which = np.repeat(np.arange(len(sku)), count)
        first = np.repeat(np.cumsum(count) - count, count)
        at = self.ptr[sku][which] + np.arange(len(which)) - first
        return which, self.component[at], self.qty[at]


def read_kits(table: Table | None, sku_id: list[str], stocked: Ints) -> Kits:
    """Read recipes; without a table no SKU is a kit.

    stocked : SKUs that have rows of stock.

    Raises
    ------
    UnusableInput
        When a recipe has no clear meaning.
    """
    itself = np.arange(len(sku_id))
    if table is None:
        one, none = np.ones(len(sku_id), np.int64), np.zeros(len(sku_id), np.bool_)
        return Kits(np.arange(len(sku_id) + 1), itself, one, none)
    kit = positions(table, "kit_sku_id", sku_id, table.texts("kit_sku_id"))
    component = positions(table, "component_sku_id", sku_id, table.texts("component_sku_id"))
    qty = table.wholes("qty", least=1, most=KIT_UNITS_MAX)
    require_distinct(table, "a kit and component", list(zip(kit.tolist(), component.tolist(), strict=True)))
    is_kit = np.isin(itself, kit)
    units = np.bincount(kit, qty, len(sku_id))
    for broken, what in (
        (is_kit & np.isin(itself, component), "a kit is a component"),
        (is_kit & np.isin(itself, stocked), "a kit has stock of its own"),
        (units > KIT_UNITS_MAX, f"a kit has more than {KIT_UNITS_MAX} units"),
    ):
        if broken.any():
            raise UnusableInput(f"{table.file}: {what}, {sku_id[int(np.argmax(broken))]!r}")
    plain = itself[~is_kit]
    of_sku, taken = np.concatenate((plain, kit)), np.concatenate((plain, component))
    by_sku = np.argsort(of_sku, kind="stable")
    return Kits(
        ptr=np.searchsorted(of_sku[by_sku], np.arange(len(sku_id) + 1)).astype(np.int64),
        component=taken[by_sku],
        qty=np.concatenate((np.ones(len(plain), np.int64), qty))[by_sku],
        is_kit=is_kit,
    )
