"""The ways to wait: ask again and again, follow a recording, or let a whole budget pass."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting.recording import Recording, Stamped
from streamspace_acceptance.waiting.wait import Wait

T = TypeVar("T")
R = TypeVar("R")

POLL_SECONDS = 0.1  # at most ten requests a second, for all sessions together


def poll(
    wait: Wait,
    ask: Callable[[], T],
    *,
    met: Callable[[T], bool],
    says: Callable[[T], str],
    likely: Callable[[T], str],
    impossible: Callable[[T], str | None] = lambda _: None,
    every: float = POLL_SECONDS,
) -> T:
    """Asks every `every` seconds until the answer is `met`, and returns that answer.

    `says` describes an answer for the timeline; `impossible` returns why the goal can no longer be met, or None;
    `likely` describes the probable cause of a failure. Raises Unmet; an error of `ask` passes through.
    """
    with wait.announced():
        while True:
            asked = wait.clock.now()
            answer = ask()
            wait.note(says(answer))
            if met(answer):
                wait.end("met")
                return answer
            _give_up(wait, impossible(answer), partial(likely, answer))
            wait.clock.wait(max(min(asked + every - wait.clock.now(), wait.remaining), 0.0))


def follow(
    wait: Wait,
    recording: Recording[T],
    *,
    goal: Callable[[Sequence[Stamped[T]]], R | None],
    says: Callable[[T], str | None],
    likely: Callable[[Sequence[Stamped[T]]], str],
    impossible: Callable[[Sequence[Stamped[T]]], str | None] = lambda _: None,
) -> R:
    """Waits on a recording until `goal` finds something in all that was received, and returns that.

    `says` describes one received thing for the timeline (None: not worth a note). Raises Unmet; an error of the source
    passes through.
    """
    seen = 0
    with wait.announced():
        while True:
            received = recording.beyond(seen, wait.remaining)
            for stamped in received[seen:]:
                text = says(stamped.item)
                if text is not None:
                    wait.note(text, stamped.at)
            seen = len(received)
            reached = goal(received)
            if reached is not None:
                wait.end("met")
                return reached
            _give_up(wait, impossible(received), partial(likely, received))


def elapse(wait: Wait) -> None:
    """Lets the whole budget pass, for what is recorded meanwhile."""
    with wait.announced():
        wait.clock.wait(wait.remaining)
        wait.end("timed out")


def _give_up(wait: Wait, impossible: str | None, likely: Callable[[], str]) -> None:
    """Raises Unmet when the goal is impossible or the budget used up; otherwise the wait continues."""
    if impossible is None and wait.remaining > 0:
        return
    wait.end("timed out" if impossible is None else "impossible")
    raise Unmet(
        wait.subject,
        expected=f"{wait.goal} within {wait.budget}",
        actual=_last_state(wait) if impossible is None else f"{impossible} (gave up after {wait.elapsed:.1f} s)",
        timeline=wait.timeline.render() or "nothing was seen",
        likely=likely(),
    )


def _last_state(wait: Wait) -> str:
    if not wait.timeline.entries:
        return f"nothing for {wait.elapsed:.1f} s"
    offset, text = wait.timeline.entries[-1]
    return f"{text} for {wait.elapsed - max(offset, 0.0):.1f} s"
