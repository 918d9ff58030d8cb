"""Tell the ledger what decisions depend on: a new version of whatever differs from the current one.

The same request again adds nothing. A running service sees the change within a moment, and refuses nothing
that the change allows.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine

from fulfillment.clock import Clock
from fulfillment.domain.errors import Conflict
from fulfillment.domain.kits import Kit
from fulfillment.domain.network import Calendar, Capacity, Node, PostalCode, Sku
from fulfillment.domain.policy import Policy
from fulfillment.domain.price_list import RateStep, check_price_list
from fulfillment.store import network, reference
from fulfillment.store.columns import RateColumns
from fulfillment.store.schema.catalogue import sku, sku_version
from fulfillment.store.schema.network import capacity, node, node_version, postal_code
from fulfillment.store.transaction import run_in_transaction


def put_nodes(engine: Engine, nodes: Sequence[Node], *, clock: Clock) -> int:
    """Add a version of each node that has changed, and return how many."""
    now = clock.now()

    def story(connection: Connection) -> int:
        network.make_known(connection, node, node.c.node_id, [each.node_id for each in nodes], now)
        return reference.put_rows(connection, node_version, nodes, now)

    return run_in_transaction(engine, story)


def put_skus(engine: Engine, skus: Sequence[Sku], *, clock: Clock) -> int:
    """Add a version of each SKU that has changed, and return how many."""
    now = clock.now()

    def story(connection: Connection) -> int:
        network.make_known(connection, sku, sku.c.sku_id, [each.sku_id for each in skus], now)
        return reference.put_rows(connection, sku_version, skus, now)

    return run_in_transaction(engine, story)


def put_postal_codes(engine: Engine, places: Sequence[PostalCode], *, clock: Clock) -> int:
    """Add a version of each postal code that has changed, and return how many."""
    now = clock.now()
    return run_in_transaction(engine, lambda c: reference.put_rows(c, postal_code, places, now))


def put_capacities(engine: Engine, capacities: Sequence[Capacity], *, clock: Clock) -> int:
    """Add a version of each capacity that has changed, and return how many.

    Raises
    ------
    NotFound
        On a node that the ledger does not know.
    """
    now = clock.now()

    def story(connection: Connection) -> int:
        reference.require_nodes(connection, [each.node_id for each in capacities])
        return reference.put_rows(connection, capacity, capacities, now)

    return run_in_transaction(engine, story)


def put_calendar(engine: Engine, calendar: Calendar, *, clock: Clock) -> None:
    """Replace a node's opening hours and closed dates.

    Raises
    ------
    NotFound
        On a node that the ledger does not know.
    """
    now = clock.now()

    def story(connection: Connection) -> None:
        reference.require_nodes(connection, [calendar.node_id])
        reference.put_calendar(connection, calendar, now)

    run_in_transaction(engine, story)


def put_kit(engine: Engine, kit_sku_id: str, components: Mapping[str, int], *, clock: Clock) -> None:
    """Replace a recipe; without components the SKU is a kit no more.

    Raises
    ------
    NotFound
        On a SKU that the ledger does not know.
    Conflict
        When a component is a kit, or the kit a component: kits are made of goods alone.
    """
    now = clock.now()
    recipe = Kit(kit_sku_id, components) if components else None

    def story(connection: Connection) -> None:
        reference.require_skus(connection, [kit_sku_id, *components])
        if recipe is not None:
            _refuse_nesting(connection, recipe)
        reference.put_kit(connection, kit_sku_id, components, now)

    run_in_transaction(engine, story)


def put_rates(engine: Engine, steps: Sequence[RateStep], *, clock: Clock) -> None:
    """Replace the price list as a whole: a step that is left out is gone.

    Raises
    ------
    InvalidRequest
        When the list is no grid of zones and weight steps.
    """
    check_price_list(steps)
    now = clock.now()
    columns = RateColumns(*([getattr(step, name) for step in steps] for name in network.RATE_COLUMNS))
    run_in_transaction(engine, lambda connection: network.put_rates(connection, columns, now))


def put_policy(engine: Engine, body_toml: str, *, actor: str, clock: Clock) -> None:
    """Replace the policy that decisions follow.

    Raises
    ------
    InvalidRequest
        On what is no policy; names the key, the value and the remedy.
    """
    policy = Policy.from_toml(body_toml)
    now = clock.now()
    run_in_transaction(
        engine, lambda connection: reference.put_policy(connection, policy.digest, body_toml, actor, now)
    )


def _refuse_nesting(connection: Connection, recipe: Kit) -> None:
    if outer := reference.kits_made_of(connection, recipe.kit_sku_id):
        raise Conflict(
            f"{recipe.kit_sku_id} is a component of {outer[0]}; a component cannot be a kit",
            kit_sku_id=outer[0],
            sku_id=recipe.kit_sku_id,
        )
    for component in recipe.components:
        inner = reference.read_kit(connection, component)
        if inner is not None and inner["components"]:
            raise Conflict(
                f"the component {component} is a kit itself; name what it is made of",
                kit_sku_id=recipe.kit_sku_id,
                sku_id=component,
            )
