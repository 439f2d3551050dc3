"""One run of the suite against a sandbox, as a user would start both."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.proof.children import CHILDREN

Json = dict[str, Any]
SUITE = "streamspace_acceptance.cli"
RUN_SECONDS = 900.0
"""One run's deadline: many times a healthy one's, since a broken product is waited for to the end of each budget."""
TOOL_SECONDS = 120.0
BUILD_SECONDS = 3600.0
"""For a real Kubernetes that may have to be built first."""


@dataclass(frozen=True)
class Run:
    """What one run of the suite reported: its exit status, its console and `{criterion: verdict}`.

    `inapplicable` are the criteria that do not apply to its target. `spent` is what its main thread did, where that
    was sampled: see `overhead`. `evidence` are the files that each criterion's Then attached, without those of waits.
    `beyond` are the steps of the scenarios beyond the plan, by their sentences.
    """

    status: int
    console: str
    verdicts: dict[str, str]
    reasons: dict[str, str]
    inapplicable: set[str]
    spent: dict[str, dict[str, float]]
    evidence: dict[str, list[Path]] = field(default_factory=dict)
    beyond: dict[str, Json] = field(default_factory=dict)

    def of(self, verdict: str) -> set[str]:
        """The criteria that got `verdict`."""
        return {criterion for criterion, given in self.verdicts.items() if given == verdict}


@contextmanager
def embedded(name: str, *options: str) -> Iterator[dict[str, str]]:
    """A sandbox while the context lasts, as the environment variables that lead to it."""
    try:
        owner = ("--format", "json", "--owner-pid", str(os.getpid()))
        limit = BUILD_SECONDS if "real" in options else TOOL_SECONDS
        yield json.loads(_sandbox("up", "--name", name, *options, *owner, limit=limit))
    finally:
        _sandbox("down", "--name", name, always=True)


def run_suite(
    target: Mapping[str, str],
    reports: Path,
    *chosen: str,
    sampled: bool = False,
    recorded: bool = True,
    program: Sequence[str] = (),
    shards: int = 1,
    limit: float = RUN_SECONDS,
) -> Run:
    """The suite, or what behave's arguments choose of it, against `target`.

    `sampled`: see `overhead`. Without `recorded` it makes no screencasts and traces: see `without_recordings`.
    `program` is another module in behave's place, with its first arguments. With more `shards` than one it is run in
    so many.
    """
    samples = reports.with_suffix(".overhead.json")
    program = program or (["behave"] if recorded else ["tests.proof.without_recordings"])
    if sampled:
        program = ["tests.proof.overhead", str(samples)]
    arguments, variables = [*program, "--no-color"], dict(target)
    if shards > 1:
        arguments = [SUITE, "run", f"-j={shards}"]
        variables["STREAMSPACE_SHARED_NAMESPACE"] = target["NAMESPACE"]
    done = CHILDREN.run(
        [sys.executable, "-m", *arguments, *chosen],
        os.environ | variables | {"STREAMSPACE_REPORTS": str(reports)},
        limit,
    )
    document = json.loads((reports / "verdict.json").read_text())
    criteria = document["criteria"]
    return Run(
        status=done.status,
        console=done.output + done.errors,
        verdicts={criterion["id"]: criterion["verdict"] for criterion in criteria},
        reasons={criterion["id"]: criterion.get("reason") or "" for criterion in criteria},
        inapplicable={criterion["id"] for criterion in criteria if not criterion.get("applies", True)},
        evidence={
            criterion["id"]: [reports / file for file in criterion.get("evidence", ())] for criterion in criteria
        },
        beyond={
            step["sentence"].partition(" ")[2]: step
            for scenario in document["scenarios"]
            if scenario["test"] is None
            for step in scenario["steps"]
        },
        spent=json.loads(samples.read_text()) if sampled else {},
    )


def _sandbox(*arguments: str, always: bool = False, limit: float = TOOL_SECONDS) -> str:
    tool = str(Path(sys.executable).with_name("streamspace-sandbox"))
    done = CHILDREN.run([tool, *arguments], os.environ, limit, always=always)
    if done.status:
        raise RuntimeError(f"streamspace-sandbox {' '.join(arguments)} ended with {done.status}: {done.errors}")
    return done.output


__all__ = ["Run", "embedded", "run_suite"]
