"""What the ledger holds of a run, asked of the database itself after the answers were counted."""

from dataclasses import dataclass

from sqlalchemy import func, select

from fulfillment.store.engine import open_engine
from fulfillment.store.entries import audit
from fulfillment.store.schema.orders import orders
from fulfillment.store.schema.stock import stock_entry
from fulfillment.store.transaction import read_snapshot


@dataclass(frozen=True, slots=True)
class Held:
    """Rows whose ids begin with a run's name."""

    orders: int
    entries: int

    def of(self, work: str) -> int | None:
        """Count of a kind of work; None for what leaves nothing in the ledger."""
        return {"orders": self.orders, "entries": self.entries}.get(work)


def held(url: str, run: str) -> Held:
    """Count the orders and the entries that clients of a run have named."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            named = select(func.count()).where(orders.c.order_id.startswith(f"O-{run}-", autoescape=True))
            entries = select(func.count()).where(
                stock_entry.c.entry_id.startswith(f"E-{run}-", autoescape=True)
            )
            return Held(connection.execute(named).scalar_one(), connection.execute(entries).scalar_one())
    finally:
        engine.dispose()


def audited(url: str) -> dict[str, object]:
    """Replay every entry and compare all that the ledger claims."""
    engine = open_engine(url)
    try:
        found = read_snapshot(engine, audit)
    finally:
        engine.dispose()
    return {
        "positions": found.positions,
        "entries": found.entries,
        "disagreements": [str(each) for each in found.disagreements[:20]],
    }
