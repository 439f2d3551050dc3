"""Every kind of thing that an expectation judges becomes an attachment that says something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from behave.parser import parse_feature

from streamspace_acceptance.evidence import run_evidence
from streamspace_acceptance.evidence.attachments import WAITS, WaitTimelines
from streamspace_acceptance.evidence.judged import attach_table_of, judged, judged_pictures, plain, table
from streamspace_acceptance.evidence.run_evidence import RunEvidence
from streamspace_acceptance.product.api import Listed
from streamspace_acceptance.verdict.scenario_result import is_wait
from streamspace_acceptance.waiting import Budget, Outcome, Wait
from tests.support.clock import FakeClock
from tests.support.samples import answer, pod


@pytest.fixture
def evidence(tmp_path: Path) -> Iterator[RunEvidence]:
    found = RunEvidence(tmp_path)
    with run_evidence.collected(found):
        yield found


def attached(evidence: RunEvidence, folder: Path) -> dict[str, tuple[str, bytes]]:
    """{name: (media type, content)} of all attachments."""
    return {
        attachment.name: (attachment.type, (folder / attachment.file).read_bytes())
        for attachment in evidence.attachments_of(evidence.owner)
    }


FEATURE = """Feature: f
  Scenario: s
    When these sessions are requested:
      | cpu  | memory |
      | 500m | 1Gi    |
    Then they run
"""


def test_table_of_a_sentence_is_attached(evidence: RunEvidence, tmp_path: Path) -> None:
    with_table, without = parse_feature(FEATURE).scenarios[0].steps
    attach_table_of(without)
    assert attached(evidence, tmp_path) == {}
    attach_table_of(with_table)
    assert attached(evidence, tmp_path) == {"table of the sentence": ("text/csv", b"cpu,memory\n500m,1Gi\n")}


def test_judged_answer_shows_request_and_response(evidence: RunEvidence, tmp_path: Path) -> None:
    said = replace(answer({"sessionId": "s-1"}, 201, method="POST"), request={"user": "testuser"}, reason="Created")
    judged("request and answer", said)
    media, content = attached(evidence, tmp_path)["request and answer"]
    assert media == "text/plain"
    for part in (b"POST http://127.0.0.1:8080/x", b'"user": "testuser"', b"201 Created", b'"sessionId": "s-1"'):
        assert part in content


def test_judged_objects_are_yaml(evidence: RunEvidence, tmp_path: Path) -> None:
    judged("pods", [pod(name="desktop-1")])
    media, content = attached(evidence, tmp_path)["pods"]
    assert media == "application/yaml"
    assert b"name: desktop-1" in content


def test_judged_table_masks_each_cell_alone(evidence: RunEvidence, tmp_path: Path) -> None:
    judged("attempts", table("address | answer | succeeded", [("ws://api/x?token=abcdef", "refused", False)]))
    assert attached(evidence, tmp_path)["attempts"][1].splitlines()[1] == b"ws://api/x?token=[redacted],refused,no"


def test_judged_table_writes_what_is_missing_as_a_dash(evidence: RunEvidence, tmp_path: Path) -> None:
    judged("agents", table("agent | last heartbeat", [("agent-1", None)]))
    assert attached(evidence, tmp_path)["agents"][1].splitlines()[1] == b"agent-1,-"


def test_judged_table_is_csv(evidence: RunEvidence, tmp_path: Path) -> None:
    judged("rejections", table("mistake | status", [("no image, at all", 400), ("no name", 422)]))
    assert attached(evidence, tmp_path)["rejections"] == (
        "text/csv",
        b'mistake,status\n"no image, at all",400\nno name,422\n',
    )


def test_judged_text_function_and_pictures(evidence: RunEvidence, tmp_path: Path) -> None:
    judged("text", lambda: "said when asked")
    judged_pictures({"before": b"\x89PNG"})
    found = attached(evidence, tmp_path)
    assert found["text"] == ("text/plain", b"said when asked")
    assert found["before"] == ("image/png", b"\x89PNG")


def test_judged_outside_a_run_asks_for_nothing() -> None:
    judged("text", lambda: pytest.fail("nobody keeps it"))


def test_judged_values_become_plain() -> None:
    assert plain({"a": (Decimal("1.5"), frozenset({"x"}), b"y", None, True)}) == {"a": ["1.5", ["x"], "y", None, True]}


def wait(goal: str, outcome: Outcome, seconds: float, budget: Budget) -> Wait:
    clock = FakeClock()
    waited = Wait("agent a", goal, budget, clock=clock)
    clock.wait(seconds)
    waited.end(outcome)
    return waited


def test_waits_of_a_step_are_one_attachment(evidence: RunEvidence, tmp_path: Path) -> None:
    listener, heartbeat, limit = WaitTimelines(), Budget("heartbeat", 30, 0.1), Budget("", 120, 0.1)
    for waited in (
        wait("Running", "met", 0.01, limit),
        wait("offline", "met", 3.0, limit),
        wait("it stays online", "held", 3.0, heartbeat),
        wait("online", "timed out", 12.0, limit),
    ):
        listener.wait_ended(waited)
    ((name, (_, content)),) = attached(evidence, tmp_path).items()
    text = content.decode()
    assert name == WAITS
    assert "Running" not in text, "a wait that was met at once tells nothing"
    assert "limit:    120 s (here 12 s)\noutcome:  met after 3.00 s" in text
    assert "limit:    30 s (here 3 s), heartbeat\noutcome:  held for 3.0 s, as required" in text
    assert "outcome:  not met after 12.00 s" in text
    assert "timed out" not in text
    assert [is_wait(attachment) for attachment in evidence.attachments_of(None)] == [True]


def test_waits_of_another_step_are_another_attachment(evidence: RunEvidence, tmp_path: Path) -> None:
    steps = object(), object()
    for evidence.owner in steps:
        WaitTimelines().wait_ended(wait("Running", "met", 1.0, Budget("start", 120, 1)))
    assert [len(evidence.attachments_of(step)) for step in steps] == [1, 1]


def test_object_of_kubernetes_is_shown_as_kubernetes_has_it() -> None:
    shown = plain(pod(name="desktop-1"))
    assert isinstance(shown, dict)
    assert (shown["metadata"]["name"], "ready_containers" in shown) == ("desktop-1", False)


def test_field_that_only_the_suite_needs_is_left_out() -> None:
    assert "tells_request" not in str(plain(Listed("s-1", "s-1", "Running", "u", "t", tells_request=True)))
