"""Say what is true of a plan: may it be carried out, what it costs, how far from the best it can be."""

from decimal import Decimal
from pathlib import Path

from fulfillment.verify.bound import lower_bound
from fulfillment.verify.clocks import transit_days
from fulfillment.verify.day import read_day
from fulfillment.verify.feasibility import total_cost
from fulfillment.verify.findings import Findings
from fulfillment.verify.plan import Certificate, read_allocations, read_certificate, read_prices
from fulfillment.verify.transport import Transport
from fulfillment.verify.verdict import MICROS_PER_CENT, Verdict

_HALF_A_HUNDREDTH = Decimal("0.005")  # of a cent: what rounding to two decimals may add or take
_GAP_TOLERANCE = Decimal("0.000001")


def verify_plan(scenario_dir: Path, plan_dir: Path) -> Verdict:
    """Verify a plan's folder against the scenario's folder it was made for.

    Feasibility and cost come from the allocations, the bound from the two tables of prices; the certificate
    is only compared with what comes out. A plan of a policy that lets parcels be late may claim no bound: it
    is not proved then, and its late parcels are named.

    Raises
    ------
    UnusableInput
        When a file is missing or can't be understood.
    """
    day = read_day(scenario_dir)
    allocations, certificate = read_allocations(plan_dir), read_certificate(plan_dir)
    transport, days = Transport.of(day.rates), transit_days(day.nodes, day.orders)
    findings = Findings()
    total = total_cost(day, transport, days, allocations, findings)
    is_feasible = len(findings) == 0
    prices = read_prices(plan_dir, day, findings)
    if certificate.no_pinned_bound:
        findings.note("the certificate claims no bound", certificate.no_pinned_bound)
        prices = None
    bound = None if prices is None else lower_bound(day, transport, days, prices, findings)
    proved = []
    if is_feasible:
        proved.append("the plan is feasible: stock, capacity, reach, time and carriage allow it")
    if total is not None and _total_agrees(certificate, total, findings):
        proved.append(f"it costs {Decimal(total) / MICROS_PER_CENT:,.2f} cents")
    if bound is not None and _bound_holds(certificate, bound, findings):
        proved.append(f"no plan can cost less than {certificate.lower_bound_cents:,} cents")
        if len(proved) == 3 and _gap_agrees(certificate, findings):
            proved.append(f"so no plan saves more than {certificate.gap:.4%} of its cost")
    unchecked = _policy_claims(certificate, findings)
    return Verdict(tuple(proved), findings.all(), unchecked, total, bound)


def _total_agrees(claim: Certificate, total: int, findings: Findings) -> bool:
    agrees = abs(claim.total_cents * MICROS_PER_CENT - total) <= _HALF_A_HUNDREDTH * MICROS_PER_CENT
    if not agrees:
        exact = Decimal(total) / MICROS_PER_CENT
        findings.note("total_cents is not what the plan costs", f"{claim.total_cents} claimed, {exact} found")
    return agrees


def _bound_holds(claim: Certificate, bound: int, findings: Findings) -> bool:
    proved_cents = bound // MICROS_PER_CENT
    holds = claim.lower_bound_cents is not None and claim.lower_bound_cents <= proved_cents
    if not holds:
        findings.note(
            "lower_bound_cents is more than the prices prove",
            f"{claim.lower_bound_cents} claimed, {proved_cents} proved",
        )
    return holds


def _gap_agrees(claim: Certificate, findings: Findings) -> bool:
    total, bound = claim.total_cents, claim.lower_bound_cents
    if bound is None or claim.gap is None:
        return False
    gap = (total - bound) / total if total > 0 else Decimal(0)
    agrees = abs(claim.gap - gap) <= _GAP_TOLERANCE
    if not agrees:
        findings.note("gap is not (total - bound) / total", f"{claim.gap} claimed, {gap:.6f} found")
    return agrees


def _policy_claims(claim: Certificate, findings: Findings) -> tuple[str, ...]:
    """Compare what plan and bound are worth to a policy of the pinned meaning; else name it unchecked."""
    if not claim.has_pinned_meaning:
        return (
            f"what plan and bound are worth to the policy {claim.policy_name!r}: policy_total_cents, "
            "policy_lower_bound_cents, policy_gap",
        )
    if claim.policy_total_cents != claim.total_cents:
        findings.note(
            "policy_total_cents differs from total_cents under the pinned meaning",
            f"{claim.policy_total_cents} and {claim.total_cents}",
        )
    if claim.lower_bound_cents is not None and claim.policy_lower_bound_cents > claim.lower_bound_cents:
        findings.note(
            "policy_lower_bound_cents exceeds lower_bound_cents under the pinned meaning",
            f"{claim.policy_lower_bound_cents} and {claim.lower_bound_cents}",
        )
    return ()
