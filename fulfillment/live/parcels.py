"""From the solver's slots to the parcels of a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from fulfillment.domain.lines import Line
from fulfillment.domain.parcels import NO_CARRIER
from fulfillment.domain.placing import PlannedParcel
from fulfillment.live.departures import Moments
from fulfillment.live.group import GroupProblem, Wanted
from fulfillment.live.network import LiveNetwork
from solver.plan_state import PlanState


@dataclass(frozen=True, slots=True)
class SolverParcel:
    """A parcel by number: its entries are (line of the order, position, items)."""

    node: int
    price_list: int
    entries: tuple[tuple[int, int, int], ...]


def solver_parcels(plan: PlanState, group: GroupProblem, first: int, end: int) -> list[list[SolverParcel]]:
    """Read the parcels of some orders of the group, order by order."""
    base, top = int(plan.slot_ptr[first]), int(plan.slot_ptr[end])
    begins = plan.slot_ptr[first : end + 1].tolist()
    counts = plan.n_parcels[first:end].tolist()
    node, price_list = plan.parcel_node[base:top].tolist(), plan.parcel_list[base:top].tolist()
    entry_end = plan.entry_end[base:top].tolist()
    line, pos = plan.entry_line[base:top].tolist(), plan.entry_pos[base:top].tolist()
    qty = plan.entry_qty[base:top].tolist()
    first_line = group.arrays.order_ptr[first:end].tolist()
    orders = list[list[SolverParcel]]()
    for k, count in enumerate(counts):
        entry, parcels = begins[k], list[SolverParcel]()
        for slot in range(begins[k] - base, begins[k] - base + count):
            stop = entry_end[slot]
            within = range(entry - base, stop - base)
            entries = tuple((line[e] - first_line[k], pos[e], qty[e]) for e in within)
            parcels.append(SolverParcel(node[slot], price_list[slot], entries))
            entry = stop
        orders.append(parcels)
    return orders


def items_by_line(wanted: Wanted, parcels: Sequence[SolverParcel]) -> list[int]:
    """Add up the items that parcels hold of each line of an order."""
    items = [0] * len(wanted.lines)
    for parcel in parcels:
        for line, _, qty in parcel.entries:
            items[line] += qty
    return items


def planned_parcels(
    wanted: Wanted,
    parcels: Sequence[SolverParcel],
    network: LiveNetwork,
    moments: Moments,
) -> tuple[PlannedParcel, ...]:
    """Say the parcels of an order in the retailer's words, equal SKUs handed out by line number."""
    unused = [[(line, line.qty) for line in lines] for _, _, lines in wanted.lines]
    return tuple(_planned(wanted, parcel, network, moments, unused) for parcel in parcels)


def _planned(
    wanted: Wanted,
    parcel: SolverParcel,
    network: LiveNetwork,
    moments: Moments,
    unused: list[list[tuple[Line, int]]],
) -> PlannedParcel:
    sku_id, node = network.skus.sku_id, parcel.node
    lines, units = list[Line](), dict[str, int]()
    weight, pieces, commission = 0, 0, 0
    for at, _, qty in parcel.entries:
        item = wanted.lines[at][0]
        goods = qty * item.units
        weight += goods * network.weight_g[item.sku]
        commission += goods * (network.price_micros[item.sku] * network.commission_bp[node] // 10_000)
        for sku, each in item.pieces:
            pieces += qty * each
            units[sku_id[sku]] = units.get(sku_id[sku], 0) + qty * each
        lines.extend(_hand_out(unused[at], goods))
    tariff = network.tariffs.lists[parcel.price_list]
    transport = tariff.price_micros(weight) - tariff.late_micros
    handling = network.parcel_handling[node] + pieces * network.piece_handling[node] + commission
    k = network.class_of_node[node]
    is_own = tariff.carrier == NO_CARRIER
    departs_at = None if is_own else moments.departs_at[k]
    return PlannedParcel(
        node_id=network.nodes.node_id[node],
        carrier=tariff.carrier,
        service=tariff.service,
        departs_at=departs_at,
        arrives_at=(
            moments.ready_at(k) if departs_at is None else departs_at + timedelta(days=tariff.transit_days)
        ),
        slot_on=moments.ready_on(k) if departs_at is None else moments.departs_on[k],
        lines=tuple(lines),
        units=units,
        cost_micros=transport + handling,
    )


def _hand_out(unused: list[tuple[Line, int]], qty: int) -> list[Line]:
    """Take units off the lines of one SKU, the lowest number first."""
    if len(unused) == 1:
        line, left = unused[0]
        unused[0] = (line, left - qty)
        return [line if qty == line.qty else Line(line.line_no, line.sku_id, qty)]
    lines = list[Line]()
    while qty:
        line, left = unused[0]
        some = min(left, qty)
        lines.append(Line(line.line_no, line.sku_id, some))
        qty -= some
        if some == left:
            unused.pop(0)
        else:
            unused[0] = (line, left - some)
    return lines
