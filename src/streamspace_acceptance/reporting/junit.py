"""JUnit XML, a view of verdict.json: one suite for each feature, one case for each scenario.

behave's own reporter does not know the four verdicts: it passes scenarios whose clean-up failed and drops those that
were not reached.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree as Xml

from streamspace_acceptance.evidence import files
from streamspace_acceptance.redaction.redactor import redact
from streamspace_acceptance.verdict.judgement import Verdict
from streamspace_acceptance.verdict.scenario_result import Judged
from streamspace_acceptance.verdict.verdict_file import RunResult

HOOKS = "Hooks and clean-up"
_ELEMENTS = {Verdict.FAILED: "failure", Verdict.BROKEN: "error", Verdict.UNPROVEN: "skipped"}
_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}
# What XML 1.0 cannot hold.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(path: Path, run: RunResult) -> None:
    """Write the run as it is by now, in one piece."""
    root = Xml.Element("testsuites", name="StreamSpace acceptance")
    for feature, scenarios in groupby(run.scenarios, key=lambda scenario: scenario.feature):
        suite = Xml.SubElement(root, "testsuite", name=_text(feature))
        for scenario in scenarios:
            _add_case(suite, scenario.name, scenario.judged, scenario.headline, scenario.seconds)
    if run.beside:
        suite = Xml.SubElement(root, "testsuite", name=HOOKS)
        for problem in run.beside:
            _add_case(suite, problem.name, problem.judged, problem.judged.headline, 0)
    for element in [*root, root]:
        _count(element)
    files.put(path, Xml.tostring(root, encoding="utf-8", xml_declaration=True))


def _add_case(suite: Xml.Element, name: str, judged: Judged, headline: str, seconds: float) -> None:
    case = Xml.SubElement(suite, "testcase", classname=suite.get("name", ""), name=_text(name), time=f"{seconds:.3f}")
    if judged.verdict is not Verdict.PROVEN:
        kind = _ELEMENTS[judged.verdict]
        Xml.SubElement(case, kind, message=_text(headline), type=judged.verdict).text = _text(judged.explanation)


def _count(element: Xml.Element) -> None:
    element.set("tests", str(len(list(element.iter("testcase")))))
    for name, kind in _COUNTS.items():
        element.set(name, str(len(list(element.iter(kind)))))


def _text(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", redact(text))
