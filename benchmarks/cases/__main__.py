"""Write a generated day as a scenario folder.

usage: python -m benchmarks.cases NAME --out DIR [--scarcity 0.5 and other axes]
"""

import argparse
import sys
from pathlib import Path

from benchmarks.cases import case_of
from benchmarks.cases.axes import add_axes, axes_of
from fulfillment.domain.errors import InvalidRequest
from fulfillment.scenario.write import write_scenario


def main(arguments: list[str]) -> int:
    """Generate the day that is named, write it, and say how large it is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cases", description="Write a generated day.")
    parser.add_argument("name", help="such as 20000x200x3000 or small-scarce")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    add_axes(parser)
    given = parser.parse_args(arguments)
    try:
        case = case_of(given.name, axes_of(given))
        scenario = case.generate()
    except InvalidRequest as error:
        parser.error(f"{error.message}: {error.remedy}")
    write_scenario(scenario, given.out)
    sys.stdout.write(
        f"{case.name}: {len(scenario.orders):,} orders, {len(scenario.order_lines):,} lines, "
        f"{len(scenario.nodes):,} nodes, {len(scenario.skus):,} SKUs, {len(scenario.stock):,} positions\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
