"""On PostgreSQL, what each order and entry refers to is looked up a statement at a time; two indexes go.

A foreign key looks each row up by itself and locks what it finds: a quarter of the server's time for an
order, and rows of SKUs and nodes that every order wrote a lock on. Here the statement's rows are looked up
together, once it is through. Nothing is locked, because nothing that is referred to ever goes: whoever
deletes or renames it is refused.
"""

from typing import NamedTuple

from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"


class _Reference(NamedTuple):
    table: str
    columns: tuple[str, ...]
    to: str

    @property
    def name(self) -> str:
        return f"fk_{self.table}_{'_'.join(self.columns)}"


_REFERENCES = [
    _Reference("stock_entry", ("node_id", "sku_id"), "stock"),
    _Reference("order_line", ("order_id",), "orders"),
    _Reference("order_line", ("sku_id",), "sku"),
    _Reference("fulfillment_order", ("order_id",), "orders"),
    _Reference("fulfillment_order", ("node_id",), "node"),
    _Reference("fulfillment_order", ("decision_id",), "decision"),
    _Reference("fulfillment_order_line", ("fulfillment_order_id",), "fulfillment_order"),
    _Reference("fulfillment_order_line", ("order_id", "line_no"), "order_line"),
    _Reference("fulfillment_order_line", ("sku_id",), "sku"),
    _Reference("parcel", ("fulfillment_order_id",), "fulfillment_order"),
    _Reference("parcel", ("node_id",), "node"),
    _Reference("parcel_line", ("parcel_id",), "parcel"),
    _Reference("parcel_line", ("fulfillment_order_id", "line_no"), "fulfillment_order_line"),
]
_REFERRING = list(dict.fromkeys(each.table for each in _REFERENCES))
# What stands in a key or a reference; entries refuse every change already.
_UNCHANGED = {
    "stock": "node_id, sku_id",
    "node": "node_id",
    "sku": "sku_id",
    "decision": "decision_id",
    "orders": "order_id",
    "order_line": "order_id, line_no, sku_id",
    "fulfillment_order": "fulfillment_order_id, order_id, node_id, decision_id",
    "fulfillment_order_line": "fulfillment_order_id, order_id, line_no, sku_id",
    "parcel": "parcel_id, fulfillment_order_id, node_id",
    "parcel_line": "parcel_id, fulfillment_order_id, line_no",
}
# Lines go when all their units are lost, a fulfillment order's not before its parcels' (see below).
_DELETED = ("fulfillment_order_line", "parcel_line")

_REFUSE = """
CREATE FUNCTION refuse_change_of_reference() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'rows of % may be referred to, and keep their keys', TG_TABLE_NAME
USING ERRCODE = 'foreign_key_violation'; END $$
"""
_KEEP_LINES = [
    """
CREATE FUNCTION fulfillment_order_line_is_free() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM gone JOIN parcel_line p USING (fulfillment_order_id, line_no)) THEN
    RAISE EXCEPTION 'a parcel holds units of the line' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER fulfillment_order_line_is_free AFTER DELETE ON fulfillment_order_line
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION fulfillment_order_line_is_free()
""",
]


def upgrade() -> None:
    """Step forward."""
    op.drop_index("ix_stock_entry_reference", "stock_entry")
    op.drop_index("ix_parcel_node_id_state", "parcel")
    if op.get_bind().dialect.name != "postgresql":
        return
    for reference in _REFERENCES:
        op.drop_constraint(reference.name, reference.table, type_="foreignkey")
    op.execute(_REFUSE)
    for table, columns in _UNCHANGED.items():
        verbs = f"UPDATE OF {columns}" + ("" if table in _DELETED else " OR DELETE OR TRUNCATE")
        op.execute(
            f"CREATE TRIGGER {table}_keeps_keys BEFORE {verbs} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_reference()"
        )
    for statement in _KEEP_LINES:
        op.execute(statement)
    for table in _REFERRING:
        op.execute(_function(table))
        op.execute(
            f"CREATE TRIGGER {table}_refers AFTER INSERT ON {table} REFERENCING NEW TABLE AS added"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_refers()"
        )


def downgrade() -> None:
    """Step back."""
    if op.get_bind().dialect.name == "postgresql":
        for table in _REFERRING:
            op.execute(f"DROP TRIGGER {table}_refers ON {table}")
            op.execute(f"DROP FUNCTION {table}_refers")
        op.execute("DROP TRIGGER fulfillment_order_line_is_free ON fulfillment_order_line")
        op.execute("DROP FUNCTION fulfillment_order_line_is_free")
        for table in _UNCHANGED:
            op.execute(f"DROP TRIGGER {table}_keeps_keys ON {table}")
        op.execute("DROP FUNCTION refuse_change_of_reference")
        for reference in _REFERENCES:
            op.create_foreign_key(
                reference.name,
                reference.table,
                reference.to,
                list(reference.columns),
                list(reference.columns),
            )
    op.create_index("ix_parcel_node_id_state", "parcel", ["node_id", "state"], unique=False)
    op.create_index("ix_stock_entry_reference", "stock_entry", ["reference"], unique=False)


def _function(table: str) -> str:
    """Write the function that looks up all that the new rows of a table refer to."""
    checks = "\n".join(_check(each) for each in _REFERENCES if each.table == table)
    return f"""
CREATE FUNCTION {table}_refers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
{checks}
  RETURN NULL;
END $$
"""


def _check(reference: _Reference) -> str:
    # A look-up a row, by the key: as a join it would be planned for a small table and kept while that grows.
    matches = " AND ".join(f"p.{column} = a.{column}" for column in reference.columns)
    return f"""
  IF EXISTS (SELECT FROM added a WHERE (SELECT true FROM {reference.to} p WHERE {matches}) IS NULL) THEN
    RAISE EXCEPTION '{reference.table} refers to what is not in {reference.to}'
    USING ERRCODE = 'foreign_key_violation', TABLE = '{reference.table}', CONSTRAINT = '{reference.name}';
  END IF;"""
