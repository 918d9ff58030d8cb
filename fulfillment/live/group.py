"""A group of orders as a small problem of its own: only the positions of the SKUs that they ask for.

Its arrays are made for the group and thrown away with it, so that a decision changes nothing of the view and
copies little: two SKUs of two hundred positions each rather than a few hundred thousand positions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from fulfillment.domain.lines import Line
from fulfillment.domain.placing import OnShort, OrderRequest
from fulfillment.live.departures import Moments
from fulfillment.live.network import LiveNetwork, Place
from fulfillment.live.stock_view import Gathered, Position, StockView
from fulfillment.scenario.tables import MICROS_PER_CENT, UNLIMITED_PARCELS
from solver.arrays import ProblemArrays
from solver.order_kernel import STATES_MAX

Int16s = npt.NDArray[np.int16]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

PENALTY_MICROS = 2**40
"""What a unit left unfilled costs a decision: more than any parcel, so that prices choose among nodes but
never leave a unit unfilled. Less for orders so large that it would not add up in 64 bits. A unit's price
comes on top: where not all can be had, what is worth more goes."""
_PENALTY_OF_AN_ORDER_MAX = 2**59
_NONE, _NONE32 = np.zeros(0, np.int64), np.zeros(0, np.int32)
_NO_RECIPE_PTR = np.zeros(1, np.int64)


@dataclass(frozen=True, slots=True)
class Item:
    """What a line of the solver asks for: a SKU, a kit, or a pack of units that are not split."""

    sku: int
    units: int  # of the SKU in one item: 1, but for packs
    components: tuple[tuple[int, int], ...]  # SKU and qty of one item; empty where it has stock of its own

    @property
    def pieces(self) -> tuple[tuple[int, int], ...]:
        """What leaves the shelf for one item: SKU and qty."""
        return self.components or ((self.sku, 1),)


WantedLine = tuple[Item, int, tuple[Line, ...]]
"""An item, how many of it, and the lines that ask for it by number."""


@dataclass(frozen=True, slots=True)
class Basket:
    """Lines with equal SKUs added up."""

    lines: tuple[WantedLine, ...]
    unknown: tuple[Line, ...]  # of SKUs that are not known

    @property
    def items(self) -> int:
        """Items that it asks for."""
        return sum(qty for _, qty, _ in self.lines)

    @property
    def units(self) -> int:
        """Units of known SKUs that it asks for."""
        return sum([item.units * qty for item, qty, _ in self.lines])

    @property
    def is_searchable(self) -> bool:
        """Whether the exact search takes it."""
        states = 1
        for _, qty, _ in self.lines:
            states *= qty + 1
        return states <= STATES_MAX


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the solver is asked for: a basket, where it goes, and by when."""

    order_id: str
    channel: str
    basket: Basket
    place: Place
    promise_by: datetime | None = None
    is_whole: bool = False  # leaves complete or not at all
    is_rejected_short: bool = False  # because the customer wants it so, not the policy


def basket_of(asked: Sequence[Line], network: LiveNetwork) -> Basket:
    """Add up lines."""
    by_sku: dict[int, list[Line]] = {}
    unknown: list[Line] = []
    for line in asked:
        sku = network.sku_index.get(line.sku_id)
        if sku is None:
            unknown.append(line)
        else:
            by_sku.setdefault(sku, []).append(line)
    lines: list[WantedLine] = []
    for sku, same in sorted(by_sku.items()):  # so that ties do not depend on how the lines are sorted
        if len(same) > 1:
            same.sort(key=_number)
        qty = sum(line.qty for line in same) if len(same) > 1 else same[0].qty
        item, count = _item_of(sku, qty, network)
        lines.append((item, count, tuple(same)))
    return Basket(tuple(lines), tuple(unknown))


def wanted_of(request: OrderRequest, network: LiveNetwork, place: Place) -> Wanted:
    """Turn a request to a known place into what the solver is asked for."""
    rejects = request.on_short is OnShort.REJECT
    return Wanted(
        request.order_id,
        request.channel,
        basket_of(request.lines, network),
        place,
        request.promise_by,
        rejects or request.method in network.policy.completion.ship_complete_methods,
        rejects,
    )


def _number(line: Line) -> int:
    return line.line_no


def _item_of(sku: int, qty: int, network: LiveNetwork) -> tuple[Item, int]:
    recipe = network.kits.get(sku, ())
    if qty > 1 and sku in network.unsplit:
        return Item(sku, qty, tuple((part, each * qty) for part, each in recipe or ((sku, 1),))), 1
    return Item(sku, 1, recipe), qty


@dataclass(frozen=True, slots=True)
class GroupProblem:
    """Orders, and the positions that could serve them. Axes as in `AllocationProblem`."""

    orders: tuple[Wanted, ...]
    arrays: ProblemArrays
    left: Int64s  # [h] units, floors not taken off
    floor: dict[str, Int64s]  # [h] by channel
    pos_price: Int64s  # [h]
    node_price: Int64s  # [n]
    node_left: Int64s  # [n]
    skus: list[int]  # the network's SKUs, in the order of their stock rows
    stock_ptr: Int64s  # [sku+1] stock rows of each
    slot_ptr: Int64s  # [o+1] room for the parcels of each order


def lay_out(
    orders: Sequence[Wanted], network: LiveNetwork, view: StockView, moments: Moments, now: datetime
) -> GroupProblem:
    """Make the arrays of a group of orders, on what the view holds at `now`."""
    stock_at: dict[int, int] = {}
    compound_at: dict[Item, int] = {}
    line_item, line_qty, order_ptr, line_penalty = list[int](), list[int](), [0], list[int]()
    weight = network.weight_g
    for order in orders:
        line_penalty += penalties_of(order.basket, network)
        for item, qty, _ in order.basket.lines:
            for sku, _ in item.pieces:
                stock_at.setdefault(sku, len(stock_at))
            if item.components:
                line_item.append(-1 - compound_at.setdefault(item, len(compound_at)))
            else:
                line_item.append(stock_at[item.sku])
            line_qty.append(qty)
        order_ptr.append(len(line_item))
    skus = list(stock_at)
    shelf = view.gather(skus, {order.channel for order in orders}, now)
    n_stock = len(shelf.node)
    sku_ptr, pos_node, unit_cost, weights = shelf.ptr, shelf.node, shelf.unit_cost, [weight[s] for s in skus]
    recipe_ptr, recipe_pos, recipe_qty = _NO_RECIPE_PTR, _NONE, _NONE
    if compound_at:
        compound = _compound(list(compound_at), stock_at, shelf, network)
        sku_ptr = np.concatenate((sku_ptr, n_stock + compound.ptr[1:]))
        pos_node = np.concatenate((pos_node, compound.node))
        unit_cost = np.concatenate((unit_cost, compound.unit_cost))
        weights += [weight[item.sku] * item.units for item in compound_at]
        recipe_ptr, recipe_pos, recipe_qty = compound.recipe_ptr, compound.recipe_pos, compound.recipe_qty
    line_sku = np.array([item if item >= 0 else len(skus) - 1 - item for item in line_item], np.int32)
    destination, lanes = _destinations(orders, network)
    promise, slack = _promises(orders, network, moments)
    nodes, tariffs = network.arrays, network.tariffs
    no_use = np.zeros(len(pos_node), np.int64)
    last_units, last_unit_cost = no_use, no_use
    if network.has_tails:
        last_units = nodes.last_units[shelf.node]
        last_unit_cost = nodes.last_unit_cost[shelf.node]
    arrays = ProblemArrays(
        node_parcel_cost=nodes.parcel_cost,
        node_capacity=nodes.capacity,
        node_departure_class=network.departures.of_node,
        sku_ptr=sku_ptr,
        sku_weight=np.array(weights, np.int64),
        pos_node=pos_node,
        pos_free=shelf.units,
        pos_unit_cost=unit_cost,
        order_ptr=np.array(order_ptr, np.int64),
        order_destination=destination,
        order_promise_class=promise,
        line_sku=line_sku,
        line_qty=np.array(line_qty, np.int64),
        line_penalty=np.array(line_penalty, np.int64),
        lane_band=lanes,
        transit_slack=slack,
        tariff_of=tariffs.tariff_of,
        tariff_ptr=tariffs.tariff_ptr,
        tariff_list=tariffs.tariff_list,
        list_ptr=tariffs.list_ptr,
        list_weight=tariffs.list_weight,
        list_cost=tariffs.list_cost,
        list_fixed=network.list_fixed,
        node_parcel_use=nodes.parcel_use,
        pos_capacity_use=no_use,
        stock_tail=last_units,
        stock_tail_cost=last_unit_cost,
        node_tail=nodes.tail,
        node_tail_cost=nodes.tail_cost,
        order_parcels_max=np.array([parcels_max_of(order.basket, network) for order in orders], np.int64),
        order_complete=np.array(
            [order.is_whole and order.basket.is_searchable for order in orders], np.uint8
        ),
        alternative_ptr=np.zeros(len(orders) + 1, np.int64),
        alternative_destination=_NONE32,
        alternative_promise_class=_NONE32,
        recipe_ptr=recipe_ptr,
        recipe_pos=recipe_pos,
        recipe_qty=recipe_qty,
        is_joint=bool(compound_at),
        has_tails=network.has_tails,
    )
    return GroupProblem(
        orders=tuple(orders),
        arrays=arrays,
        left=shelf.units,
        floor=dict(shelf.floor),
        pos_price=shelf.price,
        node_price=view.node_price,
        node_left=view.capacity_left(moments),
        skus=skus,
        stock_ptr=shelf.ptr,
        slot_ptr=_slots(orders, len(pos_node)),
    )


def units_of_hold(problem: GroupProblem, network: LiveNetwork, held: Mapping[Position, int]) -> Int64s:
    """Lay the units that a hold reserves over the stock rows of a group; int64[h]."""
    units = np.zeros(len(problem.left), np.int64)
    if held:
        for k, sku in enumerate(problem.skus):
            begin, end = problem.stock_ptr[k : k + 2].tolist()
            for row, node in enumerate(problem.arrays.pos_node[begin:end].tolist(), start=begin):
                units[row] = held.get((network.nodes.node_id[node], network.skus.sku_id[sku]), 0)
    return units


def _destinations(orders: Sequence[Wanted], network: LiveNetwork) -> tuple[Int32s, Int16s]:
    row: dict[Place, int] = {}
    of_order = np.array([row.setdefault(order.place, len(row)) for order in orders], np.int32)
    return of_order, network.lanes(list(row))


def _promises(orders: Sequence[Wanted], network: LiveNetwork, moments: Moments) -> tuple[Int32s, Int16s]:
    """Find the slack of every departure class for each distinct promise."""
    row: dict[datetime | None, int] = {}
    of_order = np.array([row.setdefault(order.promise_by, len(row)) for order in orders], np.int32)
    return of_order, slack_rows(list(row), network, moments)


def slack_rows(promises: Sequence[datetime | None], network: LiveNetwork, moments: Moments) -> Int16s:
    """Find the slack of every departure class for each promise; int16[promise, k]."""
    if all(at is None for at in promises):
        return np.full((len(promises), len(moments.clocks)), network.tariffs.slacks.open_ended, np.int16)
    naive = np.array([None if at is None else at.replace(tzinfo=None) for at in promises], "datetime64[us]")
    slack = network.tariffs.slacks.between(
        moments.ready_us[None, :], moments.departs_us[None, :], naive[:, None]
    )
    return np.ascontiguousarray(slack, np.int16)


def _slots(orders: Sequence[Wanted], n_positions: int) -> Int64s:
    """Room for parcels: an entry holds at least a unit, and a large order has few a position."""
    ends = [0]
    for order in orders:
        most = max(STATES_MAX, len(order.basket.lines) * n_positions)
        ends.append(ends[-1] + min(order.basket.items, most + STATES_MAX))
    return np.array(ends, np.int64)


def penalties_of(basket: Basket, network: LiveNetwork) -> list[int]:
    """Say what an item of each line costs that is left unfilled, in micros."""
    penalty = min(PENALTY_MICROS, _PENALTY_OF_AN_ORDER_MAX // max(1, basket.items))
    price = network.price_micros
    return [penalty + min(price[item.sku] * item.units, penalty // 2) for item, _, _ in basket.lines]


def parcels_max_of(basket: Basket, network: LiveNetwork) -> int:
    """Count the parcels that the policy lets a basket be cut into."""
    rules = network.policy.parcels
    if rules.single_below_cents:
        price = network.price_micros
        value = sum(price[item.sku] * item.units * qty for item, qty, _ in basket.lines)
        if value < rules.single_below_cents * MICROS_PER_CENT:
            return 1
    return rules.max_per_order or UNLIMITED_PARCELS


@dataclass(frozen=True, slots=True)
class _Compound:
    """Positions of kits and packs: the nodes that keep all their components on a shelf."""

    ptr: Int64s  # [item+1]
    node: Int32s
    unit_cost: Int64s
    recipe_ptr: Int64s
    recipe_pos: Int64s
    recipe_qty: Int64s


def _compound(
    items: Sequence[Item], stock_at: dict[int, int], shelf: Gathered, network: LiveNetwork
) -> _Compound:
    nodes, costs = list[Int32s](), list[Int64s]()
    recipe_pos, recipe_qty, ptr, recipe_ptr = list[Int64s](), list[Int64s](), [0], [0]
    for item in items:
        spans = [shelf.ptr[stock_at[sku] : stock_at[sku] + 2].tolist() for sku, _ in item.components]
        at = [shelf.node[begin:end] for begin, end in spans]
        common = at[0]
        for other in at[1:]:
            common = np.intersect1d(common, other, assume_unique=True)
        rows = [begin + np.searchsorted(where, common) for (begin, _), where in zip(spans, at, strict=True)]
        qty = np.array([each for _, each in item.components], np.int64)
        nodes.append(common)
        costs.append(
            network.unit_prices.micros(
                np.array([item.sku]), np.array([item.units]), qty.sum(keepdims=True), common.astype(np.int64)
            )
        )
        recipe_pos.append(np.stack(rows, axis=1).reshape(-1).astype(np.int64))
        recipe_qty.append(np.tile(qty, len(common)))
        ptr.append(ptr[-1] + len(common))
        recipe_ptr.extend(
            range(recipe_ptr[-1] + len(qty), recipe_ptr[-1] + len(qty) * len(common) + 1, len(qty))
        )
    none = np.zeros(0, np.int64)
    return _Compound(
        ptr=np.array(ptr, np.int64),
        node=np.concatenate([none.astype(np.int32), *nodes]),
        unit_cost=np.concatenate([none, *costs]),
        recipe_ptr=np.array(recipe_ptr, np.int64),
        recipe_pos=np.concatenate([none, *recipe_pos]),
        recipe_qty=np.concatenate([none, *recipe_qty]),
    )
