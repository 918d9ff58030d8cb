"""Kits (bundles): recipes of components that share the components' stock; never a balance of their own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fulfillment.domain.checks import require_text, require_units
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.lines import Line


@dataclass(frozen=True, slots=True)
class Kit:
    """The recipe of one kit.

    Attributes
    ----------
    kit_sku_id : str
        What is sold.
    components : mapping of str to int
        Units of each component in one kit.
    """

    kit_sku_id: str
    components: Mapping[str, int]

    def __post_init__(self) -> None:
        require_text("kit_sku_id", self.kit_sku_id)
        if not self.components or self.kit_sku_id in self.components:
            raise InvalidRequest(
                f"kit {self.kit_sku_id} is made of {sorted(self.components)}",
                remedy="name at least one component, and not the kit itself",
                key="components",
            )
        for sku_id, qty in self.components.items():
            require_text("component_sku_id", sku_id)
            require_units("qty", qty, at_least=1)

    def whole_kits(self, units: Mapping[str, int]) -> int:
        """Count the whole kits that one node can make of its free `units` by SKU."""
        return min(units.get(sku_id, 0) // qty for sku_id, qty in self.components.items())


def explode(lines: Iterable[Line], kits: Mapping[str, Kit]) -> dict[str, int]:
    """Turn lines into units of components, equal SKUs added up over all lines and kits.

    Parameters
    ----------
    lines : iterable of Line
        What is asked for.
    kits : mapping of str to Kit
        Recipes by kit SKU; every other SKU stands for itself.

    Returns
    -------
    dict
        Units by SKU, none of them a kit.

    Raises
    ------
    InvalidRequest
        When a component is a kit: recipes do not nest.
    """
    units: dict[str, int] = {}
    for line in lines:
        kit = kits.get(line.sku_id)
        recipe = kit.components if kit else {line.sku_id: 1}
        for sku_id, qty in recipe.items():
            if kit and sku_id in kits:
                raise InvalidRequest(
                    f"kit {line.sku_id} contains the kit {sku_id}",
                    remedy="list the components of the inner kit in the outer one",
                    key="component_sku_id",
                    value=sku_id,
                )
            units[sku_id] = units.get(sku_id, 0) + qty * line.qty
    return units
