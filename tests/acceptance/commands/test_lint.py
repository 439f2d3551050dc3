"""Each rule of the lint sees a bad example, and none sees anything in a good one."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest

from streamspace_acceptance.commands.lint.code import check_loop_variables, check_pauses, check_steps
from streamspace_acceptance.commands.lint.features import check_features
from streamspace_acceptance.commands.lint.register import check_register, without_sentence
from streamspace_acceptance.verdict.register import Criterion, Register, Test
from tests.support.demo_project import DEMO

GOOD = (DEMO / "features/1.2.feature").read_text()
PLAN = Register.load(DEMO / "plan/criteria.toml")


@pytest.fixture
def features(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO / "features", tmp_path / "features"))


def found(features: Path) -> list[str]:
    return [finding.message for finding in check_features(features, PLAN)]


def test_the_demo_is_clean(features: Path) -> None:
    assert found(features) == []


NARRATIVE = "  The home belongs to the user, not to the pod that happens to serve it.\n"
HOME, HOUSE = "its home is on the session's own volume", "its house is on the session's own volume"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("@disruptive", "@disrupting", "unknown tag @disrupting"),
        ("@test-1.2", "@test-9.9", "@test-9.9 is not a test of the plan"),
        ("@phase1", "@phase2", "test 1.2 is @phase1 in the plan"),
        ("@p0", "@p1", "test 1.2 is @p0 in the plan"),
        (" @test-1.2", "", "a feature names its test: @test-…"),
        ("    When the session's pod is deleted\n", "", "0 events; a scenario has one When"),
        ("the session's pod is deleted\n", "a\n    And b\n", "2 events; a scenario has one When"),
        ("Given a running", "When a\n    Given a running", "Given, then When, then Then: one situation a scenario"),
        ("    Given a running session\n", "", "has no Given"),
        ("Given a running", "Given a\n    And b\n    And c\n    And a running", "8 steps; a scenario has 3 to 7"),
        ("a running session", "http://x answers", "the product owner does not read an address"),
        ("a running session", "GET /api/v1/x", "the product owner does not read an address"),
        ("a running session", 'a {"user": "x"}', "the product owner does not read JSON"),
        ("a running session", "a 404", "the product owner does not read a status code"),
        ("  @disruptive\n", "  Rule: a\n", "Rule: loses its scenarios in the report; use a feature or a scenario"),
        (HOME, HOUSE, f"“{HOUSE}” proves no criterion of test 1.2"),
        (HOME, HOUSE, f"0 sentences prove 1.2-4, not one: “{HOME}”"),
        ("state persistence", "persistence", "the plan calls this test “1.2 Session state persistence”"),
        (NARRATIVE, "", "a feature says below its title why a user cares"),
        ("Feature:", "Fature:", "does not parse"),
    ],
)  # fmt: skip
def test_a_bad_feature_is_found(features: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    (features / "1.2.feature").write_text(GOOD.replace(old, new, 1))
    assert any(finding.startswith(message) for finding in found(features)), found(features)


def test_a_sentence_said_twice_is_found(features: Path) -> None:
    (features / "again.feature").write_text(GOOD)
    assert any("2 sentences prove 1.2-2" in finding for finding in found(features))


def test_a_supporting_sentence_that_nobody_says_is_found(features: Path) -> None:
    plan = Register(
        tuple(dataclasses.replace(test, supporting=("it is so",)) for test in PLAN.tests if test.id == "1.2")
    )
    said = [finding.message for finding in check_features(features, plan)]
    assert "nothing in test 1.2 says its supporting “it is so”" in said


GOOD_TEST = Test("1.2", 1, "P0", "x", (Criterion("1.2-1", "a", "it is so"), Criterion("1.2-2", "b")))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"priority": "P2"}, "test 1.2 has the priority 'P2'"),
        ({"criteria": (Criterion("1.2-2", "a"),)}, "the criteria of test 1.2 are not numbered"),
        (
            {"criteria": (Criterion("1.2-1", "a", "it is so"), Criterion("1.2-2", "b", "it is so"))},
            "2 criteria of test 1.2 share the sentence “it is so”",
        ),
        ({"supporting": ("it is so",)}, "“it is so” cannot both prove a criterion of test 1.2 and support it"),
        ({"criteria": (Criterion("1.2-1", "a", limit=3),)}, "1.2-1 has a limit without a unit"),
    ],
)
def test_a_bad_register_is_found(changes: dict[str, Any], message: str) -> None:
    found = check_register(Path("criteria.toml"), Register((dataclasses.replace(GOOD_TEST, **changes),)))
    assert len(found) == 1
    assert found[0].message.startswith(message)


def test_a_good_register_is_left_alone() -> None:
    assert check_register(Path("criteria.toml"), Register((GOOD_TEST,))) == []
    assert without_sentence(Register((GOOD_TEST,))) == ["1.2-2"]


def test_a_test_registered_twice_is_found() -> None:
    found = check_register(Path("criteria.toml"), Register((GOOD_TEST, GOOD_TEST)))
    assert [finding.message for finding in found] == ["2 tests are called 1.2"]


def test_a_status_code_is_welcome_where_it_is_the_criterion(features: Path) -> None:
    plan = Register.load(DEMO / "plan/criteria.toml")
    technical = Register(
        tuple(t if t.id != "1.2" else type(t)("1.1a", 1, "P0", t.title, t.criteria) for t in plan.tests)
    )
    text = (
        GOOD.replace("@test-1.2", "@test-1.1a").replace(" 1.2 ", " 1.1a ").replace("a running session", "an answer 201")
    )
    (features / "1.2.feature").write_text(text)
    assert [finding.message for finding in check_features(features, technical)] == []


STEP = '''
@then("it is so")
def it_is_so(context: Context) -> None:
    """It is."""
    {body}
'''


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("if context:\n        expect.so()", "it_is_so holds a branch"),
        ("for one in []:\n        expect.so()", "it_is_so holds a loop"),
        ("expect.so([one for one in []])", "it_is_so holds a loop"),
        ("time.sleep(1)\n    expect.so()", "it_is_so holds a sleep"),
        ("expect.so(f'{context}')", "it_is_so holds string building"),
        ("expect.so('a' + context.x)", "it_is_so holds string building"),
        ("a = 1\n    b = 2\n    c = 3\n    d = 4\n    e = 5\n    expect.so(a)", "it_is_so has 6 lines"),
        ("context.look()", "it_is_so is a Then and does not end in an expect"),
        ("import httpx\n    expect.so()", "steps import no client: httpx"),
    ],
)
def test_a_bad_step_is_found(tmp_path: Path, body: str, message: str) -> None:
    (tmp_path / "steps.py").write_text(STEP.format(body=body))
    assert any(finding.message.startswith(message) for finding in check_steps(tmp_path))


def test_a_good_step_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(STEP.format(body="session = world(context).session\n    expect.so(session)"))
    assert check_steps(tmp_path) == []


@pytest.mark.parametrize(
    "reach", ["world(context).run.api", "world(context).agents.scale(3)", "world(context).results[Creation].answer"]
)
def test_a_step_that_reaches_through_the_world(tmp_path: Path, reach: str) -> None:
    (tmp_path / "steps.py").write_text(STEP.format(body=f"expect.so({reach})"))
    (finding,) = check_steps(tmp_path)
    assert "reaches through the world" in finding.message


def test_a_step_may_take_one_thing_from_the_world(tmp_path: Path) -> None:
    body = 'expect.so(world(context).session, world(context).results[Creation], world(context).budget("x"))'
    (tmp_path / "steps.py").write_text(STEP.format(body=body))
    assert check_steps(tmp_path) == []


def test_a_figure_may_be_recorded_after_the_expectation(tmp_path: Path) -> None:
    (tmp_path / "steps.py").write_text(
        STEP.format(body="mean = expect.so()\n    attachments.record_figure('mean', mean, 's')")
    )
    assert check_steps(tmp_path) == []


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(1)",
        "from time import sleep\nsleep(1)",
        "import threading\nthreading.Event().wait(1)",
        "page.wait_for_timeout(100)",
    ],
)
def test_only_waiting_lets_time_pass(tmp_path: Path, code: str) -> None:
    (tmp_path / "waiting.py").write_text(code)
    assert check_pauses(tmp_path, allowed=tmp_path / "waiting.py") == []
    (tmp_path / "other.py").write_text(code)
    assert len(check_pauses(tmp_path, allowed=tmp_path / "waiting.py")) == 1


@pytest.mark.parametrize(
    "code",
    [
        "for each in pods: ...",
        "for number, (one, _) in enumerate(pods): ...",
        "async def f(): \n    async for told in lines: ...",
        "[found for found in pods]",
        "{said: 1 for said in answers}",
        "any(pod for each in pods for pod in each)",
        "for first, *one in pods: ...",
    ],
)
def test_loop_variable_without_a_noun_is_found(tmp_path: Path, code: str) -> None:
    (tmp_path / "loops.py").write_text(code)
    (finding,) = check_loop_variables(tmp_path)
    assert finding.message.startswith("name the loop variable ")


def test_loop_variable_with_a_noun_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "loops.py").write_text(
        "found = [pod for pod in one.pods]\nfor found.last in pods: ...\nfor ages[one] in pods: ...\n"
    )
    assert check_loop_variables(tmp_path) == []
