"""Which nodes send nothing, which send last, and from which load on a node is spared."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.domain.policy.checks import DECIDED_METHODS, MAX_CENTS, require_within
from fulfillment.domain.toml_table import TomlTable, toml_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What it costs to load a node beyond a share of its capacity.

    Attributes
    ----------
    from_percent : int
        Of the node's capacity, rounded down to whole parcels; a node without a limit has no such share.
    cents_per_parcel : int
        Of each parcel beyond it.
    """

    from_percent: int = 100
    cents_per_parcel: int = 0

    def __post_init__(self) -> None:
        require_within("balance.from_percent", self.from_percent, 0, 100)
        require_within("balance.cents_per_parcel", self.cents_per_parcel, 0, MAX_CENTS)

    @property
    def costs_nothing(self) -> bool:
        """Whether no parcel costs more for its node's load."""
        return self.from_percent == 100 or self.cents_per_parcel == 0

    @classmethod
    def read(cls, table: TomlTable) -> Self:
        """Read the table `balance`; where it is named, both its keys are needed."""
        if not table.names():
            return cls()
        balance = cls(
            from_percent=table.integer("from_percent"), cents_per_parcel=table.integer("cents_per_parcel")
        )
        table.refuse_unread()
        return balance

    def written(self) -> list[str]:
        """Write the table."""
        return [
            "[balance]",
            f"from_percent = {self.from_percent}",
            f"cents_per_parcel = {self.cents_per_parcel}",
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorsLast:
    """What a vendor's parcels and units weigh on top, so that own nodes come first.

    Attributes
    ----------
    cents_per_parcel : int
        Of each parcel that a vendor sends.
    cents_per_unit : int
        Of each unit in it; a kit counts its components, as handling does.
    """

    cents_per_parcel: int = 0
    cents_per_unit: int = 0

    def __post_init__(self) -> None:
        require_within("vendors_last.cents_per_parcel", self.cents_per_parcel, 0, MAX_CENTS)
        require_within("vendors_last.cents_per_unit", self.cents_per_unit, 0, MAX_CENTS)

    @classmethod
    def read(cls, table: TomlTable) -> Self:
        """Read the table `vendors_last`."""
        weights = cls(
            cents_per_parcel=table.integer("cents_per_parcel", 0),
            cents_per_unit=table.integer("cents_per_unit", 0),
        )
        table.refuse_unread()
        return weights

    def written(self) -> list[str]:
        """Write the table."""
        return [
            "[vendors_last]",
            f"cents_per_parcel = {self.cents_per_parcel}",
            f"cents_per_unit = {self.cents_per_unit}",
        ]


def require_excludable(key: str, excluded: Iterable[tuple[Method, str]]) -> None:
    """Refuse an exclusion for a method that leaves no choice, or of nothing.

    Raises
    ------
    InvalidRequest
        Names the key and the item.
    """
    for method, item in excluded:
        if method not in DECIDED_METHODS or not item:
            raise InvalidRequest(
                f"{key}.{method} names {item!r}",
                remedy=f"name a node or a kind of node, for one of {', '.join(DECIDED_METHODS)}",
                key=f"{key}.{method}",
                value=item,
            )


def read_excluded(table: TomlTable) -> frozenset[tuple[Method, str]]:
    """Read the table `excluded_nodes`: nodes by method."""
    excluded = frozenset((method, item) for method in DECIDED_METHODS for item in table.texts(method))
    table.refuse_unread()
    return excluded


def read_excluded_kinds(table: TomlTable) -> frozenset[tuple[Method, NodeKind]]:
    """Read the table `excluded_node_kinds`: kinds of node by method."""
    excluded = read_excluded(table)
    for method, item in sorted(excluded):
        if item not in list(NodeKind):
            raise InvalidRequest(
                f"{table.path_of(method)} names {item!r}",
                remedy=f"the kinds of node are {', '.join(NodeKind)}",
                key=table.path_of(method),
                value=item,
            )
    return frozenset((method, NodeKind(item)) for method, item in excluded)


def written_excluded(pairs: Iterable[tuple[Method, str]]) -> list[str]:
    """Write the lines of either table of exclusions."""
    by_method: dict[Method, list[str]] = {method: [] for method in DECIDED_METHODS}
    for method, item in pairs:
        by_method[method].append(item)
    return [
        f"{method} = [{', '.join(toml_text(item) for item in sorted(items))}]"
        for method, items in by_method.items()
    ]
