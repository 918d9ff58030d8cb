"""Tiny instances in the published formats, each through the whole way: read, planned as orders, tabled."""

import gzip
import itertools
from pathlib import Path

import numpy as np
import pytest

from benchmarks.or_library import as_orders, read
from benchmarks.or_library.__main__ import instances_in, main, run
from benchmarks.or_library.read import FormatError

UFL_AND_CFLP = """ 3 4
 6 10.5
 6 12.
 9 0.
 3 3.75 6.0 30.
 2 4.0 1.0 30.
 1 5.5 2.5 30.
 4 8.0 2.0 30.25
"""


def write(folder: Path, family: str, name: str, text: str) -> Path:
    (folder / family).mkdir(exist_ok=True, parents=True)
    path = folder / family / name
    data = text.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def test_plant_location_costs_what_enumeration_says(tmp_path: Path) -> None:
    """Every set of open facilities, each customer at the cheapest of them."""
    row = run("ufl", write(tmp_path, "ufl", "tiny.txt", UFL_AND_CFLP))
    fixed, cost = [10.5, 12, 0], [[3.75, 6, 30], [4, 1, 30], [5.5, 2.5, 30], [8, 2, 30.25]]
    best = min(
        sum(fixed[i] for i in open_) + sum(min(row[i] for i in open_) for row in cost)
        for size in (1, 2, 3)
        for open_ in itertools.combinations(range(3), size)
    )
    assert (float(row.cost), float(row.bound)) == (best, best)
    assert row.remark == "proved optimal"
    assert row.optimum is None


def test_capacitated_plant_location_splits_a_demand(tmp_path: Path) -> None:
    """Every way to give every unit to a facility, within six, six and nine units."""
    row = run("cflp", write(tmp_path, "cflp", "tiny.txt", UFL_AND_CFLP))
    fixed, capacity = [10.5, 12, 0], [6, 6, 9]
    demand, cost = [3, 2, 1, 4], [[3.75, 6, 30], [4, 1, 30], [5.5, 2.5, 30], [8, 2, 30.25]]
    shares = [
        [c for c in itertools.product(range(units + 1), repeat=3) if sum(c) == units] for units in demand
    ]
    best, whole = np.inf, np.inf
    for plan in itertools.product(*shares):
        sent = [sum(units[i] for units in plan) for i in range(3)]
        if all(s <= c for s, c in zip(sent, capacity, strict=True)):
            total = sum(f for f, s in zip(fixed, sent, strict=True) if s)
            for units, d, costs in zip(plan, demand, cost, strict=True):
                total += sum(u * c / d for u, c in zip(units, costs, strict=True))
            best = min(best, total)
            if all(max(units) == d for units, d in zip(plan, demand, strict=True)):
                whole = min(whole, total)
    assert float(row.cost) == pytest.approx(best, abs=1e-9)
    assert row.bound == row.cost
    assert best < whole  # the instance is one in which splitting pays


def random_gap(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    cost, use = rng.integers(10, 50, (2, 5)), rng.integers(5, 25, (2, 5))
    return cost, use, use.sum(axis=1) * 6 // 10


@pytest.mark.parametrize("seed", range(6))
def test_generalised_assignment_lies_between_bound_and_cost_and_says_why_a_gap_stays(
    seed: int, tmp_path: Path
) -> None:
    cost, use, capacity = random_gap(seed)
    rows = [" ".join(map(str, values)) for values in (*cost, *use, capacity)]
    row = run("gap", write(tmp_path, "gap", "tiny", "2 5\n" + "\n".join(rows)))
    best = min(
        sum(cost[i, j] for j, i in enumerate(agents))
        for agents in itertools.product(range(2), repeat=5)
        if all(sum(use[i, j] for j in range(5) if agents[j] == i) <= capacity[i] for i in range(2))
    )
    assert row.bound <= best <= row.cost
    if row.cost > row.bound:
        assert "duality gap" in row.remark or "best prices" in row.remark or "no complete" in row.remark
    else:
        assert row.remark == "proved optimal"


@pytest.mark.parametrize("seed", range(6))
def test_assignment_gives_everybody_one_job(seed: int, tmp_path: Path) -> None:
    cost = np.random.default_rng(seed).integers(1, 20, (5, 5))
    text = "5\n" + "\n".join(" ".join(map(str, row)) for row in cost)
    row = run("assignment", write(tmp_path, "assignment", "tiny.txt.gz", text))
    best = min(sum(cost[i, j] for i, j in enumerate(jobs)) for jobs in itertools.permutations(range(5)))
    assert row.bound <= best <= row.cost
    assert row.cost == best


def test_set_covering_takes_the_cheapest_cover(tmp_path: Path) -> None:
    covering = [[1, 2], [2, 3], [3, 4], [4, 5], [5, 1], [1, 3, 5], [2, 4], [6], [1, 6]]
    cost = [4, 3, 5, 2, 4, 1]
    text = f"{len(covering)} 6\n{' '.join(map(str, cost))}\n"
    text += "\n".join(f"{len(c)} {' '.join(map(str, c))}" for c in covering)
    row = run("scp", write(tmp_path, "scp", "tiny.txt", text))
    best = min(
        sum(cost[j - 1] for j in cover)
        for size in range(1, 7)
        for cover in itertools.combinations(range(1, 7), size)
        if all(set(c) & set(cover) for c in covering)
    )
    assert (row.cost, row.bound) == (best, best)


def test_the_command_writes_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "assignment", "two.txt", "2\n 1 5\n 2 9\n")
    assert main([str(tmp_path)]) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["family", "instance", "published", "cost", "bound", "gap", "seconds"]
    assert line.split()[:4] == ["assignment", "two", "-", "7"]


@pytest.mark.parametrize(
    ("family", "text", "words"),
    [
        ("gap", "2 2\n1 2 3 4\n1 1 1 1\n5\n", "ends where the capacity of agent 2 should stand"),
        ("gap", "2 2\n1 2 x 4\n1 1 1 1\n5 5\n", "line 2: agent 2: cost 1 of 2 should be a number, not 'x'"),
        ("gap", "2 2\n1 2 3 4\n1 1 1 1.5\n5 5\n", "must be a whole number from 0, not 3/2"),
        ("gap", "2 2\n1 2 3 4\n1 1 1 1\n5 5\n7\n", "line 5: '7' stands after the end"),
        ("gap", "2 2\n1 -2 3 4\n1 1 1 1\n5 5\n", "must be at least 0, not -2"),
        ("gap", "0 2\n", "the number of agents must be a whole number from 1, not 0"),
        ("scp", "1 2\n1 1\n2 1 3\n", "row 1 names column 3 of 2"),
        ("scp", "1 2\n1 1\n2 1 1\n", "row 1 names a column twice"),
        ("cflp", "1 1\n5 1\n0 1\n", "a customer without demand has no line"),
        ("cflp", "1 1\n5 1\n1.5 1\n", "a demand that is not whole cannot be split"),
        ("assignment", "", "ends where the number of persons should stand"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_place(
    family: str, text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, family, "wrong.txt", text)
    assert main([str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert str(path) in said


def test_a_file_that_is_no_text_or_missing_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "gap", "wrong", "")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="cannot be read as text"):
        read.read_generalised_assignment(path)
    broken = tmp_path / "broken.gz"
    broken.write_bytes(b"no gzip")
    with pytest.raises(FormatError, match="cannot be read as text"):
        read.read_assignment(broken)


def test_a_folder_without_instances_and_an_unknown_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="holds none of the folders ufl, cflp"):
        instances_in(tmp_path, [])
    write(tmp_path, "gap", "one", "")
    with pytest.raises(FormatError, match="no instance named two"):
        instances_in(tmp_path, ["one", "two"])
    assert main([]) == 2


def test_too_many_distinct_costs_for_bands_are_refused() -> None:
    n = 200
    cost = [[read.Fraction(i * n + j) for j in range(n)] for i in range(n)]
    with pytest.raises(FormatError, match="40000 distinct costs"):
        as_orders.assignment(read.Assignment(cost))
