"""Our solver beside its peers, in one run: CP-SAT, SCIP and HiGHS on the same problem as one integer program.

usage: python -m benchmarks.peers CASE_OR_DIR ... [--seconds 60,300] [--threads 2] [--out DIR]
                                  [--page docs/peers.md] [axes]

Every contestant gets the same arrays, the same time limit and the same processors, in a process of its own
whose peak memory is recorded. Its clock starts when its solver has the problem: our kernels are compiled, and
a peer's model is built (`formulation`), before that. Each runs once, up to the longest of the limits; its
curve of (seconds, cost, bound) is read at the others. A peer's curve comes from the solver's own log
(`logs`), ours from `Result.trace`; every final plan is judged afresh by `solver.check`, and all costs and
bounds must agree (`curves.contradictions`): no bound above another's cost.

Files, in order: `sites` and `pieces` (who can send what at which price), `formulation` (the integer program),
`mathopt` (the three solvers), `to_plan` (back to parcels), `contestant` (one run), `race` (all of them),
`curves` and `picture` (what is compared).
"""
