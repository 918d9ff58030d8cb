"""The policy as one document.

Its defaults are the plain meaning of a plan's cost: every unit left unfilled costs 5,000 cents and its price,
no order counts more than another, no stock is kept back beyond the safety stock, no node is excluded, no
parcel may be late, and an order may be cut into any parcels. Amounts and percentages are whole numbers, so
that a plan is priced exactly.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.kinds import Method, NodeKind
from fulfillment.domain.policy.checks import require_within
from fulfillment.domain.policy.lateness import Lateness
from fulfillment.domain.policy.nodes import (
    Balance,
    VendorsLast,
    read_excluded,
    read_excluded_kinds,
    require_excludable,
    written_excluded,
)
from fulfillment.domain.policy.parcels import Completion, ParcelRules
from fulfillment.domain.policy.stock import LastUnitsByKind, SafetyFloor
from fulfillment.domain.policy.unfilled import Unfilled
from fulfillment.domain.toml_table import TomlTable, toml_text

MAX_WINDOW_MINUTES = 7 * 24 * 60


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
    parcels : ParcelRules
        Into how many parcels an order may be cut.
    completion : Completion
        Which orders leave complete or not at all.
    lateness : Lateness
        What it costs to arrive after the promise; forbidden unless it says otherwise.
    last_units : LastUnitsByKind
        The price of a position's last units.
    balance : Balance
        The price of a parcel from a node that is loaded already.
    vendors_last : VendorsLast
        Weights of what vendors send.
    """

    version: int
    name: str = "unnamed"
    unfilled: Unfilled = field(default_factory=Unfilled)
    safety_floor: SafetyFloor = field(default_factory=SafetyFloor)
    excluded_kinds: frozenset[tuple[Method, NodeKind]] = frozenset()
    excluded_nodes: frozenset[tuple[Method, str]] = frozenset()
    release_window_minutes: int = 10
    parcels: ParcelRules = field(default_factory=ParcelRules)
    completion: Completion = field(default_factory=Completion)
    lateness: Lateness = field(default_factory=Lateness)
    last_units: LastUnitsByKind = field(default_factory=LastUnitsByKind)
    balance: Balance = field(default_factory=Balance)
    vendors_last: VendorsLast = field(default_factory=VendorsLast)

    def __post_init__(self) -> None:
        require_within("version", self.version, 1, MAX_UNITS)
        require_within("release.window_minutes", self.release_window_minutes, 0, MAX_WINDOW_MINUTES)
        if not self.name:
            raise InvalidRequest("name is empty", remedy="name the policy", key="name", value=self.name)
        require_excludable("excluded_node_kinds", self.excluded_kinds)
        require_excludable("excluded_nodes", self.excluded_nodes)

    @classmethod
    def default(cls) -> Self:
        """Return the policy that applies when none is given."""
        return cls(version=1, name="default")

    @property
    def release_window(self) -> timedelta:
        """From the decision to the release."""
        return timedelta(minutes=self.release_window_minutes)

    @property
    def has_pinned_meaning(self) -> bool:
        """Whether a plan costs this policy what it plainly costs, with the same plans allowed."""
        return (
            self.unfilled == Unfilled()
            and self.safety_floor == SafetyFloor()
            and not self.excluded_kinds
            and not self.excluded_nodes
            and self.parcels == ParcelRules()
            and self.completion == Completion()
            and self.lateness.is_forbidden
            and self.last_units.costs_nothing
            and self.balance.costs_nothing
            and self.vendors_last == VendorsLast()
        )

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
            unfilled=Unfilled.read(document.table("unfilled")),
            safety_floor=SafetyFloor.read(document.table("safety_floor_units")),
            excluded_kinds=read_excluded_kinds(document.table("excluded_node_kinds")),
            excluded_nodes=read_excluded(document.table("excluded_nodes")),
            release_window_minutes=_read_release_window(document.table("release")),
            parcels=ParcelRules.read(document.table("parcels")),
            completion=Completion.read(document.table("completion")),
            lateness=Lateness.read(document.table("lateness")),
            last_units=LastUnitsByKind.read(document.table("last_units")),
            balance=Balance.read(document.table("balance")),
            vendors_last=VendorsLast.read(document.table("vendors_last")),
        )
        document.refuse_unread()
        return policy

    def to_toml(self) -> str:
        """Write every value in one fixed order, defaults included.

        Of the tables that came later, those that differ from the default: so the digest of an older policy,
        which plans on file name, stays what it was.
        """
        tables = [
            [f"version = {self.version}", f"name = {toml_text(self.name)}"],
            self.unfilled.written(),
            self.safety_floor.written(),
            ["[excluded_node_kinds]", *written_excluded(self.excluded_kinds)],
            ["[excluded_nodes]", *written_excluded(self.excluded_nodes)],
            ["[release]", f"window_minutes = {self.release_window_minutes}"],
        ]
        later = (
            (self.parcels, ParcelRules()),
            (self.completion, Completion()),
            (self.lateness, Lateness()),
            (self.last_units, LastUnitsByKind()),
            (self.balance, Balance()),
            (self.vendors_last, VendorsLast()),
        )
        tables += [rule.written() for rule, default in later if rule != default]
        return "\n\n".join("\n".join(lines) for lines in tables) + "\n"


def _read_release_window(table: TomlTable) -> int:
    minutes = table.integer("window_minutes", 10)
    table.refuse_unread()
    return minutes
