"""Stock that a plan leaves in place, and stock that it takes at a price only."""

from dataclasses import dataclass, field
from typing import Self

from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.kinds import NodeKind
from fulfillment.domain.policy.checks import MAX_CENTS, require_within
from fulfillment.domain.toml_table import TomlTable


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyFloor:
    """Units of every position that a plan leaves in place beyond its safety stock, by kind of node."""

    warehouse: int = 0
    store: int = 0
    vendor: int = 0

    def __post_init__(self) -> None:
        for kind in NodeKind:
            require_within(f"safety_floor_units.{kind}", self.units(kind), 0, MAX_UNITS)

    def units(self, kind: NodeKind) -> int:
        """Return the units kept at a node of `kind`."""
        match kind:
            case NodeKind.WAREHOUSE:
                return self.warehouse
            case NodeKind.STORE:
                return self.store
            case NodeKind.VENDOR:
                return self.vendor

    @classmethod
    def read(cls, table: TomlTable) -> Self:
        """Read the table `safety_floor_units`."""
        floor = cls(
            warehouse=table.integer("warehouse", 0),
            store=table.integer("store", 0),
            vendor=table.integer("vendor", 0),
        )
        table.refuse_unread()
        return floor

    def written(self) -> list[str]:
        """Write the table."""
        return ["[safety_floor_units]", *(f"{kind} = {self.units(kind)}" for kind in NodeKind)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastUnits:
    """What it costs to take the last units that may be taken from a position.

    Attributes
    ----------
    units : int
        How many of them, above the safety stock and the floor.
    cents_per_unit : int
        What each of them costs on top.
    """

    units: int = 0
    cents_per_unit: int = 0

    @property
    def costs_nothing(self) -> bool:
        """Whether it weighs nothing."""
        return self.units == 0 or self.cents_per_unit == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LastUnitsByKind:
    """What a position's last units cost, by kind of node."""

    warehouse: LastUnits = field(default_factory=LastUnits)
    store: LastUnits = field(default_factory=LastUnits)
    vendor: LastUnits = field(default_factory=LastUnits)

    def __post_init__(self) -> None:
        for kind in NodeKind:
            of_kind = self.of(kind)
            require_within(f"last_units.{kind}.units", of_kind.units, 0, MAX_UNITS)
            require_within(f"last_units.{kind}.cents_per_unit", of_kind.cents_per_unit, 0, MAX_CENTS)

    def of(self, kind: NodeKind) -> LastUnits:
        """Return what applies at a node of `kind`."""
        match kind:
            case NodeKind.WAREHOUSE:
                return self.warehouse
            case NodeKind.STORE:
                return self.store
            case NodeKind.VENDOR:
                return self.vendor

    @property
    def costs_nothing(self) -> bool:
        """Whether no unit costs more for being one of the last."""
        return all(self.of(kind).costs_nothing for kind in NodeKind)

    @classmethod
    def read(cls, table: TomlTable) -> Self:
        """Read the tables `last_units.KIND`."""

        def of(kind: str) -> LastUnits:
            inner = table.table(kind)
            if not inner.names():
                return LastUnits()
            last = LastUnits(units=inner.integer("units"), cents_per_unit=inner.integer("cents_per_unit"))
            inner.refuse_unread()
            return last

        by_kind = cls(warehouse=of("warehouse"), store=of("store"), vendor=of("vendor"))
        table.refuse_unread()
        return by_kind

    def written(self) -> list[str]:
        """Write the tables of kinds that differ from the default."""
        lines: list[str] = []
        for kind in NodeKind:
            of_kind = self.of(kind)
            if of_kind != LastUnits():
                lines += [
                    f"[last_units.{kind}]",
                    f"units = {of_kind.units}",
                    f"cents_per_unit = {of_kind.cents_per_unit}",
                    "",
                ]
        return lines[:-1]
