"""Several commands in a queue: each is accepted, carried out, and carried out once."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest

from streamspace_acceptance import expect
from streamspace_acceptance.domain.agents.queued_commands import NOT_TOLD, QueuedDeletion
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.waiting import Stamped
from tests.acceptance.domain.test_agents import ACCEPTED, LATEST, STAYED, change, order
from tests.support.samples import answer


def test_commands_that_are_all_carried_out() -> None:
    both = replace(order(), others=(order(),))
    expect.commands.queued(both, load())
    assert expect.commands.carried_out(both, LATEST) == pytest.approx(0.5)
    expect.commands.carried_out_once(both)


def test_queue_that_keeps_one_command_alone_fails() -> None:
    lost = order(change(9.0), trouble=STAYED)
    for kept in (replace(order(), others=(lost,)), replace(lost, others=(order(),))):
        with pytest.raises(Unmet, match="no pod left"):
            expect.commands.carried_out(kept, LATEST)


def test_command_for_an_agent_that_is_no_more_says_so() -> None:
    waiting = replace(order(change(9.0), trouble=STAYED), other_ids="the agents are back as a-2, and were a-1")
    with pytest.raises(Unmet) as caught:
        expect.commands.carried_out(waiting, LATEST)
    assert caught.value.actual == f"{STAYED.actual}; the API had answered 202 to the command"
    assert caught.value.likely.startswith("the agents are back as a-2, and were a-1: the command may wait for an agent")


GONE = QueuedDeletion(cast("Session", SimpleNamespace(subject="session s-3")), answer({}, 202, method="DELETE"), None)


@pytest.mark.parametrize("status", [200, 202, 204])
def test_deletion_that_waited_is_carried_out(status: int) -> None:
    accepted = replace(order(), deletion=replace(GONE, answer=answer({}, status, method="DELETE")))
    expect.commands.queued(accepted, load())
    expect.commands.carried_out(accepted, LATEST)


def test_deletion_that_is_refused_or_lost_meanwhile_fails() -> None:
    refused = replace(order(), deletion=replace(GONE, answer=answer({}, 503, method="DELETE"), trouble=STAYED))
    with pytest.raises(Unmet, match="deletes no session while no agent is online"):
        expect.commands.queued(refused, load())
    expect.commands.carried_out(refused, LATEST)
    with pytest.raises(Unmet, match="session s-3, deleted while no agent was online") as caught:
        expect.commands.carried_out(replace(order(), deletion=replace(GONE, trouble=STAYED)), LATEST)
    assert caught.value.actual == f"{STAYED.actual}; the API had answered 202 to the deletion"


def test_second_command_that_is_refused_fails() -> None:
    refused = replace(order(), others=(order(answer=answer({}, 429)),))
    with pytest.raises(Unmet, match="the command accepted"):
        expect.commands.queued(refused, load())


def test_second_command_that_is_late_or_repeated_fails() -> None:
    late = replace(order(), others=(order(change(26.0, "DELETED")),))
    with pytest.raises(Unmet, match=r"deleted after 12\.5 s"):
        expect.commands.carried_out(late, LATEST)
    again = order(change(14.1, "DELETED"), change(15.0, "ADDED", name="s-2", uid="u-2"))
    with pytest.raises(Unmet, match="no other in its place"):
        expect.commands.carried_out_once(replace(order(), others=(again,)))


@pytest.mark.parametrize("word", ["Failed", "Terminating"])
def test_session_given_up_while_its_command_waits_fails(word: str) -> None:
    said = ((9.9, "Running"), (10.1, "Hibernating"), (11.0, word), (14.2, "Hibernated"))
    with pytest.raises(Unmet, match=rf"{word} 1\.0 s after the command"):
        expect.commands.status_truthful(order(said=said), load())


def test_session_that_is_not_told_of_while_its_command_waits_fails() -> None:
    said = ((9.9, "Running"), (11.0, f"{NOT_TOLD}: 503 Service Unavailable"), (14.2, "Hibernated"))
    with pytest.raises(Unmet, match="cannot tell of a session without its agent") as caught:
        expect.commands.status_truthful(order(said=said), load())
    assert caught.value.actual == "not told: 503 Service Unavailable (1.0 s after the command)"


def test_second_session_whose_status_is_not_kept_fails() -> None:
    said = ((9.9, "Running"), (10.1, "Running"), (15.0, "Running"))
    both = replace(order(), others=(order(said=said),))
    with pytest.raises(Unmet, match="Running before, Running after in the API"):
        expect.commands.status_truthful(both, load())
    expect.commands.status_truthful(replace(order(), others=(order(),)), load())


def test_another_word_while_a_command_waits_is_no_failure() -> None:
    said = ((9.9, "Running"), (10.1, "Stopping"), (14.2, "Hibernated"))
    waiting = order(said=said)
    expect.commands.status_truthful(waiting, load())
    assert waiting.answer.object() == ACCEPTED
    assert waiting.statuses[0] == Stamped(9.9, "Running")
