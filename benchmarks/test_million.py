"""The benchmark of a very large day, on a very small one."""

import json
from pathlib import Path

import pytest

from benchmarks.million import main


def test_every_phase_is_told_and_the_plan_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "figures.json"
    assert main(["50x6x20", "--workers", "1", "--seconds", "2", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "50x6x20: 50 orders" in said
    assert "the plan is feasible" in said
    figures = json.loads(out.read_text())
    assert [lap["phase"] for lap in figures["phases"]][-2:] == ["search", "check the plan"]
    assert figures["lower_bound_micros"] <= figures["cost_micros"] <= figures["first_come_micros"]
    assert all(lap["peak_mib"] > 0 for lap in figures["phases"])


def test_a_name_that_is_no_day_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nowhere"])
    assert "no size is called nowhere" in capsys.readouterr().err
