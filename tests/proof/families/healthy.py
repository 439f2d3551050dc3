"""The healthy run: the whole plan against a StreamSpace without a fault proves every criterion."""

from pathlib import Path

from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.overhead import of_its_own
from tests.proof.register import NOT_OF_THE_EMBEDDED, criteria_of_the_embedded
from tests.proof.running import Run, embedded, run_suite
from tests.proof.weights import seconds

LONGEST_RUN = 480.0
"""Seconds that the whole plan may take on two processors."""
MOST_OF_ITS_OWN = 0.02 * LONGEST_RUN
"""Seconds by the processor's clock: other work on the machine stretches the other one."""
ID = "healthy/whole-plan"
WANTS_THE_MACHINE = frozenset({"4.1-1"})
"""What a machine that is busy with other work cannot show: the suite then says UNPROVEN, and why."""
UNPROVEN_STATUS = 3


def cases() -> list[Case]:
    return [Case(ID, (), seconds(ID), Load.QUIET, _check, sample=True, check_quickly=_check_verdicts)]


def _check(lane: Lane) -> Outcome:
    """Everything, the suite's own time included: the proof runs this case on a quiet machine."""
    return _outcome(lane, quiet=True)


def _check_verdicts(lane: Lane) -> Outcome:
    """Without what other tests beside it would spoil: the suite's own time, and the rate of creations."""
    return _outcome(lane, quiet=False)


def without_proof(run: Run) -> list[str]:
    """A criterion is PROVEN for a reader only if its Then attached something beside waits, and that says something."""
    bare = [criterion for criterion in sorted(run.of("PROVEN")) if not run.evidence[criterion]]
    problems = [f"PROVEN, and its Then attached nothing but waits: {', '.join(bare)}"] if bare else []
    for criterion, files in sorted(run.evidence.items()):
        empty = [file.name for file in files if not file.is_file() or not file.stat().st_size]
        problems += [f"{criterion} attached nothing in {', '.join(empty)}"] if empty else []
    return problems


def _says_timed_out(file: Path) -> bool:
    return file.is_file() and b"timed out" in file.read_bytes()


def _outcome(lane: Lane, *, quiet: bool) -> Outcome:
    with embedded(lane.sandbox_name()) as target:
        run = run_suite(target, lane.folder(), sampled=True)
    problems = []
    excused = frozenset() if quiet else WANTS_THE_MACHINE & run.of("UNPROVEN")
    if unproven := (criteria_of_the_embedded() - excused) ^ run.of("PROVEN"):
        problems.append(f"exactly the criteria of the embedded StreamSpace must be PROVEN; not so {sorted(unproven)}")
    if run.inapplicable != NOT_OF_THE_EMBEDDED:
        problems.append(f"inapplicable are {sorted(run.inapplicable)} and not {sorted(NOT_OF_THE_EMBEDDED)}")
    if said := sorted(file.name for files in run.evidence.values() for file in files if _says_timed_out(file)):
        problems.append(f"evidence of a healthy run says that something timed out: {', '.join(said)}")
    if "UNDECIDED: the embedded StreamSpace is not a release" not in run.console:
        problems.append("the console does not say that an embedded StreamSpace decides nothing")
    if run.status != (UNPROVEN_STATUS if excused else 0):
        problems.append(f"exit status {run.status} and not {UNPROVEN_STATUS if excused else 0}")
    problems += without_proof(run)
    own = of_its_own(run.spent)
    if quiet and sum(own.values()) > MOST_OF_ITS_OWN:
        problems.append(f"the suite itself took {sum(own.values()):.1f} s of a processor: {own}")
    return Outcome.of(run, set(), problems)
