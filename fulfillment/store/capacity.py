"""What placed orders use of the nodes' capacity, in parcels by node-local day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    Column,
    Connection,
    Executable,
    FromClause,
    Integer,
    ScalarSelect,
    Text,
    and_,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from fulfillment.domain.placing import Slot
from fulfillment.store.rowset import execute_over, rows_of
from fulfillment.store.schema.network import EVERY_DAY, capacity
from fulfillment.store.schema.orders import capacity_use

_GIVEN_BACK = Column("given_back", Integer)


@dataclass(frozen=True, slots=True)
class Use:
    """Parcels of one slot, and how many may be; None: any number."""

    used: int
    limit: int | None

    @property
    def excess(self) -> int:
        """Parcels beyond the limit."""
        return 0 if self.limit is None else max(0, self.used - self.limit)


def take_capacity(connection: Connection, parcels: Mapping[Slot, int]) -> dict[Slot, Use]:
    """Add parcels to what is used, and tell the use afterwards, excess included.

    It locks the slots in (node, day) order until the transaction ends. When a use is in excess, the caller
    must not commit it: rows are locked by then, so nobody else can make room or take it either.
    """
    if not parcels:
        return {}
    u = capacity_use.c
    slots = sorted(parcels)
    taking = _taking_on_postgresql if connection.dialect.name == "postgresql" else _taking_on_sqlite
    rows = execute_over(
        connection,
        taking,
        {
            u.node_id: [node_id for node_id, _ in slots],
            u.slot_on: [slot_on for _, slot_on in slots],
            u.used: [parcels[slot] for slot in slots],
        },
    ).all()
    return {(node_id, slot_on): Use(in_use, limit) for node_id, slot_on, in_use, limit in rows}


def give_back_capacity(connection: Connection, parcels: Mapping[Slot, int]) -> dict[Slot, int]:
    """Take parcels off what is used, in the order in which they are taken; tell what is used afterwards."""
    if not parcels:
        return {}
    u = capacity_use.c
    slots = sorted(parcels)
    given = rows_of(
        connection,
        {
            u.node_id: [node_id for node_id, _ in slots],
            u.slot_on: [slot_on for _, slot_on in slots],
            _GIVEN_BACK: [parcels[slot] for slot in slots],
        },
    )
    is_slot = and_(u.node_id == given.c.node_id, u.slot_on == given.c.slot_on)
    connection.execute(
        select(u.node_id)
        .select_from(given)
        .join(capacity_use, is_slot)
        .order_by(u.node_id, u.slot_on)
        .with_for_update(of=capacity_use)
    ).all()
    rows = connection.execute(
        update(capacity_use)
        .where(is_slot)
        .values(used=u.used - given.c.given_back)
        .returning(u.node_id, u.slot_on, u.used)
    )
    return {(node_id, slot_on): used for node_id, slot_on, used in rows}


def read_capacity_use(connection: Connection, since: date) -> dict[Slot, int]:
    """Read what is used of every slot from the day `since` on."""
    u = capacity_use.c
    rows = connection.execute(select(u.node_id, u.slot_on, u.used).where(u.slot_on >= since))
    return {(node_id, slot_on): used for node_id, slot_on, used in rows}


def _taking_on_postgresql(given: FromClause) -> Executable:
    return _taking(given, postgresql.insert(capacity_use))


def _taking_on_sqlite(given: FromClause) -> Executable:
    return _taking(given, sqlite.insert(capacity_use))


def _limit() -> ScalarSelect[int]:
    """Ask how many parcels a day the node may send, by the newest rule; NULL: any number."""
    c = capacity.c
    # As text: on SQLite what is returned names no tables, and the column would be compared with itself.
    node_id = literal_column(f"{capacity_use.name}.{capacity_use.c.node_id.name}", Text)
    return (
        select(c.qty)
        .where(c.node_id == node_id, c.slot == EVERY_DAY, c.unit == "parcels")
        .order_by(c.version.desc())
        .limit(1)
        .scalar_subquery()
    )


def _taking(given: FromClause, into: postgresql.Insert | sqlite.Insert) -> Executable:
    u = capacity_use.c
    added = into.from_select(
        [u.node_id, u.slot_on, u.used],
        select(given.c.node_id, given.c.slot_on, given.c.used).order_by(given.c.node_id, given.c.slot_on),
    )
    return added.on_conflict_do_update(
        index_elements=[u.node_id, u.slot_on], set_={"used": u.used + added.excluded.used}
    ).returning(u.node_id, u.slot_on, u.used, _limit())
