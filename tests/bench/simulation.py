"""Thousands of sessions at once on a real API server, followed by one runner, with pods that kwok simulates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from streamspace_acceptance.cluster.namespace_calls import USER_AGENT
from streamspace_acceptance.measuring.distribution import Distribution
from streamspace_sandbox.host.start_error import StartError
from tests.bench.figure import BenchFigure
from tests.bench.simulated_cluster import (
    POD_CHANGES,
    READY_SECONDS,
    SESSION_CHANGES,
    STARTED_SECONDS,
    build_kwok,
    simulated_cluster,
)
from tests.bench.simulated_product import SimulatedProduct, ids_of, moment
from tests.support.real_cluster import RealCluster

GAP_SECONDS = 0.05
"""Between two sessions, as in the load of 4.1. The API server and kwok need some 80 ms of a processor for each."""
END_SECONDS = 1800.0
Json = dict[str, Any]


def followed(count: int) -> list[BenchFigure]:
    """The lateness, the cost and the losses of a runner that follows so many sessions, and the time of its reports."""
    try:
        kwok = build_kwok()
    except StartError as error:
        sys.stdout.write(f"No simulation: {error}\n")
        return []
    with tempfile.TemporaryDirectory(prefix="simulation-") as folder, simulated_cluster(Path(folder), kwok) as cluster:
        product = SimulatedProduct(cluster)
        late, run = _run(product, cluster, Path(folder), count)
        pods, sessions = product.truth()
        beside = f"by a bare watch beside it {_spread(product.seen, _running(run, sessions))}"
        made = f"the last session was made {1000 * late:.0f} ms late"
        return [*_errors(run, pods, sessions, beside, made), *_cost(run), *_watches(cluster, run, pods, sessions)]


def _run(product: SimulatedProduct, cluster: RealCluster, folder: Path, count: int) -> tuple[float, Json]:
    """Has the sessions made once the runner follows them; how late the last one was made, and what the runner left."""
    with product.serving() as url, ExitStack() as stack:
        command = [
            sys.executable,
            "-m",
            "tests.bench.simulated_run",
            f"{cluster.kubeconfig}",
            url,
            f"{count}",
            f"{folder}",
        ]
        runner = stack.enter_context(
            subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=os.environ | {"XDG_STATE_HOME": f"{folder}/state"},
                text=True,
            )
        )
        stack.callback(runner.kill)
        assert runner.stdin is not None, "it was asked for"
        assert runner.stdout is not None, "it was asked for"
        assert runner.stdout.readline() == "following\n", "the runner ended"
        runner.stdin.write("begin\n")
        runner.stdin.flush()
        late = product.make(ids_of(count), GAP_SECONDS)
        assert runner.wait(END_SECONDS) == 0, "the runner failed"
    return late, json.loads((folder / "run.json").read_text())


def _errors(run: Json, pods: list[Json], sessions: list[Json], beside: str, made: str) -> list[BenchFigure]:
    """How late the runner saw each change, by the moments that kwok told."""
    seen, run_at = run["sessions"], _running(run, sessions)
    ready = {pod["metadata"]["labels"]["session"]: _ready(pod) - run["wall"] for pod in pods}
    own = {name: seen[name][0] + STARTED_SECONDS + READY_SECONDS for name in ready}
    figures = []
    for name, place, truth, detail in (
        ("pod Ready", 1, ready, f"kwok itself was late by {_spread(ready, own)}; {made}"),
        ("object Running", 2, run_at, beside),
        ("became Running", 3, run_at, run["source"]),
    ):
        spread = Distribution.of([1000 * ((seen[key][place] or float("inf")) - truth[key]) for key in truth])
        title = f"{len(seen)} sessions: error of {name}, p99"
        figures.append(BenchFigure(title, spread.p99, 50, "ms", f"{spread.describe('ms')}; {detail}"))
    return figures


def _spread(seen: dict[str, float], truth: dict[str, float]) -> str:
    return Distribution.of([1000 * (seen[name] - at) for name, at in truth.items()]).describe("ms")


def _running(run: Json, sessions: list[Json]) -> dict[str, float]:
    """When kwok called each session Running."""
    return {session["metadata"]["name"]: moment(session["status"]["message"]) - run["wall"] for session in sessions}


def _ready(pod: Json) -> float:
    return next(moment(item["message"]) for item in pod["status"]["conditions"] if item["type"] == "Ready")


def _cost(run: Json) -> list[BenchFigure]:
    count, seconds = len(run["sessions"]), run["seconds"]
    told = ", ".join(f"{name} {spent:.1f} s" for name, spent in seconds.items())
    return [
        BenchFigure(
            f"{count} sessions: share of a processor",
            100 * run["cpu"] / run["follow_seconds"],
            100,
            "%",
            f"{run['cpu']:.1f} s of it in {run['follow_seconds']:.0f} s: {run['outcome']}",
        ),
        BenchFigure(
            f"{count} sessions: memory of the runner",
            run["peak"],
            300,
            "MiB",
            f"peak of the process; {run['memory']:.0f} MiB when the last one ran",
        ),
        BenchFigure(f"{count} sessions: writing about them", sum(seconds.values()), 60, "s", told),
    ]


def _watches(cluster: RealCluster, run: Json, pods: list[Json], sessions: list[Json]) -> list[BenchFigure]:
    """The runner's calls by the audit log, and the changes that its watches did not bring."""
    count = len(run["sessions"])
    entries = map(json.loads, cluster.audit.read_text().splitlines())
    own = {entry["auditID"]: _call(entry) for entry in entries if entry.get("userAgent") == USER_AGENT}
    calls = Counter(own.values())
    told = ", ".join(f"{verb} of {what}: {times}" for (verb, what), times in sorted(calls.items()))
    watches = max(calls["watch", "pods"], calls["watch", "sessions"])
    lost = sum(
        max(wanted - run["changes"][kind].get(item["metadata"]["name"], [0, ""])[0], 0)
        for kind, wanted, listed in (("pods", POD_CHANGES, pods), ("sessions", SESSION_CHANGES, sessions))
        for item in listed
    )
    stale = sum(
        run["changes"][kind].get(item["metadata"]["name"], [0, ""])[1] != item["metadata"]["resourceVersion"]
        for kind, listed in (("pods", pods), ("sessions", sessions))
        for item in listed
    )
    expected = f"of {POD_CHANGES * len(pods) + SESSION_CHANGES * len(sessions)}; last state unknown of {stale}"
    return [
        BenchFigure(f"{count} sessions: watches of a kind", watches, 1, "", told),
        BenchFigure(f"{count} sessions: events lost", lost, 0, "", expected),
    ]


def _call(entry: Json) -> tuple[str, str]:
    return entry["verb"], entry.get("objectRef", {}).get("resource") or urlsplit(entry["requestURI"]).path
