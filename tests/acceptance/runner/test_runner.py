"""Bad input is one sentence on stderr, an exit status, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.verdict.selection import check_paths
from tests.support.demo_project import Project, Run


def assert_refused(run: Run, *words: str) -> None:
    assert run.status == 2
    assert len(run.stderr.splitlines()) == 1, run.stderr
    assert "Traceback" not in run.stdout + run.stderr
    for word in words:
        assert word in run.stderr


@pytest.mark.parametrize("tag", ["@test-1.22", "@tst-1.2", "@phase11"])
def test_a_mistyped_tag_names_what_is_near(project: Project, tag: str) -> None:
    assert_refused(project.behave(f"--tags={tag}"), f"Nothing is tagged {tag}.", "Did you mean @")


def test_a_path_that_is_like_no_other_names_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "features").mkdir()
    for number in range(20):
        (tmp_path / "features" / f"{number}.feature").touch()
    with pytest.raises(SetupProblem) as refused:
        check_paths(["nothing like it"])
    assert refused.value.sentence.endswith(" features/19.feature and 8 more.")


def test_a_mistyped_half_of_an_expression_is_noticed(project: Project) -> None:
    assert_refused(project.behave("--tags=@test-1.2 or @tset-2.1"), "Nothing is tagged @tset-2.1.", "@test-2.1")


@pytest.mark.parametrize("tags", ["not @needs-metrics", "@p0 and not @slow", "@test-1.*", "not (@disruptive or @p1)"])
def test_tags_that_leave_out_need_not_be_there(project: Project, tags: str) -> None:
    run = project.behave(f"--tags={tags}")
    assert "Nothing is tagged" not in run.stderr
    assert (project.folder / "reports").exists() or "exclude each other" in run.stderr


def test_a_mistyped_name_names_the_scenarios(project: Project) -> None:
    assert_refused(project.behave("--name=The lst"), "“The lst”", "Did you mean The list?")


def test_a_mistyped_path_names_the_files(project: Project) -> None:
    assert_refused(
        project.behave("features/1.22.feature"), "features/1.22.feature does not exist.", "features/1.2.feature"
    )


def test_options_that_exclude_each_other_are_an_error(project: Project) -> None:
    assert_refused(project.behave("--name=The list", "--tags=@test-1.2"), "exclude each other")


@pytest.mark.parametrize("ramp", ["10,5", "ten", "", "10,20,20", "0,10"])
def test_a_ramp_that_does_not_rise_is_refused(project: Project, ramp: str) -> None:
    run = project.behave("-D", f"ramp={ramp}")
    assert_refused(run, "is not a rising list of numbers of sessions: write it like -D ramp=10,20,40.")
    assert not (project.folder / "reports").exists()


@pytest.mark.parametrize("option", ["gaet=off", "accept-deviation", "shrad=1/2"])
def test_a_mistyped_option_names_what_is_near(project: Project, option: str) -> None:
    name = option.partition("=")[0]
    assert_refused(project.behave("-D", option), f"The suite has no option -D {name}.", "Did you mean -D ")
    assert not (project.folder / "reports").exists()


def test_option_of_a_formatter_or_of_behave_ini_is_left_alone(project: Project) -> None:
    ini = project.folder / "behave.ini"
    project.write("behave.ini", f"{ini.read_text()}\n[behave.userdata]\nof_the_team = 1\n")
    run = project.behave("-D", "behave.formatter.progress.width=80", "--tags=@test-1.2")
    assert run.status == 0, run.stdout


def test_a_setup_problem_is_one_sentence(project: Project) -> None:
    environment = (project.folder / "environment.py").read_text()
    raising = "from streamspace_acceptance.outcomes import SetupProblem\n\n\ndef before_all(context):\n"
    raising += "    raise SetupProblem('No StreamSpace answers at http://127.0.0.1:9: start it or correct the URL.')\n"
    project.write("environment.py", environment + raising)
    run = project.behave()
    assert_refused(run, "No StreamSpace answers at http://127.0.0.1:9: start it or correct the URL.")
    assert set(run.verdicts().values()) == {"BROKEN"}
    assert "PROVEN" not in run.stdout
    assert "passed" not in {result["status"] for result in run.results()}


def test_another_formatter_leaves_the_same_evidence(project: Project) -> None:
    run = project.behave("-f", "plain", "--tags=@test-1.2")
    assert "passed in" in run.stdout
    assert run.verdicts() == {"1.2-2": "PROVEN", "1.2-3": "PROVEN", "1.2-4": "PROVEN"}
    assert len(run.results()) == 1


def test_a_formatter_that_breaks_down_leaves_nothing_running(project: Project) -> None:
    broken = "from behave.formatter.base import Formatter\n\n\nclass Broken(Formatter):\n"
    broken += (
        "    def result(self, step):\n        raise RuntimeError('out of paper at https://x/?token=s3cr3t-t0ken')\n"
    )
    project.write("broken.py", broken)
    run = project.behave("-f", "broken:Broken")
    assert run.status == 2
    assert "out of paper" in run.stderr
    assert "s3cr3t-t0ken" not in run.stderr
    assert (project.folder / "deleted").exists(), "cleanups of the scenario run"
    assert (project.folder / "stopped").exists(), "cleanups of the run run"
    assert "PROVEN" not in run.verdicts().values()


def test_a_dry_run_leaves_no_evidence(project: Project) -> None:
    run = project.behave("--dry-run")
    assert not (project.folder / "reports").exists()
    assert run.status == 0
