"""The next window, cold and warm, in one table."""

from benchmarks.warm import main


def test_both_runs_are_told_and_the_warm_one_is_early() -> None:
    told: list[str] = []
    assert main(["120x8x30-scarce"], told.append) == 0
    assert "orders planned before" in told[0]
    assert [line.split()[0] for line in told[-2:]] == ["cold", "warm"]
    row = next(line.split() for line in told if line.split()[0] == "10.000%")
    assert int(row[3]) < int(row[1])
