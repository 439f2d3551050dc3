"""The catalogue of what a proxy does: each entry is about sentences that its run judges, and its edits find a place."""

import re
from pathlib import Path

import pytest
from behave.parser import parse_file

from streamspace_sandbox.streamspace.api.viewer import FOLDER
from tests.proof.proxy import Reply
from tests.proof.proxy_case import ProxyFault
from tests.proof.proxy_catalogue import FAULTS, PRODUCTS
from tests.proof.proxy_rules.viewer_pages import Page
from tests.proof.register import feature_of, sentences

PAGES = [case for case in [*FAULTS, *PRODUCTS] if isinstance(case.rule, Page)]


def _name(case: ProxyFault) -> str:
    return case.name


@pytest.mark.parametrize("fault", FAULTS, ids=_name)
def test_fault_is_about_sentences_that_its_run_judges(fault: ProxyFault) -> None:
    scenarios = parse_file(str(feature_of(fault.test))).walk_scenarios()
    chosen = [scenario for scenario in scenarios if not fault.only or re.search(f"^{fault.only}$", scenario.name)]
    judged = {step.name for scenario in chosen for step in scenario.all_steps if step.step_type == "then"}
    concerned = fault.failed | fault.unproven | fault.broken
    assert {sentences()[criterion] for criterion in concerned} <= judged
    assert concerned or fault.finds


@pytest.mark.parametrize("case", PAGES, ids=_name)
@pytest.mark.parametrize(
    ("path", "file"), [("/vnc/s", FOLDER / "page.html"), ("/viewer/viewer.js", FOLDER / "assets" / "viewer.js")]
)
def test_edit_of_a_page_finds_its_place(case: ProxyFault, path: str, file: Path) -> None:
    case.rule.alter("GET", path, Reply(200, "text/html", file.read_bytes()))  # ValueError where it finds none


def test_each_case_has_a_name_of_its_own() -> None:
    for cases in (FAULTS, PRODUCTS):
        names = [case.name for case in cases]
        assert sorted(set(names)) == sorted(names)
