"""The healthy run: the whole plan against a StreamSpace without a fault proves every criterion."""

import csv
from collections.abc import Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from PIL import Image

from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.overhead import of_its_own
from tests.proof.register import NOT_OF_THE_EMBEDDED, criteria_of_the_embedded, plan_test_of
from tests.proof.running import Run, embedded, run_suite
from tests.proof.weights import seconds

_T = TypeVar("_T")

LONGEST_RUN = 480.0
"""Seconds that the whole plan may take on two processors."""
MOST_OF_ITS_OWN = 0.02 * LONGEST_RUN
"""Seconds by the processor's clock: other work on the machine stretches the other one."""
ID = "healthy/whole-plan"
LOAD_PHASE = 4
NO_LOAD = f"not @phase{LOAD_PHASE}"
"""Phase 4 takes minutes and wants the whole machine."""
DISRUPTIVE_PHASE = 3
SHARDS = 3
"""Two side by side; the third is for what disrupts the others, of which phases 0 to 2 have nothing."""


def cases() -> list[Case]:
    return [Case(ID, (), seconds(ID), Load.QUIET, _check, sample=True, check_quickly=_check_without_load)]


def _check(lane: Lane) -> Outcome:
    """Everything, the suite's own time included: the proof runs this case on a quiet machine."""
    run = _run(lane, sampled=True)
    problems = _problems(run, criteria_of_the_embedded())
    own = of_its_own(run.spent)
    if sum(own.values()) > MOST_OF_ITS_OWN:
        problems.append(f"the suite itself took {sum(own.values()):.1f} s of a processor: {own}")
    return Outcome.of(run, set(), problems)


def _check_without_load(lane: Lane) -> Outcome:
    """Phases 0 to 2 in shards, and phase 3 beside them on a sandbox of its own; without the suite's own time."""
    disruptive = f"@phase{DISRUPTIVE_PHASE}"
    with ThreadPoolExecutor() as pool:
        early = pool.submit(_run, lane, f"--tags=not {disruptive} and {NO_LOAD}", shards=SHARDS)
        late = pool.submit(_run, lane, f"--tags={disruptive}", "-D", "gate=off")
    run = _as_one(early.result(), late.result())
    return Outcome.of(run, set(), _problems(run, criteria_without_load()))


def _as_one(early: Run, late: Run) -> Run:
    """Two runs as one: of the second what it says of the disruptive phase."""

    def chosen(first: Mapping[str, _T], second: Mapping[str, _T]) -> dict[str, _T]:
        late_ones = {criterion: value for criterion, value in second.items() if _is_disruptive(criterion)}
        return {criterion: value for criterion, value in first.items() if not _is_disruptive(criterion)} | late_ones

    return replace(
        early,
        status=early.status or late.status,
        console=early.console + late.console,
        verdicts=chosen(early.verdicts, late.verdicts),
        reasons=chosen(early.reasons, late.reasons),
        evidence=chosen(early.evidence, late.evidence),
    )


def _is_disruptive(criterion: str) -> bool:
    return bool(plan_test_of(criterion)["phase"] == DISRUPTIVE_PHASE)


def criteria_without_load() -> set[str]:
    """Those of phases 0 to 3 that apply to the embedded StreamSpace."""
    return {criterion for criterion in criteria_of_the_embedded() if plan_test_of(criterion)["phase"] < LOAD_PHASE}


def _run(lane: Lane, *chosen: str, sampled: bool = False, shards: int = 1) -> Run:
    with embedded(lane.sandbox_name()) as target:
        return run_suite(target, lane.folder(), *chosen, sampled=sampled, shards=shards)


def without_proof(run: Run) -> list[str]:
    """A criterion is PROVEN for a reader only if its Then attached something beside waits, and that says something."""
    bare = [criterion for criterion in sorted(run.of("PROVEN")) if not run.evidence[criterion]]
    problems = [f"PROVEN, and its Then attached nothing but waits: {', '.join(bare)}"] if bare else []
    for criterion, files in sorted(run.evidence.items()):
        empty = [file.name for file in files if not file.is_file() or not file.stat().st_size]
        problems += [f"{criterion} attached nothing in {', '.join(empty)}"] if empty else []
        problems += [
            f"{criterion} attached {file.name}, {fault}" for file in files if (fault := _fault_of(file)) is not None
        ]
    return problems


def _fault_of(file: Path) -> str | None:
    """Why a table or a picture shows nothing: a reader sees neither empty rows nor a screen of one colour."""
    if file.suffix == ".csv" and file.is_file():
        rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
        if len(rows) < 2:
            return "a table without rows"
        return None if len({len(row) for row in rows}) == 1 else "a table whose rows have different lengths"
    if file.suffix == ".png" and file.is_file():
        shades = Image.open(file).convert("L").getextrema()
        return "a picture of one colour" if shades[0] == shades[1] else None
    return None


def _says_timed_out(file: Path) -> bool:
    return file.is_file() and b"timed out" in file.read_bytes()


def _problems(run: Run, wanted: Set[str]) -> list[str]:
    problems = []
    if unproven := wanted ^ run.of("PROVEN"):
        problems.append(f"exactly {len(wanted)} criteria must be PROVEN; not so {sorted(unproven)}")
    if run.inapplicable != NOT_OF_THE_EMBEDDED:
        problems.append(f"inapplicable are {sorted(run.inapplicable)} and not {sorted(NOT_OF_THE_EMBEDDED)}")
    if said := sorted(file.name for files in run.evidence.values() for file in files if _says_timed_out(file)):
        problems.append(f"evidence of a healthy run says that something timed out: {', '.join(said)}")
    if "UNDECIDED: the embedded StreamSpace is not a release" not in run.console:
        problems.append("the console does not say that an embedded StreamSpace decides nothing")
    if run.status != 0:
        problems.append(f"exit status {run.status} and not 0")
    return problems + without_proof(run)
