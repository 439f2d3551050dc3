"""One run of the suite against a sandbox of its own, as a user would start both."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.project import PROJECT

RUN_SECONDS = 420
"""One run's deadline: many times a sound one's, since a broken product is waited for to the end of each budget."""


@dataclass(frozen=True)
class Run:
    """What one run of the suite said: its exit status, its console and `{criterion: verdict}`.

    `inapplicable` are the criteria that do not apply to its target. `spent` is what its main thread did,
    where that was looked at: see `overhead`.
    """

    status: int
    console: str
    verdicts: dict[str, str]
    reasons: dict[str, str]
    inapplicable: set[str]
    spent: dict[str, dict[str, float]]

    def of(self, verdict: str) -> set[str]:
        """The criteria that got `verdict`."""
        return {criterion for criterion, said in self.verdicts.items() if said == verdict}


@contextmanager
def embedded(name: str, *options: str) -> Iterator[dict[str, str]]:
    """A sandbox while the context lasts, as the environment variables that lead to it."""
    try:
        told = _tool(
            "streamspace-sandbox", "up", "--name", name, *options, "--format", "json", "--owner-pid", str(os.getpid())
        )
        yield json.loads(told)
    finally:
        _tool("streamspace-sandbox", "down", "--name", name)


def run_suite(
    target: Mapping[str, str], reports: Path, *chosen: str, sampled: bool = False, plain: bool = False
) -> Run:
    """The suite, or what behave's arguments choose of it, against `target`.

    It is looked at in what it does where that is `sampled`, and makes no films and traces where it is `plain`.
    """
    samples = reports.with_suffix(".overhead.json")
    program = ["tests.proof.overhead", str(samples)] if sampled else ["tests.proof.plain"] if plain else ["behave"]
    done = subprocess.run(
        [sys.executable, "-m", *program, "--no-color", *chosen],
        cwd=PROJECT,
        env=os.environ | target | {"STREAMSPACE_REPORTS": str(reports)},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    criteria = json.loads((reports / "verdict.json").read_text())["criteria"]
    return Run(
        status=done.returncode,
        console=done.stdout + done.stderr,
        verdicts={each["id"]: each["verdict"] for each in criteria},
        reasons={each["id"]: each.get("reason") or "" for each in criteria},
        inapplicable={each["id"] for each in criteria if not each.get("applies", True)},
        spent=json.loads(samples.read_text()) if sampled else {},
    )


def _tool(name: str, *arguments: str) -> str:
    done = subprocess.run(
        [str(Path(sys.executable).with_name(name)), *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{name} {' '.join(arguments)} ended with {done.returncode}: {done.stderr}"
    return done.stdout
