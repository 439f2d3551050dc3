"""Tests that only the whole proof runs, those marked `whole`: a case is all such tests of one file."""

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.children import CHILDREN
from tests.proof.weights import seconds
from tests.support.project import PROJECT

MARK = "pytest.mark.whole"
QUIET = "pytest.mark.quiet"
QUIET_FOLDERS = {"hostile"}
"""The folders whose tests all judge times."""
TESTS = PROJECT / "tests"
FILE_SECONDS = 1200.0


def files(folders: set[str], *, beside: bool = False) -> list[Path]:
    """The files with tests that are marked `whole`, in these folders of tests/; `beside`: in all others."""
    return [
        path
        for path in sorted(TESTS.rglob("test_*.py"))
        if MARK in path.read_text() and (path.relative_to(TESTS).parts[0] in folders) != beside
    ]


def case_of(family: str, path: Path, variables: Mapping[str, str]) -> Case:
    """The case of the tests of that file, which are run with these environment variables."""
    case_id = f"{family}/{path.relative_to(TESTS).with_suffix('')}"
    quiet = QUIET in path.read_text() or path.relative_to(TESTS).parts[0] in QUIET_FOLDERS
    load = Load.QUIET if quiet else Load.BUSY
    return Case(case_id, (), seconds(case_id), load, partial(_check, path, variables))


def _check(path: Path, variables: Mapping[str, str], lane: Lane) -> Outcome:
    options = ("--whole", "-m", "whole", "-q", "-p", "no:cacheprovider", "--basetemp", str(lane.folder()))
    done = CHILDREN.run([sys.executable, "-m", "pytest", *options, str(path)], os.environ | variables, FILE_SECONDS)
    if done.status == 0:
        return Outcome()
    lines = [line for line in done.output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return Outcome(problems=tuple(lines or [f"pytest ended with {done.status}"]), console=done.output + done.errors)
