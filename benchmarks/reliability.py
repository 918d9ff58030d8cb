"""The long campaign: kill the service and its database under load, and race for the last units.

usage: python -m benchmarks.reliability [--kills 60] [--units 10000] [--attempts 100000]
                                        [--parts crash race] [--victims service database worker]
                                        [--databases postgresql sqlite] [--out FILE]

Everything is real: `fulfillment serve` in processes of its own, a database server started for the purpose (or
a SQLite file), clients on keep-alive connections. What is judged, and what it cannot show, stands in
`docs/reliability.md`. Ends with exit code 1 when anything was lost, doubled, oversold or answered twice
differently.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from benchmarks.service.figures import as_table
from tests.concurrency.race import Finish, Race, run_race
from tests.crash.harness import Campaign, Outcome, run_campaign

CRASH_HEADINGS = ("killed", "database", "processes", "kills", "acknowledged", "repeated", "lost", "faults",
                  "no answer", "503", "back after s")  # fmt: skip
RACE_HEADINGS = ("database", "processes", "units", "attempts", "sold", "refused", "repeated", "left",
                 "faults", "seconds")  # fmt: skip

CRASHES = (
    ("postgresql", "service", 1),
    ("postgresql", "database", 1),
    ("postgresql", "worker", 3),
    ("sqlite", "service", 1),
)
VICTIMS = ("service", "database", "worker")
RACES = (("postgresql", 1), ("postgresql", 3), ("sqlite", 1), ("sqlite", 3))


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


def main(arguments: list[str]) -> int:
    """Run the campaign, print the tables, write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability", description="Kill and race.")
    parser.add_argument("--kills", type=int, default=60, help="of each kind")
    parser.add_argument("--units", type=int, default=10_000)
    parser.add_argument("--attempts", type=int, default=100_000)
    parser.add_argument("--parts", nargs="+", choices=("crash", "race"), default=["crash", "race"])
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
    }
    wrong: list[str] = []
    if "crash" in given.parts:
        wrong += run_crashes(given, figures)
    if "race" in given.parts:
        wrong += run_races(given, figures)
    figures["load_average_after"] = os.getloadavg()
    if given.out:
        given.out.write_text(json.dumps(figures, indent=2, default=str) + "\n")
    for each in wrong:
        tell(f"WRONG: {each}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
