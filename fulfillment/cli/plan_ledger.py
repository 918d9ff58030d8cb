"""Plan the orders that wait in the ledger and commit the plan there.

The plan is made on a snapshot; nothing is locked while it is searched for. Committing judges each order
again, so a rival, a crash and a repetition find orders either decided or open, never decided twice.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fulfillment.cli.output import Output
from fulfillment.cli.plan_search import Search, plan_with_progress, tell

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from fulfillment.planning.plan_day import PlannedDay
    from fulfillment.services.commit_plan import PlanCommitted
    from fulfillment.services.node_work import Allocation

ACTOR = "fulfillment plan"
REFUSALS_NAMED_MAX = 20


@dataclass(frozen=True, slots=True)
class LedgerPlan:
    """A plan of the waiting orders, and what became of it."""

    day: "PlannedDay"
    committed: "PlanCommitted | None"  # None when there was nothing to commit, or the search was cut short
    run: dict[str, object]  # the document of run.json


def plan_ledger(
    out: Output,
    ledger: "Engine",
    search: Search,
    out_folder: Path | None = None,
    tell: Callable[[Output, "PlannedDay"], None] = tell,
) -> LedgerPlan:
    """Plan all waiting orders, commit the plan, and say what became of it.

    `tell` says what the plan does, before the commit.

    The folder, where one is wanted, is written before the commit, and its manifest again after it: whoever
    finds a plan whose manifest tells of no commit knows that it may be there in part.
    """
    from fulfillment.clock import SystemClock
    from fulfillment.ids import TimeOrderedIds
    from fulfillment.planning.folder import replace_run, write_plan
    from fulfillment.planning.from_ledger import read_ledger
    from fulfillment.planning.manifest import ledger_read, run_document
    from fulfillment.planning.plan_facts import PlanFacts
    from solver.solve import INTERRUPTED, WORKERS_LOST

    clock = SystemClock()
    began = time.monotonic()
    with out.progress("read the ledger"):
        read = read_ledger(ledger, clock)
    seconds = {"read": time.monotonic() - began}
    day = plan_with_progress(out, read.scenario, search)
    run = {**run_document(day, ledger_read(read), seconds), "orders_left_out": read.left_out, "commit": None}
    if out_folder is not None:
        write_plan(PlanFacts.of(day, run), out_folder)
    if read.left_out:
        out.line(
            f"left out, to places that the ledger does not know or for kits: {len(read.left_out):,} orders"
        )
    if not len(read.scenario.order_lines):
        out.line("no order waits: there is nothing to plan")
        return LedgerPlan(day, None, run)
    tell(out, day)
    if day.result.stop_reason.startswith((INTERRUPTED, WORKERS_LOST)):
        out.line(f"{day.result.stop_reason}: nothing was committed")
        return LedgerPlan(day, None, run)
    if not len(day.allocations):
        out.line("nothing to commit: no waiting order can be served from what is left")
        return LedgerPlan(day, None, run)
    plan_id = TimeOrderedIds(clock).new_id()
    committed = _commit(out, ledger, day, plan_id, run)
    _tell_commit(out, day, committed)
    run = {**run, "commit": _commit_document(plan_id, committed)}
    if out_folder is not None:
        replace_run(run, out_folder)
    return LedgerPlan(day, committed, run)


def _commit(
    out: Output, ledger: "Engine", day: "PlannedDay", plan_id: str, manifest: dict[str, object]
) -> "PlanCommitted":
    from fulfillment.clock import SystemClock
    from fulfillment.ids import TimeOrderedIds
    from fulfillment.planning.plan_head import plan_head
    from fulfillment.services.commit_plan import CommitContext, commit_plan

    clock = SystemClock()
    context = CommitContext(
        head=plan_head(day, plan_id, manifest),
        release_window=day.policy.release_window,
        actor=ACTOR,
        clock=clock,
        ids=TimeOrderedIds(clock),
    )
    allocations = list(_allocations(day))
    done = 0
    try:
        with out.progress("commit", total=len({each.order_id for each in allocations})) as step:

            def on_progress(orders: int) -> None:
                nonlocal done
                done += orders
                step.advance(orders)

            return commit_plan(ledger, allocations, context, on_progress=on_progress)
    except KeyboardInterrupt:
        out.line(f"at least {done:,} orders were committed and stay so; plan again to decide the others")
        raise


def _allocations(day: "PlannedDay") -> "Iterator[Allocation]":
    from fulfillment.planning.plan_tables import allocations_table
    from fulfillment.services.node_work import Allocation

    for row in allocations_table(day).to_pylist():
        yield Allocation(**row)


def _tell_commit(out: Output, day: "PlannedDay", committed: "PlanCommitted") -> None:
    some = len(committed.back_ordered)
    out.line(
        f"committed to the ledger: {len(committed.allocated):,} orders whole, {some:,} in part; "
        f"{_waiting(day, committed):,} still wait"
    )
    if committed.passed_over:
        out.line(f"decided by somebody else meanwhile, passed over: {len(committed.passed_over):,} orders")
    if committed.refused:
        out.line(
            f"refused, because the stock or the order changed meanwhile: {len(committed.refused):,} orders; "
            "they are as they were, plan again"
        )
    for order_id, error in list(committed.refused.items())[:REFUSALS_NAMED_MAX]:
        out.line(f"  {order_id}: {error}")


def _waiting(day: "PlannedDay", committed: "PlanCommitted") -> int:
    """Count the orders that have not all their units yet."""
    return (
        len(set(day.scenario.order_lines.order.tolist()))
        - len(committed.allocated)
        - len(committed.passed_over)
    )


def _commit_document(plan_id: str, committed: "PlanCommitted") -> dict[str, object]:
    return {
        "plan_id": plan_id,
        "orders_allocated": len(committed.allocated),
        "orders_back_ordered": len(committed.back_ordered),
        "orders_passed_over": len(committed.passed_over),
        "orders_refused": len(committed.refused),
        "refusals_by_code": dict(Counter(error.code for error in committed.refused.values())),
        "refused": {
            order_id: str(error) for order_id, error in list(committed.refused.items())[:REFUSALS_NAMED_MAX]
        },
    }
