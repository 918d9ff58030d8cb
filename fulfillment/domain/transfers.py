"""A transfer: units sent from node to node, under way as supply of the one that receives them."""

from dataclasses import dataclass, replace
from datetime import date

from fulfillment.domain.availability import Supply
from fulfillment.domain.checks import require_text
from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.lines import Line, require_lines
from fulfillment.domain.transitions import TRANSFERS, TransferState, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Units sent from one node to another, for a pickup order or to even out stock.

    Attributes
    ----------
    due_on : date
        Local day of the target node on which the units can be used there.
    order_id : str or None
        The order that it is made for; its units are promised to that order while under way.
    """

    transfer_id: str
    source_node_id: str
    target_node_id: str
    lines: tuple[Line, ...]
    due_on: date
    order_id: str | None = None
    state: TransferState = TransferState.REQUESTED

    def __post_init__(self) -> None:
        for key in ("transfer_id", "source_node_id", "target_node_id"):
            require_text(key, getattr(self, key))
        require_lines(self.lines)
        if self.source_node_id == self.target_node_id:
            raise InvalidRequest(
                f"transfer {self.transfer_id} goes from {self.source_node_id} to itself",
                remedy="name two nodes",
                key="target_node_id",
                value=self.target_node_id,
            )

    def after(self, verb: Verb) -> "Transfer":
        """Return it after `verb`; refused with `MoveRefused` where the table has no such move."""
        return replace(self, state=TRANSFERS.move(self.state, verb, self.transfer_id))

    def supplies(self) -> list[Supply]:
        """List what is under way to the target node: one row a line while in transit, otherwise none."""
        if self.state is not TransferState.SHIPPED:
            return []
        return [
            Supply(
                supply_id=f"{self.transfer_id}:{line.line_no}",
                node_id=self.target_node_id,
                sku_id=line.sku_id,
                due_on=self.due_on,
                qty=line.qty,
                promised=line.qty if self.order_id is not None else 0,
            )
            for line in self.lines
        ]
