"""JUnit XML for whoever reads nothing else: one suite for each feature, one case for each scenario.

behave's own reporter does not know the four verdicts: it passes scenarios whose clean-up failed and drops those that
were not reached. This one asks the judgement that the ledger and the Allure results ask.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from xml.etree import ElementTree as Xml

from streamspace_acceptance.evidence import files
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.settings import REPORTS
from streamspace_acceptance.verdict.judgement import (
    UNFINISHED,
    Judgement,
    Verdict,
    judge_problem,
    judge_scenario,
)
from streamspace_acceptance.verdict.run_record import RunRecord

JUNIT_FILE = REPORTS / "junit.xml"

_ELEMENTS = {Verdict.FAILED: "failure", Verdict.BROKEN: "error", Verdict.UNPROVEN: "skipped"}
_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}
# What XML 1.0 cannot hold.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(path: Path, record: RunRecord) -> None:
    """Put the run as it stands on disk in one piece."""
    _write(path, _document(record))


def break_off(path: Path, cases: Collection[tuple[str, str]]) -> None:
    """Say of a run that is over that these cases, by feature and name, were still running; where there is a file."""
    if not path.exists():
        return
    root = Xml.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - the suite's own file
    for case in root.iter("testcase"):
        if (case.get("classname", ""), case.get("name", "")) in {(_text(group), _text(name)) for group, name in cases}:
            for told in list(case):
                case.remove(told)
            _tell(case, Judgement(Verdict.BROKEN, UNFINISHED))
    _write(path, root)


def _write(path: Path, root: Xml.Element) -> None:
    for element in [*root, root]:
        _count(element)
    files.put(path, Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _document(record: RunRecord) -> Xml.Element:
    root = Xml.Element("testsuites", name="StreamSpace acceptance")
    suites: dict[int, Xml.Element] = {}
    for scenario in record.selected:
        feature = scenario.feature
        if id(feature) not in suites:
            suites[id(feature)] = Xml.SubElement(root, "testsuite", name=_text(feature.name))
        unfinished = Judgement(Verdict.BROKEN, UNFINISHED) if record.running is scenario else None
        judged = unfinished or judge_scenario(scenario, record)
        _add_case(suites[id(feature)], feature.name, scenario.name, judged, scenario.duration)
    beside = list(_beside_the_scenarios(record))
    if beside:
        suite = Xml.SubElement(root, "testsuite", name="Hooks and clean-up")
        for where, judged in beside:
            _add_case(suite, "Hooks and clean-up", where, judged, 0)
    return root


def _beside_the_scenarios(record: RunRecord) -> Iterator[tuple[str, Judgement]]:
    """The errors that no scenario and no step answers for."""
    told = {id(one) for scenario in record.selected for one in (scenario, *scenario.all_steps)}
    for problem in record.problems:
        if id(problem.statement) not in told:
            owner = problem.statement.name if problem.statement is not None else "the whole run"
            yield f"{problem.where} of {owner}", judge_problem(problem, record)


def _add_case(suite: Xml.Element, group: str, name: str, judged: Judgement, seconds: float) -> None:
    case = Xml.SubElement(suite, "testcase", classname=_text(group), name=_text(name), time=f"{seconds:.3f}")
    if judged.verdict is not Verdict.PROVEN:
        _tell(case, judged)


def _tell(case: Xml.Element, judged: Judgement) -> None:
    told = Xml.SubElement(case, _ELEMENTS[judged.verdict], message=_text(judged.headline), type=judged.verdict)
    told.text = _text(judged.told)


def _count(element: Xml.Element) -> None:
    element.set("tests", str(len(list(element.iter("testcase")))))
    for name, kind in _COUNTS.items():
        element.set(name, str(len(list(element.iter(kind)))))


def _text(said: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", redact(said))
