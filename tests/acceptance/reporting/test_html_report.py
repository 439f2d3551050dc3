"""The HTML report: one file, from disk, silent on the network, with everything in it."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from streamspace_acceptance.reporting.allure.html_report import charts
from streamspace_acceptance.reporting.allure.page_patches import (
    for_phones,
    with_honest_percentage,
    with_true_explanation,
    with_wrapped_cells,
    without_analytics,
)
from tests.support.demo_project import Project
from tests.support.project import PROJECT

CLI = (sys.executable, "-m", "streamspace_acceptance.cli")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
BROWSER = os.environ.get("STREAMSPACE_BROWSER") or shutil.which("chromium") or shutil.which("google-chrome")


def report(project: Project, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, "report"],
        cwd=project.folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.fixture
def with_generator(project: Project) -> Project:
    (project.folder / "node_modules").symlink_to(PROJECT / "node_modules")
    return project


def test_without_results_there_is_one_sentence(project: Project) -> None:
    done = report(project)
    assert done.returncode == 2
    assert done.stderr == "There are no results in reports: run `behave` first.\n"


def test_a_run_of_another_version_gets_one_sentence(project: Project) -> None:
    project.behave("--tags=@test-1.2")
    project.write("reports/verdict.json", '{"environment": {}, "criteria": []}')
    done = report(project)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Run `behave` again." in done.stderr


def test_the_reports_of_a_run_can_be_made_again(with_generator: Project) -> None:
    with_generator.behave(demo="file=fail")
    reports = with_generator.folder / "reports"
    first = {path.relative_to(reports): path.read_text() for path in reports.rglob("*.md")}
    assert Path("issues/1.2-3.md") in first
    for path in first:
        (reports / path).unlink()
    assert report(with_generator).returncode == 0
    assert {path.relative_to(reports): path.read_text() for path in reports.rglob("*.md")} == first


def test_without_the_generator_there_is_one_sentence(project: Project) -> None:
    project.behave("--tags=@test-1.2")
    done = report(project)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "npm ci" in done.stderr


def test_without_node_there_is_one_sentence(with_generator: Project) -> None:
    with_generator.behave("--tags=@test-1.2")
    script = "import sys; sys.executable = '/nowhere/python'\nfrom streamspace_acceptance import cli\n"
    script += "sys.exit(cli.main(['report']))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=with_generator.folder,
        env=os.environ | {"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "needs node, which is not installed" in done.stderr


def test_a_page_that_is_built_otherwise_is_noticed() -> None:
    with pytest.raises(ValueError, match="analytics"):
        without_analytics("<html><head></head></html>")


@pytest.mark.parametrize(
    ("counts", "percentage"),
    [
        ({"passed": 7, "skipped": 1}, 87),
        ({"passed": 8}, 100),
        ({"skipped": 3}, 0),
        ({"passed": 1, "failed": 1, "broken": 1}, 33),
    ],
)
def test_what_is_unproven_counts(counts: dict[str, int], percentage: int) -> None:
    slices = [{"d": "M0,0", "status": status, "count": count} for status, count in counts.items()]
    data = base64.b64encode(json.dumps({"slices": slices, "percentage": 100}).encode()).decode()
    page = with_honest_percentage(f'd("widgets/pie_chart.json","{data}")')
    patched = re.search(r'","(.*)"', page)
    assert patched is not None
    assert json.loads(base64.b64decode(patched[1]))["percentage"] == percentage


def test_percentage_explanation_fits_what_it_counts() -> None:
    script = b'{successRateDescription:"Calculated from passed, failed, and broken tests. Skipped and unknown tests are'
    address = "data:text/javascript;base64,"
    page = f'<script src="{address}{base64.b64encode(script + b" excluded.").decode()}"></script>'
    patched = with_true_explanation(page)
    told = base64.b64decode(patched.partition(address)[2].partition('"')[0])
    assert told.startswith(b'{successRateDescription:"The share of all scenarios that passed.')
    with pytest.raises(ValueError, match="explanation"):
        with_true_explanation("<html></html>")


def test_cells_of_a_description_are_wrapped() -> None:
    style = rb"td {\n  border: 1px solid var(--color-border-default) !important;\n  white-space: nowrap;\n}"
    address = "data:text/javascript;base64,"
    patched = with_wrapped_cells(f'<script src="{address}{base64.b64encode(style).decode()}"></script>')
    script = base64.b64decode(patched.partition(address)[2].partition('"')[0])
    assert script.endswith(rb"!important;\n}\n\ntd:first-child {\n  white-space: nowrap;\n}")
    with pytest.raises(ValueError, match="descriptions"):
        with_wrapped_cells("<html></html>")


def test_report_is_laid_out_for_the_width_of_a_phone() -> None:
    assert '<meta name="viewport" content="width=device-width' in for_phones("<html><head></head></html>")
    assert for_phones(for_phones("<head></head>")) == for_phones("<head></head>")


def test_a_page_without_a_percentage_is_noticed() -> None:
    with pytest.raises(ValueError, match="percentage"):
        with_honest_percentage("<html></html>")


def test_report_shows_the_run_without_network_requests(with_generator: Project) -> None:
    with_generator.behave(demo="file=fail,created=error,listed=unproven")
    done = report(with_generator)
    written = with_generator.folder / "reports" / "report.html"
    summary = written.with_name("SUMMARY.md")
    assert done.stdout.splitlines() == [
        f"Summary: {summary.resolve()}",
        f"Report:  {written.resolve()} (open it in a browser)",
    ], done.stderr
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        look_at(page, with_generator.folder / "reports" / "report.html")
        browser.close()
    outside = [url for url in asked if not url.startswith(("file:", "data:", "blob:"))]
    assert outside == []
    assert errors == []


def use_keyboard(page: Page) -> None:
    """Enter opens a link of the decision, in spite of Allure's shortcuts; every button has a name."""
    page.locator("#decision summary").press("Enter")
    page.locator("#decision .criteria td:last-child a").first.press("Enter")
    page.wait_for_function("location.hash && document.getElementById('decision').hidden")
    page.go_back()
    page.locator("#decision").wait_for()
    page.wait_for_function(
        "[...document.querySelectorAll('button')].every((it) => it.innerText.trim() || it.ariaLabel)"
    )


def look_at(page: Page, path: Path) -> None:
    page.goto(path.as_uri())
    assert page.title() == "StreamSpace acceptance: NO-GO"
    page.get_by_text("Phase 1 · Sessions").first.wait_for()
    use_keyboard(page)
    page.get_by_text("1.2 Session state persistence").first.wait_for()
    page.get_by_text("The pod behind a session is lost").first.click()
    page.get_by_text("no node has room for cpu=2000m").first.wait_for()
    page.get_by_text("desktop", exact=True).first.wait_for()


def test_charts_of_change_need_an_earlier_run() -> None:
    assert "statusDynamics" not in [chart["type"] for chart in charts(with_past=False)]
    assert "statusDynamics" in [chart["type"] for chart in charts(with_past=True)]


def test_the_next_report_knows_the_last(with_generator: Project) -> None:
    for demo in ("", "file=fail"):
        with_generator.behave("--tags=@test-1.2", demo=demo)
        assert report(with_generator).returncode == 0
    assert report(with_generator).returncode == 0  # again, about the same run
    history = with_generator.folder / "reports" / "history" / "history.jsonl"
    assert len(history.read_text().splitlines()) == 2
