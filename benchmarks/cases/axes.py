"""The axes of a day on a command line."""

import argparse
from dataclasses import fields

from fulfillment.scenario.generate import GeneratorParams

# A parameter's type is that of its default; the day of the year is no axis.
AXES: dict[str, type] = {f.name: type(f.default) for f in fields(GeneratorParams) if f.name != "day"} | {
    "seed": int
}


def add_axes(parser: argparse.ArgumentParser) -> None:
    """Let a command take every axis, such as ``--hot-sku-share 0.4``."""
    group = parser.add_argument_group("axes of generated days")
    for name, kind in AXES.items():
        group.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar="N")


def axes_of(arguments: argparse.Namespace) -> dict[str, float]:
    """Collect the axes that were given."""
    given = {name: getattr(arguments, name) for name in AXES}
    return {name: value for name, value in given.items() if value is not None}
