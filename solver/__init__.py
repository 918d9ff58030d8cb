"""Allocation of orders to nodes: arrays in, arrays out; knows no database, no web and no files.

Where to read, one idea a file:

- **What is solved.** `problem` is the formulation, `rules` and `validation` check it, `check` judges a plan
  and shares no code with anything here. `result`, `params`, `stop` and `start` are what goes in and out
  beside it.
- **One order.** `order_kernel` finds the cheapest set of parcels at given prices, `search` puts its steps
  in their order; `strict_nodes`, `joint` and `parcels_max` are what it does where parcels share stock,
  components or a limit. Too large for it: `large_order` plans, `pattern_mip` plans and bounds, on
  `one_order`, `price_ladder` and `parcel_load`; `replan` is when.
- **Prices and the bound.** `prices` says why any prices prove a bound. `price_search` looks for good ones:
  from `scarcity`, over `patterns` met so far, by `restricted_dual`, at the end by `master_prices`.
- **A plan.** `plan_state` is one in the making; `sequence` serves orders in turn, `stakes` says in which,
  `claims` by what patterns claim, `improve` lets them displace each other (`occupancy` knows whom), `columns`
  chooses among patterns by integer programs.
- **All of it.** `solve` is the one way in, `run` its phases.
- **Who does the work.** `shards` on threads; `remote_shards`, `shard_worker`, `shard_parts` and `processes`
  beyond them. `arrays` and `by_pointer` are how kernels get their data, `jit` is how they are compiled.
- **What it is measured against.** `baselines`.
"""
