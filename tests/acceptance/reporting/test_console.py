"""The console: lines for a log, a live line for a terminal, and a failure that reads as the house wants it."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from io import StringIO

import pytest

from streamspace_acceptance.evidence.run_evidence import Figure
from streamspace_acceptance.reporting.console import formatting, terminal
from streamspace_acceptance.reporting.console.terminal import ConsoleScreen
from streamspace_acceptance.verdict.register import Criterion
from streamspace_acceptance.waiting import Budget, Wait, now
from tests.support.demo_project import BEHAVE, Project

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def lines(output: str) -> list[str]:
    return [line.rstrip() for line in output.splitlines()]


def watched(project: Project, demo: str) -> str:
    """What a run of test 1.2 sends to a terminal."""
    ours, theirs = pty.openpty()
    environment = project.environment(demo) | {"TERM": "xterm-256color"}
    command = [*BEHAVE, "--tags=@test-1.2"]
    process = subprocess.Popen(command, cwd=project.folder, env=environment, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = b""
    while chunk := _read(ours):
        said += chunk
    process.wait(timeout=180)
    os.close(ours)
    return said.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the last writer has closed its end
        return b""


def test_a_log_has_one_line_for_each_step(project: Project) -> None:
    said = lines(project.behave("--tags=@test-1.2").stdout)
    assert "  ok       Given a running session" in said
    assert '  ok         And the file still says "test data"  1.2-3' in said
    assert any(line.startswith("5 PROVEN") or line.startswith("3 PROVEN") for line in said)
    assert not any("\x1b" in line for line in said)


def test_an_output_that_knows_no_tick_gets_a_question_mark(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    run = project.behave("--tags=@test-1.2")
    assert run.status == 0, run.stderr
    assert "StreamSpace acceptance ? 1 scenario" in run.stdout


def test_a_failure_reads_as_five_lines_in_this_order(project: Project) -> None:
    said = [line.strip() for line in lines(project.behave("--tags=@test-1.2", demo="file=fail").stdout)]
    start = said.index("session testuser-firefox-browser-7f3a")
    assert said[start - 1].startswith("FAILED")
    assert [line.partition(":")[0] for line in said[start + 1 : start + 5]] == [
        "expected",
        "actual",
        "timeline",
        "likely",
    ]


def test_a_broken_step_says_where(project: Project) -> None:
    said = project.behave("--tags=@test-1.2", demo="file=error").stdout
    assert "ConnectionError: the API closed the connection" in said
    assert re.search(r"at .*steps\.py:\d+ in error", said)


def test_a_long_wait_leaves_a_line_in_a_log(project: Project) -> None:
    said = project.behave("--tags=@test-1.2", demo="pod=wait").stdout
    assert re.search(r"waited \d\.\d s of 6 s \(startup budget\): Running · \+0\.0 s Pending", said)


def test_a_terminal_shows_what_is_being_waited_for(project: Project) -> None:
    said = watched(project, "pod=wait")
    assert "\x1b[?25h" in said.rpartition("\x1b[?25l")[2], "the cursor is shown again"
    plain = ESCAPES.sub("", said)
    assert re.search(r"waiting: Running  \d\.\d s of 6 s \(startup budget\) · pulling the image", plain)
    assert re.search(r"ok +Given a running session", plain)
    assert "waited" not in plain


@pytest.mark.parametrize("options", [(), ("-v",)])
def test_summary_table_has_verdicts_counts_and_paths(project: Project, options: tuple[str, ...]) -> None:
    said = project.behave("--tags=@test-1.2", *options, demo="file=fail,volume=unproven").stdout
    table = said[said.index("criterion  ") :]
    assert bool(re.search(r"1\.2-2 .* PROVEN .* restart 1\.23 s", table)) == bool(options), "-v: what is proven too"
    assert re.search(r"1\.2-3 .* FAILED", table)
    assert re.search(r"1\.2-4 .* UNPROVEN", table)
    assert "1 PROVEN   1 FAILED   0 BROKEN   1 UNPROVEN" in table
    assert "reports/verdict.json" in table
    assert not [line for line in table.splitlines() if line != line.rstrip()], "blanks at the end of a line"


def test_a_test_begins_with_the_progress(project: Project) -> None:
    said = lines(project.behave("-D", "gate=off", demo="file=fail").stdout)
    progress = [line.partition("  ")[2] for line in said if " criteria proven · " in line]
    assert progress == ["0 of 3 · 0 criteria proven · 0 failed", "1 of 3 · 2 criteria proven · 1 failed"]


def test_a_figure_stands_beside_its_limit() -> None:
    criterion = Criterion("1.1b-2", "The mean startup time is below 60 s", limit=60, unit="s")
    measured = [Figure("mean startup time", 0.508, "s"), Figure("largest", 1234.0, "MiB")]
    told = "mean startup time 0.508 s (limit 60 s, here 6 s) · largest 1234 MiB"
    assert formatting.figures(criterion, measured, 0.1) == told
    assert formatting.figures(None, measured[:1], 1) == "mean startup time 0.508 s"
    assert formatting.figures(criterion, [], 1) == ""


def test_errors_outside_the_steps_are_printed(project: Project) -> None:
    said = project.behave("--tags=@test-1.2", hook="cleanup of a scenario").stdout
    assert "cleanup _leak failed: RuntimeError: session left behind" in said


def test_the_decision_closes_the_run(project: Project) -> None:
    said = lines(project.behave(demo="file=fail").stdout)
    assert said[-2].startswith("NO-GO: 1 criterion failed (1.2-3). Open: ")
    assert "reports/SUMMARY.md" in said[-1]
    assert lines(project.behave().stdout)[-2].startswith("GO: ")


def test_unwritable_reports_break_the_run_not_its_verdicts(project: Project) -> None:
    (project.folder / "reports" / "SUMMARY.md").mkdir(parents=True)
    run = project.behave("--tags=@test-1.2")
    assert run.stderr.startswith("The reports could not be written: ")
    assert run.status == 2
    assert set(run.verdicts().values()) == {"PROVEN"}


def test_a_log_tells_where_long_work_is(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = StringIO()
    screen = ConsoleScreen(stream)
    wait = Wait("ramp", "the ramp to 80 sessions", Budget("ramp", 4800, 1.0), now() - 60)
    wait.note("ramp 30 of 80")
    screen.wait_noted(wait)
    assert stream.getvalue() == ""
    monkeypatch.setattr(terminal, "PROGRESS_SECONDS", -1.0)
    wait.note("ramp 40 of 80, 40 alive, start p95 3.1 s, 2 min left")
    screen.wait_noted(wait)
    assert "the ramp to 80 sessions" in stream.getvalue()
    assert "ramp 40 of 80, 40 alive, start p95 3.1 s, 2 min left" in stream.getvalue()
