"""The plan's text in the reports: a section for each test of the register, a page that opens without a network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.reporting import decision_page, plan_text, write_reports
from streamspace_acceptance.reporting.allure.results import NOT_RUN, AllureResults
from streamspace_acceptance.verdict.decision import decide
from streamspace_acceptance.verdict.register import Register
from tests.support.finished_run import leave, run
from tests.support.project import PROJECT

PLAN = """# The plan

## Phase 1: Sessions

### Test 1.2: Session State Persistence

It <b>survives</b>.

```bash
# Delete the pod
```

---

### Test 1.3: Another
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan").mkdir()
    (tmp_path / run_facts.PLAN).write_text(PLAN)
    return tmp_path


def test_plan_describes_every_test_of_the_register() -> None:
    plan = plan_text.load(PROJECT / run_facts.PLAN)
    assert [test.id for test in Register.load(PROJECT / "plan" / "criteria.toml").tests] == list(plan.tests)
    assert sorted(plan.phases) == [0, 1, 2, 3, 4]
    assert plan.link("1.1a") == "plan.html#test-11a-basic-session-creation"
    assert plan.link("9.9") is None


@pytest.mark.usefixtures("project")
def test_plan_section_ends_at_the_next_heading() -> None:
    section = plan_text.load().tests["1.2"]
    assert section.text == "It <b>survives</b>.\n\n```bash\n# Delete the pod\n```"
    assert "It &lt;b&gt;survives" in section.page()


def test_plan_page_lies_beside_the_reports(project: Path) -> None:
    folder = leave(project / "reports")
    write_reports.write(folder)
    assert '<h3 id="test-12-session-state-persistence">' in folder.plan.read_text()
    report = next(folder.path.glob("*PHASE_1*")).read_text()
    assert "**Plan**: [Test 1.2](plan.html#test-12-session-state-persistence)" in report
    write_reports.begin(folder)
    assert not folder.plan.exists()


@pytest.mark.usefixtures("project")
def test_decision_page_links_each_criterion_to_the_plan() -> None:
    finished = run(c21_1=None, c21_2=None)
    page = decision_page.render(finished, decide(finished), plan_text.load())
    assert '<a href="plan.html#test-12-session-state-persistence">1.2-1</a>' in page
    assert '<td class="id">2.1-1</td>' in page
    assert '<dialog id="plan" ' in page


def test_decision_page_without_a_plan_has_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    finished = run()
    assert (
        "plan.html#" not in decision_page.render(finished, decide(finished), plan_text.load()).partition("<script>")[0]
    )


def test_allure_result_carries_its_section_of_the_plan(project: Path) -> None:
    AllureResults(project).write(run())
    found = json.loads((project / "scenario-of-1.2-result.json").read_text())
    (section,) = (attachment for attachment in found["attachments"] if attachment["name"].startswith("The plan"))
    assert section["name"] == "The plan: Test 1.2: Session State Persistence"
    assert "Delete the pod" in (project / section["source"]).read_text()


def test_allure_shows_criteria_that_were_not_run(tmp_path: Path) -> None:
    AllureResults(tmp_path).write(run(c21_1=None, c21_2=None))
    results = [json.loads(path.read_text()) for path in tmp_path.glob("*-result.json")]
    (entry,) = (result for result in results if result["name"].startswith(NOT_RUN))
    assert entry["status"] == "skipped"
    assert [step["name"] for step in entry["steps"]] == ["2.1-1 · A template is created", "2.1-2 · It is listed"]
    assert {"name": "tag", "value": "2.1-2"} in entry["labels"]


def test_allure_shows_the_rest_of_a_test_as_not_run(tmp_path: Path) -> None:
    AllureResults(tmp_path).write(run(c12_2=None))
    names = [json.loads(path.read_text())["name"] for path in tmp_path.glob("*-result.json")]
    assert "Not run: Session state persistence (other criteria)" in names
