"""Rights to a session, which go beyond the plan: each planted fault turns exactly its sentence red.

A variant, which is a healthy product that looks different, turns none red. Where it has no accounts, the sentences
about another user do not apply.
"""

from collections.abc import Set
from functools import partial

from streamspace_sandbox.faults.catalogue import Fault, faults
from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.running import Run, embedded, run_suite
from tests.proof.weights import seconds
from tests.support.project import PROJECT

FAMILY = "rights"
FEATURE = str(PROJECT / "features" / "beyond_the_plan" / "rights.feature")
SAMPLE = "ended-by-others"
OTHER_USER = "the other user"
VARIANTS: dict[str, tuple[str, ...]] = {
    "others-forbidden": (),
    "refusals-with-200": (),
    "page-for-anybody": (),
    "no-user-accounts": (OTHER_USER,),
}
"""Healthy products, each with the beginnings of the sentences that do not apply to it."""


def cases() -> list[Case]:
    return [
        *(_case(fault) for fault in faults() if fault.beyond_the_plan),
        *(_case_of(variant, without) for variant, without in VARIANTS.items()),
    ]


def _case(fault: Fault) -> Case:
    case = f"{FAMILY}/{fault.name}"
    return Case(case, (), seconds(case), Load.BUSY, partial(_check, fault), sample=fault.name == SAMPLE)


def _case_of(variant: str, without: tuple[str, ...]) -> Case:
    case = f"{FAMILY}/{variant}"
    return Case(case, (), seconds(case), Load.BUSY, partial(_check_variant, variant, without))


def _check(fault: Fault, lane: Lane) -> Outcome:
    run = _run(fault.name, lane)
    problems = [] if run.status == 1 else [f"exit status {run.status} and not 1"]
    if "the product failed beyond the plan" not in run.console:
        problems.append("the decision does not tell of it")
    return _outcome(run, {fault.breaks}, problems)


def _check_variant(variant: str, without: tuple[str, ...], lane: Lane) -> Outcome:
    run = _run(variant, lane)
    problems = [] if run.status == 0 else [f"exit status {run.status} and not 0"]
    for sentence, step in run.beyond.items():
        wanted = "UNPROVEN" if sentence.startswith(without) and without else "PROVEN"
        if step["verdict"] != wanted and not (without and "another, ordinary user" in sentence):
            problems.append(f"“{sentence}” is {step['verdict']} and not {wanted}: {step['reason']}")
    return _outcome(run, set(), problems)


def _run(name: str, lane: Lane) -> Run:
    with embedded(lane.sandbox_name(), "--fault", name) as target:
        return run_suite(target, lane.folder(), FEATURE, recorded=False)


def _outcome(run: Run, wanted: Set[str], problems: list[str]) -> Outcome:
    """As of any other run, with sentences in the place of criteria."""
    red = {text: step["reason"] for text, step in run.beyond.items() if step["verdict"] == "FAILED"}
    found = [f"not red, though mapped: {text}" for text in sorted(wanted - set(red))]
    found += [f"red, though not mapped: {text} ({red[text]})" for text in sorted(set(red) - wanted)]
    broken = [text for text, step in run.beyond.items() if step["verdict"] == "BROKEN"]
    found += [f"BROKEN: {', '.join(broken)}"] if broken else []
    problems = [*found, *problems]
    return Outcome(tuple(sorted(wanted)), red, tuple(problems), run.console if problems else "")
