"""The long campaign: kill the service and its database under load, race for the last units, break every step.

usage: python -m benchmarks.reliability [--kills 60] [--units 10000] [--attempts 100000]
                                        [--parts crash race crowd fault history request]
                                        [--victims service database worker planner]
                                        [--databases postgresql sqlite] [--out FILE]

Everything is real: `fulfillment serve` in processes of its own, a database server started for the purpose (or
a SQLite file), clients on keep-alive connections. The last four parts are tests of the suite at the length of
a campaign (`-m campaign`), on both databases. What is judged, and what it cannot show, stands in
`docs/reliability.md`. Ends with exit code 1 when anything was lost, doubled, oversold or answered twice
differently.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.service.figures import as_table
from tests.concurrency.race import Finish, Race, run_race
from tests.crash.harness import Campaign, Outcome, run_campaign

CRASH_HEADINGS = ("killed", "database", "processes", "kills", "acknowledged", "repeated", "lost", "faults",
                  "no answer", "503", "improved", "back after s")  # fmt: skip
RACE_HEADINGS = ("database", "processes", "units", "attempts", "sold", "refused", "repeated", "left",
                 "faults", "seconds")  # fmt: skip
SUITE_HEADINGS = ("part", "tests", "failed", "seconds")

CRASHES = (
    ("postgresql", "service", 1),
    ("postgresql", "database", 1),
    ("postgresql", "worker", 3),
    ("postgresql", "planner", 2),
    ("sqlite", "service", 1),
)
VICTIMS = ("service", "database", "worker", "planner")
RACES = (("postgresql", 1), ("postgresql", 3), ("sqlite", 1), ("sqlite", 3))
SUITES = {
    "crowd": "tests/concurrency/test_crowd.py",
    "fault": "tests/simulation/test_fault_sweep.py",
    "history": "tests/simulation/test_entries_machine.py tests/simulation/test_orders_machine.py",
    "request": "tests/fuzz/test_specification.py",
}
PARTS = ("crash", "race", *SUITES)


def tell(text: str) -> None:
    """Write at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def crash_row(database: str, victim: str, workers: int, outcome: Outcome) -> tuple[str, ...]:
    """Lay a campaign out under `CRASH_HEADINGS`."""
    back = outcome.seconds_to_recover
    return (
        victim,
        database,
        str(workers),
        str(sum(outcome.kills.values())),
        f"{outcome.acknowledged:,}",
        f"{outcome.repeated:,}",
        str(outcome.lost),
        str(len(outcome.faults)),
        f"{outcome.statuses.get(0, 0):,}",
        f"{outcome.statuses.get(503, 0):,}",
        f"{outcome.improved:,}",
        f"{sum(back) / len(back):.1f}" if back else "",
    )


def race_row(race: Race, finish: Finish) -> tuple[str, ...]:
    """Lay a race out under `RACE_HEADINGS`."""
    return (
        race.database,
        str(race.workers),
        f"{race.units:,}",
        f"{race.attempts:,}",
        f"{finish.sold:,}",
        f"{finish.refused:,}",
        f"{finish.repeated:,}",
        str(finish.left),
        str(len(finish.faults)),
        f"{finish.seconds:,.0f}",
    )


def run_crashes(given: argparse.Namespace, figures: dict) -> list[str]:
    """Run the crash campaigns; return what was wrong."""
    rows, wrong = [], []
    for database, victim, workers in CRASHES:
        if database not in given.databases or victim not in given.victims:
            continue
        outcome = run_campaign(
            Campaign(database, (victim,), given.kills, workers=workers, clients=16, seed=given.seed)
        )
        rows.append(crash_row(database, victim, workers, outcome))
        figures["crashes"].append({"database": database, "victim": victim, "workers": workers}
                                  | vars(outcome))  # fmt: skip
        wrong += [f"{victim} on {database}: {fault}" for fault in outcome.faults]
        tell(as_table(CRASH_HEADINGS, [rows[-1]]))
    tell(as_table(CRASH_HEADINGS, rows))
    return wrong


def run_races(given: argparse.Namespace, figures: dict) -> list[str]:
    """Run the races; return what was wrong."""
    rows, wrong = [], []
    for database, workers in RACES:
        if database not in given.databases:
            continue
        race = Race(database, workers, units=given.units, attempts=given.attempts, seed=given.seed)
        finish = run_race(race)
        rows.append(race_row(race, finish))
        figures["races"].append({"database": database, "workers": workers} | vars(finish))
        wrong += [f"race on {database}, {workers} processes: {fault}" for fault in finish.faults]
        if finish.sold != given.units or finish.left:
            wrong.append(f"race on {database}: {finish.sold} of {given.units} sold, {finish.left} left")
        tell(as_table(RACE_HEADINGS, [rows[-1]]))
    tell(as_table(RACE_HEADINGS, rows))
    return wrong


def run_suites(given: argparse.Namespace, figures: dict) -> list[str]:
    """Run the suite's own campaigns, each in a process of its own; return what was wrong."""
    rows, wrong = [], []
    for part in (part for part in SUITES if part in given.parts):
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            command = [sys.executable, "-m", "pytest", "-q", "-m", "campaign", f"--junitxml={report}"]
            ended = subprocess.run([*command, *SUITES[part].split()], check=False)
            if not report.exists():
                wrong.append(f"{part}: the tests did not run, exit code {ended.returncode}")
                continue
            rows.append(suite_row(part, found := suite_figures(report)))
        figures["suites"].append({"part": part} | found)
        tell(as_table(SUITE_HEADINGS, [rows[-1]]))
        if ended.returncode:
            wrong.append(
                f"{part}: {found['failed']} of {found['tests']} failed, exit code {ended.returncode}"
            )
    tell(as_table(SUITE_HEADINGS, rows))
    return wrong


def suite_figures(report: Path) -> dict:
    """Add up a report of pytest's."""
    suites = ElementTree.parse(report).getroot().findall("testsuite")

    def total(*names: str) -> float:
        return sum(float(suite.attrib[name]) for suite in suites for name in names)

    return {
        "tests": int(total("tests")),
        "failed": int(total("failures", "errors")),
        "seconds": total("time"),
    }


def suite_row(part: str, found: dict) -> tuple[str, ...]:
    """Lay a suite out under `SUITE_HEADINGS`."""
    return part, str(found["tests"]), str(found["failed"]), f"{found['seconds']:,.0f}"


def main(arguments: list[str]) -> int:
    """Run the campaign, print the tables, write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability", description="Kill and race.")
    parser.add_argument("--kills", type=int, default=60, help="of each kind")
    parser.add_argument("--units", type=int, default=10_000)
    parser.add_argument("--attempts", type=int, default=100_000)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--victims", nargs="+", choices=VICTIMS, default=list(VICTIMS), help="who is killed")
    parser.add_argument(
        "--databases", nargs="+", choices=("postgresql", "sqlite"), default=["postgresql", "sqlite"]
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="FILE", help="leave the figures there, as JSON")
    given = parser.parse_args(arguments)
    figures: dict = {
        "began": time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime()),
        "cores": os.cpu_count(),
        "load_average_before": os.getloadavg(),
        "crashes": [],
        "races": [],
        "suites": [],
    }
    wrong: list[str] = []
    if "crash" in given.parts:
        wrong += run_crashes(given, figures)
    if "race" in given.parts:
        wrong += run_races(given, figures)
    if set(SUITES) & set(given.parts):
        wrong += run_suites(given, figures)
    figures["load_average_after"] = os.getloadavg()
    if given.out:
        given.out.write_text(json.dumps(figures, indent=2, default=str) + "\n")
    for each in wrong:
        tell(f"WRONG: {each}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
