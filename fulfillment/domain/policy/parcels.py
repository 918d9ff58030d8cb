"""Into how many parcels an order may be cut, and whether it may leave in part."""

from dataclasses import dataclass
from typing import Self

from fulfillment.domain.checks import MAX_UNITS
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.kinds import Method
from fulfillment.domain.policy.checks import DECIDED_METHODS, MAX_CENTS, require_within
from fulfillment.domain.toml_table import TomlTable, toml_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelRules:
    """Into how many parcels an order may be cut.

    Attributes
    ----------
    max_per_order : int
        Most parcels of an order; 0 is no limit.
    single_below_cents : int
        An order whose goods are worth less leaves in one parcel.
    unsplit_skus : frozenset of str
        All units that an order asks for of such a SKU leave in one parcel, or none does.
    """

    max_per_order: int = 0
    single_below_cents: int = 0
    unsplit_skus: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        require_within("parcels.max_per_order", self.max_per_order, 0, MAX_UNITS)
        require_within("parcels.single_below_cents", self.single_below_cents, 0, MAX_CENTS)
        if "" in self.unsplit_skus:
            raise InvalidRequest(
                "parcels.unsplit_skus names ''",
                remedy="name SKUs by their sku_id",
                key="parcels.unsplit_skus",
                value="",
            )

    @classmethod
    def read(cls, table: TomlTable) -> Self:
        """Read the table `parcels`."""
        rules = cls(
            max_per_order=table.integer("max_per_order", 0),
            single_below_cents=table.integer("single_below_cents", 0),
            unsplit_skus=frozenset(table.texts("unsplit_skus")),
        )
        table.refuse_unread()
        return rules

    def written(self) -> list[str]:
        """Write the table."""
        return [
            "[parcels]",
            f"max_per_order = {self.max_per_order}",
            f"single_below_cents = {self.single_below_cents}",
            f"unsplit_skus = [{', '.join(toml_text(sku_id) for sku_id in sorted(self.unsplit_skus))}]",
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Which orders leave complete or not at all.

    Attributes
    ----------
    ship_complete_methods : frozenset of Method
        By the method that the order itself names, also where an alternative serves it.
    """

    ship_complete_methods: frozenset[Method] = frozenset()

    def __post_init__(self) -> None:
        for method in self.ship_complete_methods:
            _require_decided(method)

    @classmethod
    def read(cls, table: TomlTable) -> Self:
        """Read the table `completion`."""
        named = table.texts("ship_complete_methods")
        for method in named:
            _require_decided(method)
        table.refuse_unread()
        return cls(ship_complete_methods=frozenset(Method(method) for method in named))

    def written(self) -> list[str]:
        """Write the table."""
        methods = [toml_text(method) for method in DECIDED_METHODS if method in self.ship_complete_methods]
        return ["[completion]", f"ship_complete_methods = [{', '.join(methods)}]"]


def _require_decided(method: str) -> None:
    if method not in list(DECIDED_METHODS):
        raise InvalidRequest(
            f"completion.ship_complete_methods names {str(method)!r}",
            remedy=f"the methods are {', '.join(DECIDED_METHODS)}",
            key="completion.ship_complete_methods",
            value=str(method),
        )
