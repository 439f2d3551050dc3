"""`make bench`: the suite's measurements against what is known, with a report in reports/bench.

    make bench                      # all benchmarks
    make bench BENCH="running lag"  # some of them

A benchmark is no test: a goal that is missed is shown, and the exit status is 0. It is 2 for an unknown name.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tests.bench import counters, input_lag, load, pictures, running, simulation
from tests.bench.figure import BenchFigure

FOLDER = Path("reports") / "bench"
BENCHES: dict[str, Callable[[], list[BenchFigure]]] = {
    "running": running.late,
    "many": running.many,
    "load": load.punctuality,
    "lag": input_lag.errors,
    "pictures": pictures.errors,
    "counters": counters.errors,
    "simulation-1000": partial(simulation.followed, 1000),
    "simulation-5000": partial(simulation.followed, 5000),
}
HEADERS = ("figure", "measured", "goal (at most)", "reached", "detail")


def main(names: Sequence[str]) -> int:
    """Runs the benchmarks of those names, or all of them; the exit status."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        sys.stderr.write(f"There is no benchmark {unknown[0]}: there are {', '.join(BENCHES)}.\n")
        return 2
    for name in names or BENCHES:
        before = os.getloadavg()[0]
        figures = BENCHES[name]()
        for figure in figures:
            sys.stdout.write(f"{name:9} {'  '.join(figure.row())}  (load {before:.1f})\n")
            sys.stdout.flush()
        if figures:
            told = [asdict(figure) | {"reached": figure.is_reached, "row": figure.row()} for figure in figures]
            _report(name, told, before)
    sys.stdout.write(f"\n{FOLDER / 'bench.md'}\n")
    return 0


def _report(name: str, figures: list[dict[str, object]], load_before: float) -> None:
    """Writes the figures of one benchmark over those of its last run; the others keep theirs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / "bench.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    at = datetime.now(UTC).isoformat(timespec="seconds")
    known[name] = {"at": at, "processors": os.cpu_count(), "load": round(load_before, 1), "figures": figures}
    path.write_text(json.dumps(known, indent=2) + "\n")
    lines = ["# Benchmarks of the measurements", "", "| " + " | ".join((*HEADERS, "load")) + " |"]
    lines.append("| --- " * (len(HEADERS) + 1) + "|")
    for bench in known.values():
        lines += ["| " + " | ".join((*figure["row"], f"{bench['load']:g}")) + " |" for figure in bench["figures"]]
    (FOLDER / "bench.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
