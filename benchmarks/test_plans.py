"""The table of plans: every figure that a reader compares, from whole commands."""

import json
from pathlib import Path

import pytest

from benchmarks.cases import case_of
from benchmarks.plans import COLUMNS, main
from fulfillment.scenario.write import write_scenario


def test_folders_and_cases_stand_in_one_table_with_their_traces(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_scenario(case_of("50x6x20").generate(), tmp_path / "my-day")
    out = tmp_path / "runs"
    days = [str(tmp_path / "my-day"), "60x8x30-scarce", "--hot-sku-share", "0.3", "--out", str(out)]
    assert main([*days, "--", "--seed", "3"]) == 0
    warm_up, headings, *rows = capsys.readouterr().out.splitlines()
    assert "warm-up" in warm_up
    assert [part for name in COLUMNS for part in name.split()] == headings.split()
    assert [line.split()[0] for line in rows] == ["my-day", "60x8x30-scarce,hot_sku_share=0.3"]
    for line in rows:
        run = json.loads((out / f"{line.split()[0]}.json").read_text())
        assert run["seed"] == 3
        assert run["lower_bound_policy_cents"] <= run["policy_cents"]
        last = run["trace"][-1]
        assert run["policy_cents"] <= last["policy_cents"]
        assert line.split()[-1] == f"{run['peak_memory_mib']:,}"


def test_a_name_that_is_neither_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["nowhere"])
    assert "neither a folder nor a case: no size is called nowhere" in capsys.readouterr().err
