"""`streamspace-acceptance verify FILE`: is a conformance.yaml complete, and true to the verdict.json beside it?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.evidence.report_folder import VERDICTS
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.reporting.conformance import CORE, EXTENDED, SCHEMA, Document, document
from streamspace_acceptance.verdict.verdict_file import RunResult, VerdictFileError, compact, read

_FIELDS: dict[str, type | tuple[type, ...]] = {
    "plan.title": str,
    "plan.version": str,
    "plan.criteria": int,
    "suite.version": str,
    "suite.commit": str,
    "product.name": str,
    "product.version": str,
    "product.kubernetes": str,
    "product.target": str,
    "contract_profile": str,
    "time_scale": (int, float),
    "run.began": str,
    "run.ended": str,
    "run.tester": str,
    "decision.word": str,
    "decision.sentence": str,
    "unsupported": list,
    "deviations.accepted": bool,
    "deviations.met": list,
    "reproduce": list,
    "results.file": str,
    "results.sha256": str,
    **{
        f"{part}.{field}": kind
        for part in (CORE, EXTENDED)
        for field, kind in {
            "result": str, "criteria": int, "proven": int, "failed": list, "not_shown": list, "unsupported": list
        }.items()
    },
}  # fmt: skip


def verify(path: Path) -> int:
    """Print each problem, then a sentence: 0 for a file without problems, 1 otherwise. SetupProblem if it is none."""
    written = _read(path)
    problems = list(_incomplete(written)) or [*_unknown(written), *_contradictions(written)]
    problems += _beside(written, path.with_name(VERDICTS))
    for problem in problems:
        sys.stdout.write(f"{problem}\n")
    if problems:
        sys.stdout.write(f"{path}: {len(problems)} problem{'' if len(problems) == 1 else 's'}.\n")
        return 1
    parts = "; ".join(f"{part} {written[part]['result']}" for part in (CORE, EXTENDED))
    sys.stdout.write(f"{path} is complete and agrees with {VERDICTS}: {parts}.\n")
    return 0


def _read(path: Path) -> Document:
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SetupProblem(f"{path} cannot be read: {error.strerror}. A run writes one into its reports.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SetupProblem(f"{path} is not a conformance file: it is not YAML.") from error
    if not isinstance(written, dict) or written.get("schema") != SCHEMA:
        raise SetupProblem(f"{path} is not a conformance file of this version of the suite: it has no schema {SCHEMA}.")
    return written


def _incomplete(written: Document) -> Iterator[str]:
    for field, kind in _FIELDS.items():
        value = _value(written, field)
        if value is None:
            yield f"MISSING  {field}: run the plan again with this version of the suite"
        elif not isinstance(value, kind) or value == "":
            yield f"WRONG    {field}: {value!r} is not of the expected kind"
    for criterion in _value(written, "unsupported") or ():
        if not isinstance(criterion, dict) or not all(criterion.get(key) for key in ("id", "name", "reason")):
            yield f"MISSING  unsupported: {criterion!r} needs an id, a name and a reason"


def _unknown(written: Document) -> Iterator[str]:
    """Facts that are unknown, although nobody can repeat the run without them."""
    for field, remedy in _REMEDIES.items():
        if _value(written, field) == run_facts.UNKNOWN:
            yield f"MISSING  {field}: it is unknown; {remedy}"
    if str(_value(written, "suite.commit")).endswith("-dirty"):
        yield "WRONG    suite.commit: the suite had changes that no commit has; commit them and run again"
    if written.get("reproduce") == []:
        yield "MISSING  reproduce: the commands that run the same again"


_REMEDIES = {
    "plan.version": "run where plan/integration-test-plan.md states its Document Version",
    "suite.version": "install the suite with pip",
    "suite.commit": "run the suite from a git checkout",
    "product.version": "the product's version call gave none",
}


def _contradictions(written: Document) -> Iterator[str]:
    """Contradictions within the file."""
    total = 0
    for part in (CORE, EXTENDED):
        content = written[part]
        named = [content[kind] for kind in ("failed", "not_shown", "unsupported")]
        counted, stated = content["proven"] + sum(map(len, named)), content["criteria"]
        total += stated
        if counted != stated:
            yield f"WRONG    {part}.criteria: {stated} are stated, but {counted} are listed or counted as proven"
        if content["result"] == "conformant" and (named[0] or named[1]):
            yield f"WRONG    {part}.result: it is conformant, although criteria failed or are not shown"
    stated = _value(written, "plan.criteria")
    if total != stated:
        yield f"WRONG    plan.criteria: {stated} are stated, but core and extended have {total}"


def _beside(written: Document, verdicts: Path) -> Iterator[str]:
    """Differences between the file and the record of the run, and gaps of the record."""
    try:
        run = read(verdicts)
    except VerdictFileError as error:
        yield f"MISSING  {VERDICTS}: {error}; keep the file beside the {VERDICTS} of its run"
        return
    stated, true = dict(_flat(written)), dict(_flat(document(run, verdicts)))
    for field in sorted(stated.keys() | true.keys()):
        if stated.get(field) != true.get(field):
            yield f"WRONG    {field}: the file says {stated.get(field)!r}, {VERDICTS} {true.get(field)!r}"
    yield from _record(run, verdicts.parent)


def _record(run: RunResult, folder: Path) -> Iterator[str]:
    unasked = [line for line in run.lines() if not line.asked]
    if unasked:
        yield f"MISSING  results: the run left out {compact(unasked)}; run `behave` without --tags"
    if not run.is_over or run.interruption:
        yield f"MISSING  results: the run was {run.interruption or 'not finished'}; run the plan to its end"
    for line in run.lines():
        for file in line.evidence:
            if not (folder / file).is_file():
                yield f"MISSING  {line.id}: its evidence {file} is not beside the file"


def _value(written: Document, field: str) -> Any:
    content: Any = written
    for name in field.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def _flat(content: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Each value by the path to it; lists are values."""
    if isinstance(content, dict):
        for key, part in content.items():
            yield from _flat(part, f"{name}.{key}" if name else str(key))
    else:
        yield name, content
