"""Proxy faults: each turns the criteria red that it is about, and leaves unproven what depends on them."""

from functools import partial

from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.proxy_case import ProxyFault, case_id, run_against
from tests.proof.proxy_catalogue import FAULTS
from tests.proof.register import mostly_waits
from tests.proof.weights import seconds

FAMILY = "proxy"
SAMPLE = {"202 for 201", "half an address", "a refused deletion happens"}


def cases() -> list[Case]:
    return [_case(fault) for fault in FAULTS]


def _case(fault: ProxyFault) -> Case:
    return Case(
        id := case_id(FAMILY, fault),
        tuple(sorted(fault.failed | fault.unproven | fault.broken)),
        seconds(id),
        load_of(fault),
        partial(_check, fault),
        sample=fault.name in SAMPLE,
    )


def load_of(fault: ProxyFault) -> Load:
    return Load.WAITING if mostly_waits(fault.test) else Load.BUSY


def _check(fault: ProxyFault, lane: Lane) -> Outcome:
    run = run_against(fault, lane.healthy(), lane.folder(), recorded=False)
    problems = [
        f"the reason of {criterion} does not name {fault.reason!r}: {run.reasons[criterion]}"
        for criterion in sorted(fault.failed | fault.broken)
        if fault.reason not in run.reasons.get(criterion, "")
    ]
    problems += [
        f"the reason of {criterion} does not name {fault.reason!r}: {run.reasons[criterion]}"
        for criterion in sorted(fault.unproven if not fault.failed | fault.broken else ())
        if fault.reason not in run.reasons.get(criterion, "")
    ]
    if proven := fault.unproven - run.of("UNPROVEN"):
        problems.append(f"not UNPROVEN: {', '.join(sorted(proven))}")
    if run.status == 0:
        problems.append("exit status 0")
    if fault.finds != ("beyond the plan: " in run.console):
        problems.append(f"a defect beyond the plan is {'not ' if fault.finds else ''}told")
    return Outcome.of(run, fault.failed, problems, fault.broken)
