"""The race against the peers: their model is exact, their plans are judged, and their figures must agree."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import formulation
from benchmarks.peers.__main__ import main
from benchmarks.peers.contestant import load_problem, save_problem
from benchmarks.peers.curves import Curve, Point, contradictions
from benchmarks.peers.formulation import Formulation, formulate
from benchmarks.peers.logs import read_cp_sat, read_highs, read_scip
from benchmarks.peers.mathopt import SOLVERS, solve_with
from benchmarks.peers.race import Limits, run
from benchmarks.peers.sites import NotPinned, Sites
from benchmarks.peers.to_plan import to_plan
from solver.check import PlanCheck, check_plan
from solver.problem import AllocationProblem
from tests.solver.batch_twin import best_batch, best_batch_by_mip
from tests.solver.small_problems import random_problem
from tests.solver.twin import transport

LISTED_AT_MOST = {"all contents listed": 31, "none listed": 0, "both": 2}


def batch(seed: int, **sizes: int) -> AllocationProblem:
    """A small batch; price lists fall as well as rise with weight on odd seeds."""
    rng = np.random.default_rng(seed)
    p = random_problem(rng, **{"n_orders": 3, "n_nodes": 3, "stock_max": 2} | sizes)
    return replace(p, list_cost=rng.permutation(p.list_cost)) if seed % 2 else p


def solve_exactly(p: AllocationProblem, solver: str) -> tuple[PlanCheck, int, Formulation]:
    """The checked plan of a peer, and the bound that it ended with, in micros."""
    sites = Sites.of(p)
    model = formulate(p, sites)
    found = solve_with(solver, model, seconds=60, threads=1)
    assert found.status == "optimal"
    return (
        check_plan(p, to_plan(p, sites, model, found.values)),
        round(found.bound * model.unit_micros),
        model,
    )


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("listed", LISTED_AT_MOST)
def test_a_peers_optimum_is_the_best_of_all_plans(
    solver: str, listed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formulation, "CONTENTS_MAX", LISTED_AT_MOST[listed])
    for seed in range(14, 26):
        p = batch(seed)
        checked, bound, _ = solve_exactly(p, solver)
        best = best_batch(p)
        assert (checked.violations, checked.total_micros, bound) == ((), best, best), f"seed {seed}"


def test_the_small_batches_hold_what_is_hard_to_model() -> None:
    """Else the test above proves little: several parcels a site, prices that fall, several price pieces."""
    sites = [Sites.of(batch(seed)) for seed in range(14, 26)]
    assert sum(int((s.parcels > 1).sum()) for s in sites) > 0
    assert sum(int((np.diff(s.piece_ptr) > 1).sum()) for s in sites) > 0
    assert any(
        (np.diff(s.piece_cost[s.piece_ptr[at] : s.piece_ptr[at + 1]]) < 0).any()
        for s in sites
        for at in range(len(s.order))
    )


def test_a_larger_batch_against_an_integer_program_over_all_options() -> None:
    for seed in (3, 4):
        p = batch(seed, n_orders=8, n_nodes=4)
        checked, bound, _ = solve_exactly(p, "highs")
        best = best_batch_by_mip(p)
        assert (checked.violations, checked.total_micros, bound) == ((), best, best)


def test_a_model_that_forgets_stock_is_found_out() -> None:
    """The broken twin of the formulation: without its stock rows some optimum must be oversold."""
    oversold = 0
    for seed in range(14, 26):
        p = batch(seed)
        plenty = replace(p, pos_free=p.pos_free + 2)
        sites = Sites.of(plenty)
        model = formulate(plenty, sites)
        found = solve_with("highs", model, seconds=60, threads=1)
        oversold += not check_plan(p, to_plan(plenty, sites, model, found.values)).is_feasible
    assert oversold > 0


@pytest.mark.parametrize("limit", [2, 40], ids=["contents tried", "all weights"])
def test_pieces_are_the_price_at_every_weight_that_is_reached(limit: int) -> None:
    """Up to 40 units of each of three lines: parcels of many times the last step."""
    for seed in range(6):
        p = batch(seed, n_orders=2, lines_max=3)
        p = replace(p, line_qty=np.full_like(p.line_qty, limit), pos_free=np.full_like(p.pos_free, limit))
        sites = Sites.of(p)
        for site in range(len(sites.order)):
            terms = slice(sites.term_ptr[site], sites.term_ptr[site + 1])
            weights = p.sku_weight[p.line_sku[sites.term_line[terms]]]
            pieces = slice(sites.piece_ptr[site], sites.piece_ptr[site + 1])
            lo, hi = sites.piece_lo[pieces], sites.piece_hi[pieces]
            rng = np.random.default_rng(seed)
            for units in [*np.eye(len(weights), dtype=int), *rng.integers(1, limit + 1, (9, len(weights)))]:
                weight = int(weights @ units)
                at = np.flatnonzero((lo <= weight) & (weight <= hi))
                assert len(at) == 1
                price = transport(p, int(sites.tariff[site]), weight)
                assert sites.piece_cost[pieces][at[0]] == price


def test_a_problem_with_other_rules_is_refused() -> None:
    p = batch(1)
    Sites.of(replace(p, order_complete=np.zeros(p.n_orders, np.uint8)))  # said, but off
    with pytest.raises(NotPinned, match="without order_complete"):
        Sites.of(replace(p, order_complete=np.ones(p.n_orders, np.uint8)))


def test_a_day_with_other_rules_is_refused_before_the_race(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["60x10x30", "--kit-share", "0.5", "--kit-demand", "0.5"])
    assert stopped.value.code == 2
    assert "the peers model the pinned problem only" in capsys.readouterr().err


def test_a_batch_that_nobody_can_serve_is_left_unfilled() -> None:
    p = batch(2)
    checked, bound, model = solve_exactly(replace(p, pos_free=p.pos_free * 0), "highs")
    assert checked.total_micros == bound == int(p.line_qty @ p.line_penalty)
    assert model.size["columns"] == p.n_lines


def test_a_problem_survives_its_file(tmp_path: Path) -> None:
    p = batch(5)
    save_problem(p, tmp_path / "problem.npz")
    again = load_problem(tmp_path / "problem.npz")
    assert formulate(again).cost.tolist() == formulate(p).cost.tolist()


@pytest.mark.parametrize(
    ("read", "line", "reading"),
    [
        (read_cp_sat, "#Bound   0.11s best:6757  next:[156,6756] default_lp", (6757, 156)),
        (
            read_cp_sat,
            "#2       0.15s best:4599  next:[-594,4598] rnd_var_lns (d=5.00e-01 s=3)",
            (4599, -594),
        ),
        (read_cp_sat, "#Bound   0.08s best:inf   next:[82,124828] initial_domain", (None, 82)),
        (read_cp_sat, "#6       0.31s best:1208  next:[]         default_lp", (1208, 1208)),
        (read_cp_sat, "#Model   0.25s var:1304/2460 constraints:140/160", None),
        (
            read_scip,
            "r 3.8s|     1 |     0 |  1775 |     - |shifting|   0 |  30k| 481 | 400 |   0 |  0 |  83 |   0 "
            "| 4.681543e+03 | 1.107000e+04 | 136.46%| unknown",
            (11070, 4681.543),
        ),
        (
            read_scip,
            "  1.5s|     1 |     0 |    12 |     - |   241M |   0 |  30k| 400 | 400 |   0 |  0 |   0 |   0 "
            "|-2.035438e+08 |      --      |    Inf | unknown",
            (None, -2.035438e8),
        ),
        (
            read_scip,
            " time | node  | left  |LP iter|LP it/n|mem/heur|mdpt |vars |cons |rows |cuts |sepa|confs|strbr|"
            "  dualbound   | primalbound  |  gap   | compl. ",
            None,
        ),
        (
            read_highs,
            " R       0       0         0   0.00%   4681.542893     10983             57.37%        0      0"
            "      0       978     0.9s",
            (10983, 4681.542893),
        ),
        (
            read_highs,
            " J       0       0         0   0.00%   -inf            20853              Large        0      0"
            "      0         0     0.7s",
            (20853, None),
        ),
        (
            read_highs,
            "      1234     55       310  12.50%   4781.342908     5047               5.26%     1449    387"
            "      0      4532    10.0s",
            (5047, 4781.342908),
        ),
        (read_highs, "400 rows, 30100 cols, 60100 nonzeros  0s", None),
        (read_highs, "  Gap               5.25% (tolerance: 0.01%)", None),
    ],
)
def test_a_log_is_read(read: object, line: str, reading: object) -> None:
    assert read(line) == reading


def curve(solver: str, cost: int, bound: int, *, said: int | None = None) -> Curve:
    points = [Point(1.0, None, bound // 2), Point(2.0, said or cost, bound)]
    return Curve(solver, "feasible", points, checked_cost=cost, final_bound=bound)


def test_figures_that_agree_are_not_complained_about() -> None:
    assert contradictions([curve("ours", 1_000_000, 990_000), curve("highs", 1_010_000, 995_000)]) == []


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (curve("highs", 1_010_000, 1_000_010), "its bound 1,000,010 is above the plan of ours, 1,000,000"),
        (curve("highs", 1_010_000, 990_000, said=1_009_000), "its plan costs 1,010,000, it said 1,009,000"),
        (replace(curve("highs", 1_010_000, 0), violations=["a position is oversold: 1"]), "oversold"),
        (replace(curve("highs", 1_010_000, 0), points=[Point(2.0, None, 1), Point(1.0, None, 2)]), "in time"),
    ],
)
def test_figures_that_cannot_all_be_true_are_found_out(broken: Curve, told: str) -> None:
    (found,) = contradictions([curve("ours", 1_000_000, 990_000), broken])
    assert found.startswith("highs: ")
    assert told in found


def test_a_curve_is_read_at_any_time() -> None:
    run = Curve("highs", points=[Point(1.0, None, 50), Point(2.0, 100, None), Point(3.0, 80, 60)])
    assert run.at(0.5) == Point(0.5, None, None)
    assert (run.at(2.5), run.at(2.5).gap) == (Point(2.5, 100, 50), 0.5)
    assert run.at(9.0) == Point(9.0, 80, 60)
    assert Point(1.0, 100, None).gap == Point(1.0, None, 5).gap == 1.0


def test_a_contestant_that_cannot_finish_shows_as_such(tmp_path: Path) -> None:
    save_problem(batch(1), tmp_path / "problem.npz")
    limits = Limits(seconds=5, memory_gib=0.1)
    ended = run("highs", tmp_path / "problem.npz", tmp_path, limits)
    assert ended.status.startswith("did not start, and ended with exit code")
    assert ended.at(5).gap == 1.0
    assert contradictions([ended]) == []


def test_a_contestant_that_is_killed_shows_as_such(tmp_path: Path) -> None:
    save_problem(batch(1), tmp_path / "problem.npz")
    ended = run("highs", tmp_path / "problem.npz", tmp_path, Limits(seconds=0.01, grace_seconds=0.01))
    assert ended.status == "did not start, and ended with exit code -9, killed after 0.02 s"


def test_a_race_leaves_curves_a_picture_and_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "docs" / "peers.md"
    asked = ["12x3x8", "--seconds", "1,60"]
    assert main([*asked, "--out", str(tmp_path), "--page", str(page)]) == 0
    assert "CONTRADICTION" not in capsys.readouterr().out
    document = json.loads((tmp_path / "12x3x8" / "curves.json").read_text())
    assert [curve["solver"] for curve in document["curves"]] == ["ours", "cp-sat", "scip", "highs"]
    ours, *peers = document["curves"]
    for peer in peers:
        assert peer["status"] == "optimal"
        assert peer["violations"] == []
        assert peer["peak_memory_mib"] > 0
        assert ours["final_bound"] <= peer["final_bound"] == peer["checked_cost"] <= ours["checked_cost"]
    assert {"curves.png", "curves.svg", "highs.log"} <= {
        file.name for file in (tmp_path / "12x3x8").iterdir()
    }
    text = (tmp_path / "table.md").read_text()
    assert len(text.splitlines()) == 2 + 2 * 4
    assert text in page.read_text()
    assert " ".join(asked) in page.read_text()
    assert "(img/peers-12x3x8.png)" in page.read_text()
    assert (page.parent / "img" / "peers-12x3x8.png").stat().st_size > 0
    assert str(tmp_path) not in page.read_text()  # where it was written is nobody's business
