"""verdict.json of a run from those of its shards: as if one runner had run everything."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.evidence.report_folder import RESULTS
from streamspace_acceptance.evidence.run_evidence import KeptDistribution
from streamspace_acceptance.measuring import histogram
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.verdict import gates
from streamspace_acceptance.verdict.judgement import EXIT_STATUS, NO_SENTENCE, Verdict
from streamspace_acceptance.verdict.run_document import decided
from streamspace_acceptance.verdict.scenario_result import Json
from streamspace_acceptance.verdict.shards import Shard
from streamspace_acceptance.verdict.verdict_file import KILLED, SCHEMA

_SAME = (
    run_facts.SUITE_VERSION,
    run_facts.SUITE_COMMIT,
    run_facts.PLAN_VERSION,
    run_facts.PRODUCT_VERSION,
    run_facts.TIME_SCALE,
    run_facts.PROFILE,
    run_facts.DEVIATIONS,
)
"""The facts that must be the same in all shards."""
_SEVERITY = list(Verdict)


@dataclass(frozen=True)
class ShardRun:
    """The results of one shard; `source` is the folder that has them."""

    source: str
    document: Json

    @property
    def shard(self) -> Shard:
        """Which shard it is."""
        of = self.document["shard"]
        return Shard(of["number"], of["of"])


def merged(runs: Sequence[ShardRun], unreadable: Sequence[str] = ()) -> Json:
    """The whole run. SetupProblem if the runs are not shards of one run.

    A shard without results is lost: its scenarios are BROKEN. `unreadable`: why a folder has none.
    """
    _check(runs)
    runs = [ShardRun(run.source, _unnamed(run.document)) for run in sorted(runs, key=lambda run: run.shard.number)]
    first = runs[0].document
    lost = {number: _sentence(number, first, unreadable) for number in _missing(runs)}
    scenarios = list(_scenarios(runs, lost))
    criteria = _in_order(first["tests"], _criteria(runs, scenarios, lost))
    document: Json = {
        "schema": SCHEMA,
        "run": _run(runs),
        "counts": {},
        "environment": _environment(runs),
        "criteria": criteria,
        "deviations": _distinct(deviation for run in runs for deviation in run.document.get("deviations", ())),
        "scenarios": scenarios,
        "attachments": [attachment for run in runs for attachment in run.document["attachments"]],
        "problems": [
            *_distinct(problem for run in runs for problem in run.document["problems"]),
            *(_problem(number, first, reason) for number, reason in lost.items()),
        ],
        "interruption": next(_interruptions(runs), None),
        "tests": first["tests"],
    }
    if first["shard"]["gates"]:
        _close_gates(document)
    return decided(document)


def exit_status(document: Json) -> int:
    """The status that one runner would have ended with: that of the worst verdict that applies."""
    judged = [*document["scenarios"], *document["criteria"], *document["problems"]]
    applying = [result for result in judged if result.get("applies", True)] or judged
    return EXIT_STATUS[min((Verdict(result["verdict"]) for result in applying), key=_SEVERITY.index)]


def _check(runs: Sequence[ShardRun]) -> None:
    if not runs:
        raise SetupProblem("There are no results of a shard in these folders: name the reports of each shard.")
    for run in runs:
        if "shard" not in run.document:
            raise SetupProblem(f"{run.source} has the results of a whole run, not of a shard: leave it out.")
    seen: dict[int, ShardRun] = {}
    for run in runs:
        if run.shard.number in seen:
            other = seen[run.shard.number]
            raise SetupProblem(f"{run.source} and {other.source} both have shard {run.shard}: leave one out.")
        seen[run.shard.number] = run
        difference = next(_differences(run.document, runs[0].document), None)
        if difference is not None:
            raise SetupProblem(f"{run.source} and {runs[0].source} are not shards of one run: {difference}.")


def _differences(document: Json, other: Json) -> Iterator[str]:
    if document["shard"]["plan"] != other["shard"]["plan"]:
        yield "they were planned for different scenarios"
    for name in _SAME:
        ours, theirs = document["environment"].get(name), other["environment"].get(name)
        if ours is not None and theirs is not None and ours != theirs:
            yield f"{name} is {ours} in one and {theirs} in the other"


def _unnamed(document: Json) -> Json:
    """A copy in which evidence has Allure's names: the telling ones of several shards may be the same."""
    copied: Json = copy.deepcopy(document)
    names = {
        attachment.pop("path"): f"{RESULTS}/{attachment['file']}"
        for attachment in _attachments(copied)
        if "path" in attachment
    }
    for line in copied["criteria"]:
        if "evidence" in line:
            line["evidence"] = [names.get(path, path) for path in line["evidence"]]
    return copied


def _missing(runs: Sequence[ShardRun]) -> list[int]:
    present = {run.shard.number for run in runs}
    return sorted({planned["shard"] for planned in runs[0].document["shard"]["plan"]} - present)


def _sentence(number: int, document: Json, unreadable: Sequence[str]) -> str:
    shard = Shard(number, document["shard"]["of"])
    return f"shard {shard} is lost: no folder has its results" + "".join(f"; {reason}" for reason in unreadable)


def _scenarios(runs: Sequence[ShardRun], lost: Mapping[int, str]) -> Iterator[Json]:
    """All scenarios in the order of one runner."""
    own = {(scenario["place"], scenario["line"]): scenario for run in runs for scenario in run.document["scenarios"]}
    others = {(scenario["place"], scenario["line"]): scenario for scenario in runs[0].document["shard"]["others"]}
    for planned in runs[0].document["shard"]["plan"]:
        key = planned["place"], planned["line"]
        if planned["shard"] in lost:
            scenario, broken = others[key], {"verdict": Verdict.BROKEN, "reason": lost[planned["shard"]]}
            yield scenario | broken | {"steps": [step | broken for step in scenario["steps"]]}
        else:
            yield own[key]


def _criteria(runs: Sequence[ShardRun], scenarios: Sequence[Json], lost: Mapping[int, str]) -> list[Json]:
    """A line for each criterion that a shard was asked about, or that a lost shard would have judged."""
    lines = [line for run in runs for line in run.document["criteria"]]
    texts = {
        registered["id"]: (test["id"], registered)
        for test in runs[0].document["tests"]
        for registered in test["criteria"]
    }
    for scenario in scenarios:
        if scenario["reason"] in lost.values():
            for criterion in filter(None, (step["criterion"] for step in scenario["steps"])):
                test, registered = texts[criterion]
                lines.append(_lost_line(test, registered, scenario["reason"]))
    return lines


def _lost_line(test: str, criterion: Json, reason: str) -> Json:
    limit = {"limit": criterion["limit"], "unit": criterion["unit"]} if criterion["limit"] is not None else {}
    named = {"id": criterion["id"], "test": test, "text": criterion["text"]}
    return named | {"verdict": Verdict.BROKEN, "reason": reason, "seconds": 0.0} | limit


def _in_order(tests: Sequence[Json], lines: Sequence[Json]) -> list[Json]:
    """One line for each criterion, in the plan's order; of several the worst counts, with the evidence of all."""
    of: dict[str, list[Json]] = {}
    for line in lines:
        of.setdefault(line["id"], []).append(line)
    return [_joined(of[criterion["id"]]) for test in tests for criterion in test["criteria"] if criterion["id"] in of]


def _joined(lines: Sequence[Json]) -> Json:
    worst = min(lines, key=lambda line: (_SEVERITY.index(Verdict(line["verdict"])), line.get("applies", True)))
    joined = dict(worst) | {"seconds": round(sum(line["seconds"] for line in lines), 3)}
    for name in ("deviations", "evidence", "measured"):
        if values := [value for line in lines for value in line.get(name, ())]:
            joined[name] = sorted(set(values)) if name == "deviations" else values
    if kept := [KeptDistribution(**kept) for line in lines for kept in line.get("distributions", ())]:
        joined["distributions"] = [asdict(distribution) for distribution in _added(kept)]
    return joined


def _added(kept: Sequence[KeptDistribution]) -> Sequence[KeptDistribution]:
    try:
        return histogram.merge(kept)
    except ValueError as error:
        raise SetupProblem(f"The results of the shards cannot be merged: {error}.") from error


def _run(runs: Sequence[ShardRun]) -> Json:
    spans = [run.document["run"] for run in runs]
    ended = [span["ended"] for span in spans if span["ended"] is not None]
    return {
        "began": min(span["began"] for span in spans),
        "ended": max(ended) if len(ended) == len(spans) else None,
        "tester": ", ".join(dict.fromkeys(span["tester"] for span in spans)),
    }


def _environment(runs: Sequence[ShardRun]) -> dict[str, str]:
    """Each fact, with all its values where the shards had different ones."""
    names = dict.fromkeys(name for run in runs for name in run.document["environment"])
    return {
        name: ", ".join(dict.fromkeys(run.document["environment"][name] for run in runs
                                      if name in run.document["environment"]))
        for name in names
    }  # fmt: skip


def _interruptions(runs: Sequence[ShardRun]) -> Iterator[str]:
    for run in runs:
        if run.document["interruption"] is not None:
            yield f"{run.document['interruption']} in shard {run.shard}"
        elif run.document["run"]["ended"] is None:
            yield f"{KILLED} in shard {run.shard}"


def _problem(number: int, document: Json, reason: str) -> Json:
    shard = Shard(number, document["shard"]["of"])
    judged = {"verdict": Verdict.BROKEN, "reason": reason}
    return {"where": f"shard {shard}", "feature": None, "test": None, "scenario": None, **judged}


def _distinct(items: Iterator[Json]) -> list[Json]:
    """Each item once: shards meet the same deviations, and their clean-ups the same findings."""
    found: list[Json] = []
    for item in items:
        if item not in found:
            found.append(item)
    return found


def _close_gates(document: Json) -> None:
    """Mark UNPROVEN the scenarios that one runner would not have run. A failure that a shard saw stays FAILED."""
    phases = {test["id"]: test["phase"] for test in document["tests"]}
    closed = gates.closed_by(_not_passed(document, phases))
    if not closed:
        return
    for scenario in document["scenarios"]:
        phase = phases.get(scenario["test"])
        reason = next((why for gate, why in closed.items() if phase is not None and phase > gate), None)
        if reason is not None:
            for owner in (scenario, *scenario["steps"]):
                _gate(owner, reason)
    for line in document["criteria"]:
        reason = next((why for gate, why in closed.items() if phases[line["test"]] > gate), None)
        if reason is not None and line["reason"] != NO_SENTENCE:
            _gate(line, reason)


def _gate(judged: Json, reason: str) -> None:
    if judged["verdict"] != Verdict.FAILED:
        for name in ("applies", "causes", "failure", "trace"):
            judged.pop(name, None)
        judged |= {"verdict": Verdict.UNPROVEN, "reason": reason}


def _not_passed(document: Json, phases: Mapping[str, int]) -> Iterator[tuple[int, Verdict, str]]:
    """The phase, verdict and name of what has not passed: criteria, and scenarios that failed beside all of theirs."""
    bad = {line["id"]: line for line in document["criteria"] if not _is_fine(line)}
    yield from ((phases[line["test"]], Verdict(line["verdict"]), line["id"]) for line in bad.values())
    for scenario in document["scenarios"]:
        explained = any(step["criterion"] in bad for step in scenario["steps"])
        if scenario["test"] is not None and not explained and not _is_fine(scenario):
            yield phases[scenario["test"]], Verdict(scenario["verdict"]), f"“{scenario['name']}”"


def _is_fine(judged: Json) -> bool:
    return judged["verdict"] == Verdict.PROVEN or not judged.get("applies", True)


def files(document: Json) -> Iterator[str]:
    """The files of all attachments, below the folder of reports."""
    yield from (f"{RESULTS}/{attachment['file']}" for attachment in _attachments(document))


def _attachments(document: Json) -> Iterator[Json]:
    owners = [
        document,
        *document["scenarios"],
        *(step for scenario in document["scenarios"] for step in scenario["steps"]),
    ]
    yield from (attachment for owner in owners for attachment in owner["attachments"])
