"""Judge a plan from its files alone.

`verify_plan` reads a scenario's folder and a plan's folder and works out afresh whether the plan may be
carried out, what it costs, and what no plan can cost less than. It imports nothing of ours: a mistake in
the planner can't hide by being made here too.
"""

from fulfillment.verify.files import UnusableInput
from fulfillment.verify.judge import verify_plan
from fulfillment.verify.verdict import Verdict, Violation

__all__ = ["UnusableInput", "Verdict", "Violation", "verify_plan"]
