"""`streamspace-acceptance explain 1.1e-5`: a criterion with its limit, its scenarios and the code that judges it."""

from __future__ import annotations

import difflib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from behave.parser import ParserError, parse_file
from behave.runner_util import load_step_modules
from behave.step_registry import registry

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.reporting import plan_text
from streamspace_acceptance.target.target import NOT_INSTALLED, sandbox
from streamspace_acceptance.verdict.register import REGISTER, Criterion, Register, Test

FEATURES, STEPS = Path("features"), Path("steps")


def explain(criterion_id: str) -> int:
    """Print everything that the project knows about a criterion; SetupProblem for an unknown one."""
    plan = Register.load(REGISTER)
    found = {criterion.id: (test, criterion) for test in plan.tests for criterion in test.criteria}
    if named := [criterion.id for test in plan.tests if test.id == criterion_id for criterion in test.criteria]:
        raise SetupProblem(f"{criterion_id} is a test of the plan. Explain one of its criteria: {', '.join(named)}.")
    if criterion_id not in found:
        near = difflib.get_close_matches(criterion_id, found, n=3)
        advice = f"Did you mean {', '.join(near)}?" if near else f"Its criteria go from {min(found)} to {max(found)}."
        raise SetupProblem(f"The plan has no criterion {criterion_id}. {advice}")
    sys.stdout.write("\n".join(lines(*found[criterion_id])) + "\n")
    return 0


def lines(test: Test, criterion: Criterion) -> Iterator[str]:
    """The explanation, line by line."""
    yield f"{criterion.id}  {criterion.text}"
    yield f"test:      {test.id} {test.title} ({test.priority}, phase {test.phase})"
    if criterion.limit is not None:
        yield f"limit:     {criterion.limit:g} {criterion.unit}; a target's time scale shortens seconds, nothing else"
    if criterion.sentence is None:
        yield "sentence:  none; it is not automated yet"
        return
    yield f"sentence:  Then {criterion.sentence}"
    for scenario in _scenarios(test, criterion.sentence):
        yield f"scenario:  {scenario.name} ({scenario.filename}:{scenario.line})"
        yield from (f"           {step.keyword} {step.name}" for step in scenario.all_steps)
    yield from _code(criterion.sentence)
    yield f"run it:    behave --tags=@test-{test.id}"
    yield from _faults(criterion)
    section = plan_text.load().tests.get(test.id)
    if section is not None:
        yield f"the plan:  {section.title} ({run_facts.PLAN})"
        yield from (f"           {line}".rstrip() for line in section.text.splitlines())


def _scenarios(test: Test, sentence: str) -> Iterator[Any]:
    for path in sorted(FEATURES.rglob("*.feature")):
        try:
            feature = parse_file(str(path))
        except ParserError:
            continue  # the lint reports it
        for scenario in feature.walk_scenarios() if feature is not None and f"test-{test.id}" in feature.tags else ():
            if any(step.step_type == "then" and step.name == sentence for step in scenario.all_steps):
                yield scenario


def _code(sentence: str) -> Iterator[str]:
    """The step definition of a Then sentence, as its module has it."""
    load_step_modules([str(STEPS)])
    for definition in registry.steps["then"]:
        if definition.match(sentence) is not None:
            yield f"step:      {definition.location}"
            source = inspect.getsource(definition.func).splitlines()
            body = source[next(n for n, line in enumerate(source) if line.startswith("def ")) + 1 :]
            yield from (f"           {line.strip()}" for line in body)


def _faults(criterion: Criterion) -> Iterator[str]:
    """The planted faults that break the criterion, if the embedded StreamSpace is installed."""
    try:
        program = sandbox()
    except SetupProblem:
        return
    done = subprocess.run([program, "up", "--list-faults"], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == NOT_INSTALLED:
        return
    done.check_returncode()
    for name, broken, description in (line.split("\t") for line in done.stdout.splitlines()):
        if broken == criterion.id:
            yield f"fault:     {name}: {description}"
