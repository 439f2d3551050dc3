"""A made-up verdict.json of a register of two tests, and the folder that it stands in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamspace_acceptance.evidence.report_folder import ReportFolder
from streamspace_acceptance.verdict.verdict_file import SCHEMA, RunResult, of_json

TESTS: list[dict[str, Any]] = [
    {"id": "1.2", "phase": 1, "priority": "P0", "title": "Session state persistence", "criteria": [
        {"id": "1.2-1", "text": "The pod is recreated", "sentence": "so says 1.2-1", "limit": 120, "unit": "s"},
        {"id": "1.2-2", "text": "The file is still there", "sentence": "so says 1.2-2", "limit": None, "unit": None},
    ]},
    {"id": "2.1", "phase": 2, "priority": "P1", "title": "Template creation", "criteria": [
        {"id": "2.1-1", "text": "A template is created", "sentence": "so says 2.1-1", "limit": None, "unit": None},
        {"id": "2.1-2", "text": "It is listed", "sentence": "so says 2.1-2", "limit": None, "unit": None},
    ]},
]  # fmt: skip
IDS = ("1.2-1", "1.2-2", "2.1-1", "2.1-2")
FAILURE = {
    "subject": "session testuser-7f3a",
    "expected": "Running within the startup budget (60 s)",
    "actual": "Pending for 60.0 s | `still`",
    "timeline": "+0.1 s Pending",
    "likely": "no node has room for cpu=2000m; see `events.txt`",
}
REASONS = {
    "FAILED": "session testuser-7f3a\nexpected: Running\nactual:   Pending for 60.0 s\ntimeline: +1 s\nlikely:   full",
    "BROKEN": "ConnectionError: the API closed the connection",
    "UNPROVEN": "no new pod came",
    "PROVEN": "",
}


def document(
    *,
    ended: bool = True,
    target: str = "https://streamspace.example (given)",
    scale: str = "1",
    day: int = 24,
    figure: float = 30.0,
    **verdicts: str | None,
) -> dict[str, Any]:
    """A verdict.json: all is PROVEN but what `verdicts` says (c12_1="FAILED"; None: the run was not asked about it)."""
    said = {criterion: verdicts.get("c" + criterion.replace(".", "").replace("-", "_"), "PROVEN") for criterion in IDS}
    judged = [_judged(criterion, verdict, figure) for criterion, verdict in said.items() if verdict is not None]
    return {
        "schema": SCHEMA,
        "run": {
            "began": f"2026-11-{day:02}T10:00:00.000+00:00",
            "ended": f"2026-11-{day:02}T10:03:05.000+00:00" if ended else None,
            "tester": "ann",
        },
        "environment": {"StreamSpace": "v2.0-beta.1", "Target": target, "Time scale": scale, "Nodes": "1 node"},
        "counts": {},
        "criteria": judged,
        "scenarios": [
            _scenario(test, [line for line in judged if line["test"] == test])
            for test in dict.fromkeys(line["test"] for line in judged)
        ],
        "attachments": [],
        "problems": [],
        "interruption": None,
        "tests": TESTS,
    }


def run(**options: Any) -> RunResult:
    """The same as it is read."""
    return of_json(document(**options))


def leave(reports: Path, **options: Any) -> ReportFolder:
    """The same on disk, with an attachment that is a text."""
    folder = ReportFolder(reports)
    folder.results.mkdir(parents=True, exist_ok=True)
    folder.verdicts.write_text(json.dumps(document(**options)))
    (folder.results / "b-attachment.txt").write_text("\n".join(f"event {number}" for number in range(60)))
    return folder


def change(folder: ReportFolder, edit: Callable[[dict[str, Any]], object]) -> None:
    """Change verdict.json on disk."""
    written = json.loads(folder.verdicts.read_text())
    edit(written)
    folder.verdicts.write_text(json.dumps(written))


def _judged(criterion: str, verdict: str, figure: float) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": criterion,
        "test": criterion.partition("-")[0],
        "text": "as the register says",
        "verdict": verdict,
        "reason": REASONS[verdict],
        "seconds": 2.0,
    }
    if criterion == "1.2-1":
        line["measured"] = [{"name": "mean startup time", "value": figure, "unit": "s"}]
    return line | ({"failure": FAILURE} if verdict == "FAILED" else {})


def _scenario(test: str, judged: list[dict[str, Any]]) -> dict[str, Any]:
    steps = [
        {"sentence": f"Then so says {line['id']}", "criterion": line["id"], "seconds": 2.0, "attachments": []}
        | {part: line[part] for part in ("verdict", "reason", "failure") if part in line}
        for line in judged
    ]
    return {
        "id": f"scenario-of-{test}",
        "name": f"The scenario of {test}",
        "feature": test,
        "place": f"features/{test}.feature: The scenario of {test}",
        "description": "",
        "tags": [],
        "examples": {},
        "test": test,
        "began": None,
        "seconds": 12.0,
        "running": False,
        "verdict": min(line["verdict"] for line in judged),
        "reason": "",
        "steps": steps,
        "attachments": [
            {"name": "events.txt", "file": "b-attachment.txt", "type": "text/plain"},
            {"name": "waits", "file": "b-attachment.txt", "type": "text/plain"},
            {"name": "desktop [1]", "file": "a-attachment.png", "type": "image/png"},
        ],
    }
