"""Notice a PostgreSQL ledger that was restored from a dump, and make its feed whole again.

Rows carry the ids of the transactions that wrote them. Another server counts its transactions from its own
number on: if that is lower, readers take restored rows for those of transactions to come and leave them out,
and new rows come before old ones. A physical backup (``pg_basebackup``) keeps the count.
"""

from sqlalchemy import BigInteger, Connection, Engine, Text, cast, func, select

from fulfillment.store.safety import UnsafeDatabase
from fulfillment.store.schema.messaging import outbox
from fulfillment.store.schema.stock import stock_entry

_COUNT_ON = """
DO $$
BEGIN
    WHILE pg_current_xact_id() < '{last}' LOOP
        ROLLBACK;
    END LOOP;
END $$
"""


def require_reached_transactions(engine: Engine) -> None:
    """Refuse a ledger with rows of transactions that its server has not reached.

    Raises
    ------
    UnsafeDatabase
        Naming the remedy.
    """
    with engine.connect() as connection:
        missing = _transactions_to_come(connection)
    if missing:
        raise UnsafeDatabase(
            f"the ledger was restored from a dump: its rows are {missing:,} transactions ahead of the server",
            remedy="run `fulfillment migrate --db URL`, which lets the server catch up",
            key="xid",
            value=missing,
        )


def reach_transactions(engine: Engine) -> None:
    """Let the server count its transactions on until it has reached those of the ledger's rows.

    It spends them by beginning and rolling back, some 100,000 a second.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if _transactions_to_come(connection):
            last = _last_transaction(connection)
            connection.exec_driver_sql(_COUNT_ON.format(last=last))


def _transactions_to_come(connection: Connection) -> int:
    """Count the transactions that the server still has to begin before the feed is whole; 0 as a rule."""
    if connection.dialect.name != "postgresql":
        return 0
    last = _last_transaction(connection)
    # Asked after it: whoever has written a row by now has begun.
    next_one = cast(cast(func.pg_snapshot_xmax(func.pg_current_snapshot()), Text), BigInteger)
    reached: int = connection.execute(select(next_one)).scalar_one()
    return max(0, last + 1 - reached)


def _last_transaction(connection: Connection) -> int:
    last = [connection.execute(select(func.max(table.c.xid))).scalar_one() for table in (outbox, stock_entry)]
    return max(xid or 0 for xid in last)
