"""A failure reads as five lines; what depends on another failure is unproven, not failed."""

from types import SimpleNamespace

import pytest

from streamspace_acceptance.outcomes import Unmet, Unproven, unproven_if_failed
from streamspace_acceptance.verdict import judgement

FAILURE = Unmet("session s", expected="Running", actual="Pending", likely="no room")


def test_a_failure_is_five_lines_in_order() -> None:
    assert [line.split(":")[0] for line in str(FAILURE).splitlines()] == [
        "session s",
        "expected",
        "actual",
        "timeline",
        "likely",
    ]


def test_a_failure_with_a_cause_elsewhere_is_unproven() -> None:
    with pytest.raises(Unproven, match="no pod serves it; Pending"), unproven_if_failed("no pod serves it"):
        raise FAILURE


def test_a_failure_without_such_a_cause_stays_a_failure() -> None:
    with pytest.raises(Unmet), unproven_if_failed(None):
        raise FAILURE


def test_an_error_is_never_taken_for_a_failure() -> None:
    with pytest.raises(OSError, match="broken"), unproven_if_failed("no pod serves it"):
        raise OSError("broken")


def test_what_was_not_reached_is_told_with_what_was_seen() -> None:
    unmet = Unmet("session s", expected="Running", actual="Pending for 12.0 s", likely="?")
    step = SimpleNamespace(keyword="Given", name="a running session")
    told = judgement._not_reached(step, judgement._judge_error(unmet))
    assert told.reason == "not reached: session s: Pending for 12.0 s (“Given a running session” is FAILED)"
