"""The curves as a picture: gap over time, each solver's own and against all that is known."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from benchmarks.peers.curves import Curve

COLOURS = {"ours": "#c0392b", "cp-sat": "#2e6da4", "scip": "#3c8d40", "highs": "#8e6bb0"}
DASHES = {"ours": "-", "cp-sat": "--", "scip": "-.", "highs": ":"}  # lines may lie on each other
SECONDS = (0, 1, 3, 10, 30, 60, 120, 300, 600, 1800)
GAP_LEAST = 1e-5  # a gap of nothing has no place on a logarithmic axis


def draw(case: str, curves: list[Curve], path: Path) -> None:
    """Draw a race into a file; its ending says whether it is PNG or SVG.

    Left, the gap that each solver has proved itself. Right, how far its plan was from the best bound that any
    of them proved in the end. A solver without a plan stands at 100 %.
    """
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    own, joint = figure.subplots(1, 2, sharex=True, sharey=True)
    bounds = [point.bound for curve in curves for point in curve.points if point.bound is not None]
    best_bound = max(bounds, default=None)
    last = max((point.seconds for curve in curves for point in curve.points), default=1.0)
    for curve in curves:
        _steps(own, curve, [curve.at(point.seconds).gap for point in curve.points])
        known = [curve.at(point.seconds).cost for point in curve.points]
        _steps(joint, curve, [_gap(cost, best_bound) for cost in known])
    own.set_title(f"{case}: gap that a solver proved itself", fontsize=10)
    joint.set_title("its plan against the best bound of all", fontsize=10)
    for axes in (own, joint):
        axes.set_xscale("symlog", linthresh=1.0)
        axes.set_yscale("log")
        axes.set_ylim(GAP_LEAST / 1.5, 1.2)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda gap, _: f"{100 * gap:g} %"))
        axes.set_xticks(
            [at for at in SECONDS if at <= last], labels=[f"{at}" for at in SECONDS if at <= last]
        )
        axes.minorticks_off()
        axes.set_xlabel("seconds")
        axes.grid(visible=True, which="major", alpha=0.3)
    own.set_ylabel("gap")
    own.legend(fontsize=9)
    figure.savefig(path, dpi=130)


def _gap(cost: int | None, bound: int | None) -> float:
    return 1.0 if not cost or bound is None else max(0.0, (cost - bound) / cost)


def _steps(axes: Axes, curve: Curve, gaps: list[float]) -> None:
    """Draw a gap that holds until it falls; up to the end of the run."""
    seconds = [0.0, *(point.seconds for point in curve.points)]
    heights = [max(GAP_LEAST, gap) for gap in (1.0, *gaps)]
    axes.step(
        seconds,
        heights,
        where="post",
        label=_label(curve),
        color=COLOURS.get(curve.solver),
        linestyle=DASHES.get(curve.solver, "-"),
        linewidth=1.8,
    )


def _label(curve: Curve) -> str:
    has_plan = any(point.cost is not None for point in curve.points)
    return curve.solver if has_plan else f"{curve.solver} (no plan)"
