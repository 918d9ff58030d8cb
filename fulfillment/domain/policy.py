"""The policy: what a plan is worth and what it may not do, as a typed document with a version.

Its defaults are the plain meaning of a plan's cost: every unit left unfilled costs 5,000 cents and its price,
no order counts more than another, no stock is kept back beyond the safety stock, and no node is excluded.
Amounts and percentages are whole numbers, so that a plan is priced exactly.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.domain.toml_table import TomlTable, toml_text

MAX_PENALTY_CENTS = 100_000_000
MAX_PERCENT = 100_000
MAX_WINDOW_MINUTES = 7 * 24 * 60
DECIDED_METHODS = (Method.SHIPPING, Method.PICK_UP, Method.LOCAL)
"""Methods that leave a choice of node; a sale at the till leaves none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfilled:
    """What it costs to leave a unit of an order unfilled.

    Attributes
    ----------
    penalty_cents_per_unit : int
        Cents.
    price_is_added : bool
        Whether the unit's price comes on top.
    percent_by_priority : tuple of (int, int)
        Priority and the percentage of all that which counts for it; 100 for a priority not named.
    """

    penalty_cents_per_unit: int = 5_000
    price_is_added: bool = True
    percent_by_priority: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        _require_within("unfilled.penalty_cents_per_unit", self.penalty_cents_per_unit, 0, MAX_PENALTY_CENTS)
        for priority, percent in self.percent_by_priority:
            _require_within("unfilled.percent_by_priority", priority, 1, MAX_UNITS)
            # At 0 percent no unit of such an order would be worth sending.
            _require_within(f"unfilled.percent_by_priority.{priority}", percent, 1, MAX_PERCENT)
        priorities = [priority for priority, _ in self.percent_by_priority]
        if priorities != sorted(set(priorities)):
            raise InvalidRequest(
                f"unfilled.percent_by_priority names the priorities {priorities}",
                remedy="name each once, in ascending order",
                key="unfilled.percent_by_priority",
                value=priorities,
            )

    def percent(self, priority: int) -> int:
        """Return the percentage that counts for orders of `priority`."""
        return dict(self.percent_by_priority).get(priority, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyFloor:
    """Units of every position that a plan leaves in place beyond its safety stock, by kind of node."""

    warehouse: int = 0
    store: int = 0
    vendor: int = 0

    def __post_init__(self) -> None:
        for kind in NodeKind:
            _require_within(f"safety_floor_units.{kind}", self.units(kind), 0, MAX_UNITS)

    def units(self, kind: NodeKind) -> int:
        """Return the units kept at a node of `kind`."""
        match kind:
            case NodeKind.WAREHOUSE:
                return self.warehouse
            case NodeKind.STORE:
                return self.store
            case NodeKind.VENDOR:
                return self.vendor


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How a retailer wants his orders decided.

    Attributes
    ----------
    version : int
        Counts the changes of this policy; a plan records it.
    name : str
        What people call it.
    unfilled : Unfilled
        The price of a unit left unfilled.
    safety_floor : SafetyFloor
        Stock kept back.
    excluded_kinds : frozenset of (Method, NodeKind)
        Nodes of this kind send nothing for orders of this method.
    excluded_nodes : frozenset of (Method, str)
        The same for single nodes. For `PICK_UP` both mean transfers: what a customer collects from the
        pickup node's own stock is never excluded.
    release_window_minutes : int
        From the decision to the release; until then a decision may be improved.
    """

    version: int
    name: str = "unnamed"
    unfilled: Unfilled = field(default_factory=Unfilled)
    safety_floor: SafetyFloor = field(default_factory=SafetyFloor)
    excluded_kinds: frozenset[tuple[Method, NodeKind]] = frozenset()
    excluded_nodes: frozenset[tuple[Method, str]] = frozenset()
    release_window_minutes: int = 10

    def __post_init__(self) -> None:
        _require_within("version", self.version, 1, MAX_UNITS)
        _require_within("release.window_minutes", self.release_window_minutes, 0, MAX_WINDOW_MINUTES)
        if not self.name:
            raise InvalidRequest("name is empty", remedy="name the policy", key="name", value=self.name)
        _require_decided("excluded_node_kinds", self.excluded_kinds)
        _require_decided("excluded_nodes", self.excluded_nodes)

    @classmethod
    def default(cls) -> Self:
        """Return the policy that applies when none is given."""
        return cls(version=1, name="default")

    @property
    def release_window(self) -> timedelta:
        """From the decision to the release."""
        return timedelta(minutes=self.release_window_minutes)

    def excludes(self, method: Method, node_id: str, kind: NodeKind) -> bool:
        """Say whether the node may not send anything for orders of `method`."""
        return (method, kind) in self.excluded_kinds or (method, node_id) in self.excluded_nodes

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of what `to_toml` writes; equal policies have equal digests."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Read a policy; what it does not name has its default, but the version must be there.

        Raises
        ------
        InvalidRequest
            On a text that is not TOML, an unknown key, a wrong type or a value out of range; names the key,
            the value and the remedy.
        """
        document = TomlTable.parse(text)
        policy = cls(
            version=document.integer("version"),
            name=document.text("name", "unnamed"),
            unfilled=_read_unfilled(document.table("unfilled")),
            safety_floor=_read_safety_floor(document.table("safety_floor_units")),
            excluded_kinds=_read_excluded_kinds(document.table("excluded_node_kinds")),
            excluded_nodes=_read_excluded(document.table("excluded_nodes")),
            release_window_minutes=_read_release_window(document.table("release")),
        )
        document.refuse_unread()
        return policy

    def to_toml(self) -> str:
        """Write every value, defaults included, in one fixed order."""
        percents = [f"{priority} = {percent}" for priority, percent in self.unfilled.percent_by_priority]
        return "\n".join(
            [
                f"version = {self.version}",
                f"name = {toml_text(self.name)}",
                "",
                "[unfilled]",
                f"penalty_cents_per_unit = {self.unfilled.penalty_cents_per_unit}",
                f"price_is_added = {str(self.unfilled.price_is_added).lower()}",
                "",
                "[unfilled.percent_by_priority]",
                *percents,
                "",
                "[safety_floor_units]",
                *(f"{kind} = {self.safety_floor.units(kind)}" for kind in NodeKind),
                "",
                "[excluded_node_kinds]",
                *_written_excluded(self.excluded_kinds),
                "",
                "[excluded_nodes]",
                *_written_excluded(self.excluded_nodes),
                "",
                "[release]",
                f"window_minutes = {self.release_window_minutes}",
                "",
            ]
        )


def _require_within(key: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidRequest(
            f"{key} is {value}", remedy=f"give a whole number from {low} to {high}", key=key, value=value
        )


def _require_decided(key: str, excluded: Iterable[tuple[Method, str]]) -> None:
    for method, item in excluded:
        if method not in DECIDED_METHODS or not item:
            raise InvalidRequest(
                f"{key}.{method} names {item!r}",
                remedy=f"name a node or a kind of node, for one of {', '.join(DECIDED_METHODS)}",
                key=f"{key}.{method}",
                value=item,
            )


def _read_release_window(table: TomlTable) -> int:
    minutes = table.integer("window_minutes", 10)
    table.refuse_unread()
    return minutes


def _read_unfilled(table: TomlTable) -> Unfilled:
    default = Unfilled()
    percents = table.table("percent_by_priority")
    for key in percents.names():
        if not re.fullmatch("[1-9][0-9]{0,9}", key):
            raise InvalidRequest(
                f"{percents.path_of(key)}: {key!r} is no priority",
                remedy="write the priority as a whole number, 1 being the most urgent",
                key=percents.path_of(key),
                value=key,
            )
    unfilled = Unfilled(
        penalty_cents_per_unit=table.integer("penalty_cents_per_unit", default.penalty_cents_per_unit),
        price_is_added=table.boolean("price_is_added", default.price_is_added),
        percent_by_priority=tuple(sorted((int(key), percents.integer(key)) for key in percents.names())),
    )
    table.refuse_unread()
    return unfilled


def _read_safety_floor(table: TomlTable) -> SafetyFloor:
    floor = SafetyFloor(
        warehouse=table.integer("warehouse", 0),
        store=table.integer("store", 0),
        vendor=table.integer("vendor", 0),
    )
    table.refuse_unread()
    return floor


def _read_excluded(table: TomlTable) -> frozenset[tuple[Method, str]]:
    excluded = frozenset((method, item) for method in DECIDED_METHODS for item in table.texts(method))
    table.refuse_unread()
    return excluded


def _read_excluded_kinds(table: TomlTable) -> frozenset[tuple[Method, NodeKind]]:
    excluded = _read_excluded(table)
    for method, item in sorted(excluded):
        if item not in list(NodeKind):
            raise InvalidRequest(
                f"{table.path_of(method)} names {item!r}",
                remedy=f"the kinds of node are {', '.join(NodeKind)}",
                key=table.path_of(method),
                value=item,
            )
    return frozenset((method, NodeKind(item)) for method, item in excluded)


def _written_excluded(pairs: Iterable[tuple[Method, str]]) -> list[str]:
    by_method: dict[Method, list[str]] = {method: [] for method in DECIDED_METHODS}
    for method, item in pairs:
        by_method[method].append(item)
    return [
        f"{method} = [{', '.join(toml_text(item) for item in sorted(items))}]"
        for method, items in by_method.items()
    ]
