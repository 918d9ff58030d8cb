"""Load the service and set the figures beside the floor.

usage: python -m benchmarks.service [--db postgresql|sqlite|URL] [--size 1565|300|20] [--workers 1]
                                    [--clients 32] [--seconds 10] [--scenarios ...] [--floor-only]
                                    [--out FILE]

Everything runs on this machine: the database (started here unless a URL names one; it must be empty), the
service (`fulfillment serve`), and the client in a process of its own, so the figures of CPU say who used the
processors. The retailer is made up and imported. After every scenario the ledger is asked whether it holds
exactly what was acknowledged, and at the end it is audited.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.service import floor, load
from benchmarks.service.cpu import cpu_seconds
from benchmarks.service.databases import Database, open_database
from benchmarks.service.figures import as_table
from benchmarks.service.held import Held, audited, held
from benchmarks.service.retailer import SIZES, Facts, import_retailer, make_retailer
from benchmarks.service.scenarios import SCENARIOS
from benchmarks.service.server import Server, create_key, serving

FLOOR_CLIENTS = (1, 8, 32)
SPARE_SECONDS = 60  # for starting and stopping a process that runs for a given time

FLOOR_HEADINGS = ("floor", "clients", "units/s", "p50 ms", "p99 ms", "database CPU ms", "client CPU ms")
HEADINGS = ("scenario", "clients", "done/s", "requests/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "refused",
            "other statuses", "server CPU ms", "database CPU ms", "client CPU ms")  # fmt: skip


WHOSE = ("server", "database", "client")


@dataclass
class Report:
    """Figures of one run of the benchmark, as they come."""

    about: dict[str, object]
    floor: list[dict[str, object]] = field(default_factory=list)
    service: list[dict[str, object]] = field(default_factory=list)
    audit: dict[str, object] = field(default_factory=dict)


def tell(text: str) -> None:
    """Write at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def machine() -> dict[str, object]:
    """Say where the figures come from; other work on the machine shows in its load."""
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "load_average_before": os.getloadavg(),
        "began": time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime()),
    }


def run_process(module: str, spec: Path, seconds: float) -> dict[str, object]:
    """Run a module on its spec in another process and return its figures."""
    done = subprocess.run(
        [sys.executable, "-m", module, str(spec)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=seconds + SPARE_SECONDS,
    )
    figures: dict[str, object] = json.loads(done.stdout)
    return figures


def run_floor(database: Database, seconds: float, seed: int, scratch: Path) -> list[dict[str, object]]:
    """Measure the floor, hot and spread."""
    floor.prepare(database.floor_url)
    rows = []
    for is_hot in (True, False):
        for clients in FLOOR_CLIENTS:
            spec = floor.FloorSpec(database.floor_url, clients, is_hot, seconds, seed)
            before = database_cpu(database)
            figures = run_process(
                "benchmarks.service.floor", floor.write_spec(spec, scratch / "floor.json"), seconds
            )
            figures["database_cpu_seconds"] = database_cpu(database) - before
            rows.append(figures)
    return rows


def database_cpu(database: Database) -> float:
    """CPU seconds of the database's own processes; SQLite has none, it works inside its callers."""
    return 0.0 if database.pid is None else cpu_seconds(database.pid)


def run_scenario(
    server: Server, database: Database, spec: load.Spec, scratch: Path
) -> tuple[dict[str, object], Held]:
    """Load the service with one scenario, and count what the ledger holds of it."""
    before_server, before_database = cpu_seconds(server.process.pid), database_cpu(database)
    seconds = spec.warm_up_seconds + spec.seconds
    figures = run_process("benchmarks.service.load", load.write_spec(spec, scratch / "load.json"), seconds)
    figures |= {
        "scenario": spec.scenario,
        "clients": spec.clients,
        "server_cpu_seconds": cpu_seconds(server.process.pid) - before_server,
        "database_cpu_seconds": database_cpu(database) - before_database,
        "load_average_after": os.getloadavg(),
    }
    return figures, held(database.url, spec.run)


def floor_row(figures: dict) -> tuple[str, ...]:
    """Lay a floor out under `FLOOR_HEADINGS`."""
    return (
        "one hot row" if figures["is_hot"] else f"{floor.ROWS:,} rows",
        str(figures["clients"]),
        f"{figures['done'] / figures['seconds']:,.0f}",
        f"{figures['latency_ms']['p50']:.1f}",
        f"{figures['latency_ms']['p99']:.1f}",
        f"{1000 * figures['database_cpu_seconds'] / figures['done']:.3f}",
        f"{1000 * figures['client_cpu_seconds'] / figures['done']:.3f}",
    )


def service_row(figures: dict) -> tuple[str, ...]:
    """Lay a scenario out under `HEADINGS`; CPU is per unit of work, warm-up and all."""
    latency = figures["latency_ms"]
    work = max(1, figures["acknowledged"])
    bad = {status: count for status, count in figures["statuses"].items() if not status.startswith("2")}
    others = ", ".join(f"{count}x {status}" for status, count in bad.items())
    return (
        figures["scenario"],
        str(figures["clients"]),
        f"{figures['done'] / figures['seconds']:,.0f}",
        f"{figures['requests'] / figures['seconds']:,.0f}",
        *(f"{latency.get(name, 0):.1f}" for name in ("p50", "p95", "p99", "max")),
        str(figures["refused"]),
        others or "none",
        *(
            f"{1000 * figures[f'{whose}_cpu_seconds'] / work:.3f}"
            for whose in ("server", "database", "client")
        ),
    )


def measure(given: argparse.Namespace, scratch: Path) -> Report:
    """Run everything that was asked for."""
    report = Report(machine() | {"size": given.size, "workers": given.workers, "seed": given.seed})
    with open_database(given.db) as database:
        report.about["database"] = database.about
        tell(f"{database.about}; {report.about['cores']} cores, load {os.getloadavg()[0]:.1f} before")
        if not given.no_floor:
            report.floor = run_floor(database, given.seconds / 2, given.seed, scratch)
            tell(as_table(FLOOR_HEADINGS, [floor_row(figures) for figures in report.floor]))
        if not given.floor_only:
            measure_service(given, database, report, scratch)
    report.about["load_average_after"] = os.getloadavg()
    return report


def measure_service(given: argparse.Namespace, database: Database, report: Report, scratch: Path) -> None:
    """Import the retailer, start the service, and load it scenario by scenario."""
    facts: Facts = make_retailer(given.size, given.seed, scratch / "day")
    imported = import_retailer(scratch / "day", database.url)
    tell(f"{given.size} nodes, {imported['positions_added']:,} positions; {given.workers} process(es)")
    facts_file = facts.write(scratch / "facts.json")
    key = create_key(database.url)
    with serving(database.url, key, workers=given.workers, log=scratch / "serve.log") as server:
        for name in given.scenarios:
            spec = load.Spec(
                scenario=name,
                facts=str(facts_file),
                host=server.target.host,
                port=server.target.port,
                key=key,
                run=f"{name}-{given.seed}",
                seed=given.seed,
                clients=given.clients,
                warm_up_seconds=given.warm_up,
                seconds=given.seconds,
            )
            figures, in_ledger = run_scenario(server, database, spec, scratch)
            figures["in_ledger"] = in_ledger.of(SCENARIOS[name].work)
            report.service.append(figures)
            tell(as_table(HEADINGS, [service_row(figures)]))
    report.audit = audited(database.url)


def misses(report: Report) -> list[str]:
    """Say where the ledger and the answers differ; nothing else of a run can be right or wrong."""
    found = [
        f"{figures['scenario']}: {figures['acknowledged']} acknowledged, {figures['in_ledger']} in the ledger"
        for figures in report.service
        if figures["in_ledger"] is not None and figures["in_ledger"] != figures["acknowledged"]
    ]
    if report.audit.get("disagreements"):
        found.append(f"the audit found {report.audit['disagreements']}")
    return found


def main(arguments: list[str]) -> int:
    """Measure, print one table, write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description="Load the service.")
    parser.add_argument(
        "--db", default="postgresql", help="postgresql, sqlite, or the URL of an empty database"
    )
    parser.add_argument("--size", choices=SIZES, default="1565", help="nodes of the retailer")
    parser.add_argument("--workers", type=int, default=1, help="processes of the service")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10.0, help="measured, of each scenario")
    parser.add_argument("--warm-up", type=float, default=3.0, help="seconds before them")
    parser.add_argument("--scenarios", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--floor-only", action="store_true")
    parser.add_argument("--no-floor", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="FILE", help="leave the figures there, as JSON")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-service-") as scratch:
        report = measure(given, Path(scratch))
    if report.service:
        tell(as_table(HEADINGS, [service_row(figures) for figures in report.service]))
        tell(f"audit: {report.audit}")
    if given.out:
        given.out.write_text(json.dumps(vars(report), indent=2, default=str) + "\n")
    for miss in misses(report):
        tell(f"WRONG: {miss}")
    return 1 if misses(report) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
