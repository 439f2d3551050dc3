"""The table of a proof as Markdown and JSON: which sentence revealed which fault, by criterion."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.proof.case import Case, Result
from tests.proof.register import sentences

HEAD = """\
| criterion | case | as expected | mapped | turned red | revealed by | seconds |
| --- | --- | --- | --- | --- | --- | ---: |"""
COUNTS_HEAD = """\
| criterion | cases | as expected | not as expected | not run |
| --- | ---: | ---: | ---: | ---: |"""
STATES = ("as expected", "not as expected", "not run")
REASON_CHARACTERS = 160


def write(folder: Path, cases: Sequence[Case], results: dict[str, Result], code: str) -> None:
    """Write `proof.md` and `proof.json` into `folder`: the rows of `cases`, those without a result as not run."""
    rows = [_row(case, results.get(case.id)) for case in cases]
    counts = _counts(cases, results)
    folder.mkdir(parents=True, exist_ok=True)
    document = {"code": code, "counts": counts, "cases": rows}
    (folder / "proof.json").write_text(json.dumps(document, indent=1) + "\n")
    (folder / "proof.md").write_text(_markdown(rows, counts, code))


def _row(case: Case, result: Result | None) -> dict[str, Any]:
    row: dict[str, Any] = {"id": case.id, "criteria": list(case.criteria), "state": "not run"}
    if result is None:
        return row
    sentence_of = sentences()
    return row | {
        "state": "as expected" if result.is_as_expected else "not as expected",
        "seconds": round(result.seconds, 1),
        "mapped": list(result.outcome.wanted),
        "red": list(result.outcome.red),
        "killed_by": [
            {"criterion": criterion, "sentence": sentence_of.get(criterion, ""), "reason": reason}
            for criterion, reason in result.outcome.red.items()
        ],
        "problems": list(result.outcome.problems),
        "console": result.outcome.console,
    }


def _counts(cases: Sequence[Case], results: dict[str, Result]) -> dict[str, dict[str, int]]:
    """{criterion: {state: how many cases}}."""
    counts = {
        criterion: {"cases": 0, "as expected": 0, "not as expected": 0, "not run": 0} for criterion in sentences()
    }
    for case in cases:
        result = results.get(case.id)
        state = "not run" if result is None else "as expected" if result.is_as_expected else "not as expected"
        for criterion in case.criteria:
            counts[criterion]["cases"] += 1
            counts[criterion][state] += 1
    return {criterion: states for criterion, states in counts.items() if states["cases"]}


def _markdown(rows: list[dict[str, Any]], counts: dict[str, dict[str, int]], code: str) -> str:
    order = {criterion: place for place, criterion in enumerate(sentences())}
    by_criterion = sorted(
        rows, key=lambda row: min((order[criterion] for criterion in row["criteria"]), default=len(order))
    )
    lines = [f"# Proof of the code {code}", "", COUNTS_HEAD]
    lines += [
        f"| {criterion} | " + " | ".join(str(states[state]) for state in ("cases", *STATES)) + " |"
        for criterion, states in counts.items()
    ]
    lines += ["", HEAD, *map(_line, by_criterion)]
    problems = [f"- {row['id']}: {problem}" for row in by_criterion for problem in row.get("problems", [])]
    return "\n".join([*lines, *(["", "Not as expected:", "", *problems] if problems else [])]) + "\n"


def _line(row: dict[str, Any]) -> str:
    killed = "; ".join(
        f"“{judgement['sentence']}” ({_short(judgement['reason'])})" for judgement in row.get("killed_by", [])
    )
    cells = (
        ", ".join(row["criteria"]) or "-",
        row["id"],
        {"as expected": "yes", "not as expected": "NO"}.get(row["state"], "not run"),
        ", ".join(row.get("mapped", [])) or "-",
        ", ".join(row.get("red", [])) or "-",
        killed or "-",
        f"{row['seconds']:.0f}" if "seconds" in row else "-",
    )
    return f"| {' | '.join(cells)} |"


def _short(reason: str) -> str:
    text = " ".join(reason.split()).replace("|", "\\|")
    return text if len(text) <= REASON_CHARACTERS else f"{text[: REASON_CHARACTERS - 1]}…"
