"""verdict.json as it is written: the whole run by now, as docs/verdict.schema.json publishes it.

Every report is made from this document. It is true at every moment: a scenario that runs is broken, and what has not
begun is unproven, so nothing has to be taken back when the run is killed.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import behave

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.evidence.report_folder import RESULTS
from streamspace_acceptance.evidence.run_evidence import Attachment, Figure
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.verdict import verdict_file
from streamspace_acceptance.verdict.decision import Decision, decide
from streamspace_acceptance.verdict.judgement import (
    UNFINISHED,
    Judgement,
    Verdict,
    judge_problem,
    judge_scenario,
    judge_steps,
)
from streamspace_acceptance.verdict.ledger import Ledger, LedgerEntry, counts
from streamspace_acceptance.verdict.register import Test
from streamspace_acceptance.verdict.run_record import Problem, RunRecord
from streamspace_acceptance.verdict.scenario_result import Json

_BEHAVE = Path(behave.__file__).parent
_UNFINISHED = Judgement(Verdict.BROKEN, UNFINISHED)


def document(ledger: Ledger) -> Json:
    """The run as JSON."""
    record = ledger.record
    return decided(
        {
            "schema": verdict_file.SCHEMA,
            "run": {"began": iso(record.began), "ended": iso(record.ended), "tester": record.tester},
            "counts": {},
            **changes(ledger, record.selected),
            "tests": [_test(test) for test in ledger.plan.tests],
            **_shard(ledger),
        }
    )


def _shard(ledger: Ledger) -> Json:
    """For a shard: the plan of the whole run, and the scenarios of the other shards, in case one of them is lost."""
    division = ledger.record.division
    if division is None:
        return {}
    return {
        "shard": {
            "number": division.shard.number,
            "of": division.shard.of,
            "gates": division.gates,
            "plan": [
                {"place": planned.place, "line": planned.line, "shard": planned.shard} for planned in division.plan
            ],
            "others": [scenario_document(scenario, ledger) for scenario in division.others],
        }
    }


def changes(ledger: Ledger, scenarios: list[Any]) -> Json:
    """The parts of the document that change when `scenarios` begin or end.

    A later criterion can explain a problem of an earlier scenario, so scenarios with problems are among the changes.
    """
    record = ledger.record
    begun_or_ended = set(map(id, scenarios))
    with_problems = set(map(record.scenario_of, record.problems))
    changed = [
        scenario for scenario in record.selected if id(scenario) in begun_or_ended or scenario.name in with_problems
    ]
    return {
        "environment": run_facts.of_run(record.evidence),
        "criteria": [_entry(entry) for entry in ledger.entries()],
        "deviations": [asdict(deviation) for deviation in record.evidence.deviations()],
        "scenarios": [scenario_document(scenario, ledger) for scenario in changed],
        "attachments": _attachments(record.evidence.attachments_of(None)),
        "problems": [_problem(problem, ledger) for problem in record.problems],
        "interruption": record.interruption,
    }


def decided(written: Json, run: verdict_file.RunResult | None = None) -> Json:
    """The document with the counts and the decision that follow from the rest of it; `run` is the document as read."""
    verdicts = [Verdict(line["verdict"]) for line in written["criteria"]]
    decision = decide(verdict_file.of_json(written) if run is None else run)
    return written | {"counts": counts(verdicts), "decision": _decision(decision)}


def decision(ledger: Ledger) -> Decision:
    """The decision that the run allows by now."""
    return decide(verdict_file.of_json(document(ledger)))


def iso(moment: datetime | None) -> str | None:
    """A moment as the document writes it, by which a run is identified; None for none."""
    return None if moment is None else moment.isoformat(timespec="milliseconds")


def _entry(entry: LedgerEntry) -> Json:
    line: Json = {
        "id": entry.criterion.id,
        "test": entry.test.id,
        "text": entry.criterion.text,
        **_judged(entry.judgement),
        "seconds": round(entry.seconds, 3),
    }
    if entry.criterion.limit is not None:
        line |= {"limit": entry.criterion.limit, "unit": entry.criterion.unit}
    if entry.deviations:
        line["deviations"] = [deviation.key for deviation in entry.deviations]
    if entry.evidence:
        line["evidence"] = [f"{RESULTS}/{attachment.file}" for attachment in entry.evidence]
    if entry.figures:
        line["measured"] = [_figure(figure) for figure in entry.figures]
    if entry.distributions:
        line["distributions"] = [asdict(distribution) for distribution in entry.distributions]
    return line


def _figure(figure: Figure) -> Json:
    allowed = {"allowed": figure.allowed} if figure.allowed else {}
    return {"name": figure.name, "value": figure.value, "unit": figure.unit} | allowed


def scenario_document(scenario: Any, ledger: Ledger) -> Json:
    """One scenario of the document."""
    record, test = ledger.record, ledger.plan.test_of(scenario.effective_tags)
    running = record.running is scenario
    row = scenario._row  # behave offers no other way to the cells of an example
    place = place_of(scenario)
    return {
        "id": str(uuid5(NAMESPACE_URL, f"{record.began} {place} {scenario.line}")),
        "name": scenario.name,
        "feature": scenario.feature.name,
        "place": place,
        "line": scenario.line,
        "description": "\n".join([*scenario.feature.description, *scenario.description]),
        "tags": [str(tag) for tag in scenario.effective_tags],
        "examples": dict(zip(row.headings, row.cells, strict=True)) if row else {},
        "test": None if test is None else test.id,
        "began": iso(record.began_at(scenario)),
        "seconds": round(record.seconds_of(scenario), 3),
        "running": running,
        **_judged(_UNFINISHED if running else judge_scenario(scenario, record), trace=True),
        "steps": list(_steps(scenario, test, record)),
        "attachments": _attachments(record.evidence.attachments_of(scenario)),
    }


def _steps(scenario: Any, test: Test | None, record: RunRecord) -> Iterator[Json]:
    for step, judged in zip(scenario.all_steps, judge_steps(scenario, record), strict=True):
        proves = test.criterion_of(step.name) if test is not None and step.step_type == "then" else None
        yield {
            "sentence": f"{step.keyword} {step.name}",
            "criterion": None if proves is None else proves.id,
            "line": step.line,
            "seconds": round(max(step.duration, 0.0), 3),  # behave measures by a clock that may be set
            **_judged(_UNFINISHED if step is record.running_step else judged, trace=True),
            "attachments": _attachments(record.evidence.attachments_of(step)),
        }


def place_of(scenario: Any) -> str:
    """File and name; scenarios of the same name in a file are counted."""
    namesakes = [other for other in scenario.feature.walk_scenarios() if other.name == scenario.name]
    ordinal = next(index for index, other in enumerate(namesakes, 1) if other is scenario)
    path = Path(scenario.filename)
    file = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{file}: {scenario.name}" + (f" ({ordinal})" if ordinal > 1 else "")


def _problem(problem: Problem, ledger: Ledger) -> Json:
    statement, record = problem.statement, ledger.record
    owner = record.scenario_of(problem)
    beside = statement is not None and owner is None
    test = ledger.plan.test_of(statement.tags) if beside else None
    return {
        "where": problem.where,
        "feature": statement.name if beside else None,
        "test": None if test is None else test.id,
        "scenario": owner,
        **_judged(judge_problem(problem, record), trace=True),
        "reason": problem.reason,
    }


def _judged(judged: Judgement, *, trace: bool = False) -> Json:
    """The verdict, the reason and, as far as there are any, the causes, the parts of a failure and a traceback."""
    written: Json = {"verdict": judged.verdict, "reason": judged.reason}
    if not judged.applies:
        written["applies"] = False
    if judged.causes:
        written["causes"] = list(judged.causes)
    if isinstance(judged.error, Unmet):
        parts = ("subject", "expected", "actual", "timeline", "likely")
        written["failure"] = {part: getattr(judged.error, part) for part in parts}
    if trace and judged.error is not None:
        written["trace"] = own_trace(judged.error)
    return written


def own_trace(error: BaseException) -> str:
    """The traceback without behave's own frames, which are the same for every step."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not Path(frame.filename).is_relative_to(_BEHAVE)]
    return "".join([*traceback.format_list(own), *traceback.format_exception_only(error)])


def _attachments(attachments: tuple[Attachment, ...]) -> list[Json]:
    return [{"name": attachment.name, "file": attachment.file, "type": attachment.type} for attachment in attachments]


def _test(test: Test) -> Json:
    """A test of the register, whether this run was asked about it or not."""
    criteria = [
        {
            "id": criterion.id,
            "text": criterion.text,
            "sentence": criterion.sentence,
            "limit": criterion.limit,
            "unit": criterion.unit,
        }
        for criterion in test.criteria
    ]
    return {"id": test.id, "phase": test.phase, "priority": test.priority, "title": test.title, "criteria": criteria}


def _decision(decision: Decision) -> Json:
    return {
        "word": decision.word,
        "sentence": decision.sentence,
        "failed": [line.id for line in decision.failed],
        "missing": [line.id for line in decision.missing],
        "open": [line.id for line in decision.open],
        "failed_preconditions": [precondition.scenario for precondition in decision.failed_preconditions],
        "caveats": list(decision.caveats),
    }
