"""`python -m tests.bench.simulated_run KUBECONFIG URL COUNT FOLDER`: the runner that follows simulated sessions.

A process of its own, so that its figures are the suite's alone. It says `following` once the watches have begun, begins
with the next line of its input, and leaves `run.json` in the folder.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streamspace_acceptance import journal
from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.performance import charts
from streamspace_acceptance.domain.performance.bursts import Burst
from streamspace_acceptance.domain.performance.session_follower import SessionFollower, following
from streamspace_acceptance.domain.performance.session_moments import SessionMoments, as_csv
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.domain.sessions.scheduled_requests import ScheduledRequests
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.evidence.run_evidence import RunEvidence, collected
from streamspace_acceptance.measuring.open_loop import Load, ScheduledCall
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.reporting import write_reports
from streamspace_acceptance.reporting.run_writer import RunWriter
from streamspace_acceptance.waiting import Budget, now
from tests.support import finished_run
from tests.support.samples import answer

Json = dict[str, Any]


def main(kubeconfig: str, url: str, count: str, folder: str) -> None:
    """Follows that many sessions to the last one, and writes about them what a run writes."""
    seconds: dict[str, float] = {}
    place = Path(folder)
    ids = [f"s-{number}" for number in range(int(count))]
    with HttpClient(url, "t") as http, journal.keep({"namespace_uid": "simulated"}):
        clients = Clients(StreamSpaceApi(http, load()), Cluster([Path(kubeconfig)], "streamspace"), Budgets(1.0))
        with _timed(seconds, "record"):
            entries = [journal.record_intent("session", user=name, before=[]) for name in ids]
        with following(clients) as follower:
            sys.stdout.write("following\n")
            sys.stdout.flush()
            sys.stdin.readline()
            requests = _requests(ids)
            cpu = time.process_time()
            wait = follower.wait_until_running("all", requests, Budget("burst", 1800, 1.0), Budget("start", 300, 1.0))
            cpu = time.process_time() - cpu
            memory, changes = _peak(), _changes(follower)
            with _timed(seconds, "moments"):
                sessions = follower.moments(requests)
            with _timed(seconds, "list of pods"):
                listed = sum(1 for _ in clients.cluster.each_pod())
        with _timed(seconds, "report"):
            _write(place / "reports", requests, sessions)
        with _timed(seconds, "record"):
            for entry, name in zip(entries, ids, strict=True):
                journal.record_outcome(entry, id=name)
                journal.record_revert(entry)
    left = {
        "cpu": cpu,
        "follow_seconds": wait.elapsed,
        "outcome": wait.outcome,
        "memory": memory,
        "peak": _peak(),
        "seconds": seconds,
        "listed": listed,
        "changes": changes,
        "source": follower.source(sessions),
        "wall": time.time() - now(),
        "sessions": {
            str(session.session): [session.created, session.ready, session.object_running, session.running]
            for session in sessions
        },
    }
    (place / "run.json").write_text(json.dumps(left))


@contextmanager
def _timed(seconds: dict[str, float], what: str) -> Iterator[None]:
    began = now()
    yield
    seconds[what] = seconds.get(what, 0.0) + now() - began


def _peak() -> float:
    """The highest memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _requests(ids: list[str]) -> ScheduledRequests:
    """The requests as the load leaves them; the product makes the sessions by itself."""
    began = now()
    asked = [Asked(f"user-{name}", "firefox-browser", "minimum", frozenset()) for name in ids]
    answers = [answer({"sessionId": name}, 201, method="POST") for name in ids]
    calls = [ScheduledCall(number, began, began, began, reply) for number, reply in enumerate(answers, start=1)]
    made = [Creation(request, reply, None, name, ()) for request, reply, name in zip(asked, answers, ids, strict=True)]
    return ScheduledRequests(Load(calls, began, 0.0), asked, made)


def _changes(follower: SessionFollower) -> dict[str, dict[str, list[Any]]]:
    """{kind: {object: [how many events the watch brought of it, the version of the last]}}."""
    found: dict[str, dict[str, list[Any]]] = {}
    assert follower.objects.recording is not None, follower.objects.why_not
    for kind, recording in (("pods", follower.pods), ("sessions", follower.objects.recording)):
        seen = found.setdefault(kind, {})
        for change in recording.items():
            metadata = change.item.object["metadata"]
            count = seen.get(metadata["name"], [0, ""])[0]
            seen[metadata["name"]] = [count + 1, metadata["resourceVersion"]]
    return found


def _write(folder: Path, requests: ScheduledRequests, sessions: list[SessionMoments]) -> None:
    """The attachments of a burst, and the reports of a run that has them."""
    burst, began = Burst(requests, sessions, 1.0, {"node-1": 0.5}), requests.load.began
    reports = ReportFolder(folder)
    evidence = RunEvidence(reports.results)
    reports.results.mkdir(parents=True)
    with collected(evidence):
        attachments.attach_text("sessions of burst 1", burst.describe())
        attachments.attach_csv("moments of burst 1", as_csv(sessions, began))
        attachments.attach_text("answers", requests.table())
        attachments.attach_svg("slowest burst", charts.burst(sessions, began, ("10 a minute", 60.0)))
    document = finished_run.document()
    attached = [{"name": kept.name, "file": kept.file, "type": kept.type} for kept in evidence.attachments_of(None)]
    for scenario in document["scenarios"]:
        scenario["attachments"] = attached
    RunWriter(reports).write(document)
    write_reports.write(reports)


if __name__ == "__main__":
    main(*sys.argv[1:])
