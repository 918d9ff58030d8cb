"""Days to measure on, made up from a seed: what they are called and along which axes they vary.

Everything about these days is made up; figures measured on them must say so. The same name, axes and seed
give the same day, everywhere.

**Names.** ``SIZE`` or ``SIZE-SEVERITY``, where SIZE is

- ``tiny``, ``small`` or ``medium``: a small network, 60 nodes, 300 nodes; or
- ``ORDERSxNODESxSKUS``, such as ``20000x200x3000``: any size; see `sizes.of_counts` for how the nodes are
  shared among warehouses, stores and vendors. `FAMILY` lists the sizes that are measured throughout.

A **severity** (`SEVERITIES`) makes one thing worse and leaves the rest as it is: ``5000x50x1000-scarce``.

**Axes.** Any parameter of `GeneratorParams` can be set beside the name, and overrides it (`axes`):
``20000x200x3000 --scarcity 0.5 --hot-sku-share 0.4``. The ones that make a day hard are

| axis | is | more of it |
| --- | --- | --- |
| orders, stores, warehouses, vendors, skus, postal-codes | size | a larger problem |
| scarcity | share of the SKUs that have less stock than demand | more orders compete |
| lines-per-order | mean number of lines | more to split; more states in the one-order search |
| hot-sku-share | share of the lines on the hottest half percent of the SKUs | competition on few rows |
| store-range | share of the SKUs that a store carries | more candidates an order |
| store-depth | units on a shelf beyond what demand asks for | less competition inside a SKU's stock |
| tight-nodes | share of the stores that send two parcels a day | capacity binds |
| kit-share, kit-demand | kits in the catalogue, and lines that ask for one | components that leave together |
| flexible-orders | share of the orders that may be served in other ways too | more to choose from |
| seed | the draw | another day of the same kind |

``python -m benchmarks.cases NAME --out DIR`` writes a day as a scenario folder.
"""

from benchmarks.cases.case import Case, case_of
from benchmarks.cases.sizes import FAMILY, SEVERITIES, SIZES

__all__ = ["CASES", "FAMILY", "SEVERITIES", "SIZES", "Case", "case_of"]

CASES: dict[str, Case] = {
    case.name: case for case in (case_of(f"{size}-{severity}") for size in SIZES for severity in SEVERITIES)
}
