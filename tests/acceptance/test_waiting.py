"""Waits end at the right moment, for the right reason, and say what was seen."""

import threading
from collections.abc import Callable

import pytest

from streamspace_acceptance import waiting
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import Budget, DeadlineExceeded, Recording, Timeline, Wait
from tests.support.clock import FakeClock

SHORT = Budget("startup", 2, 0.1)
LONG = Budget("startup", 60, 1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def poll(wait: Wait, answers: list[str], impossible: Callable[[str], str | None] = lambda _: None) -> str:
    """Polls through `answers`, the last of which stays, until `Running`."""
    return waiting.poll(
        wait,
        lambda: answers.pop(0) if len(answers) > 1 else answers[0],
        met=lambda answer: answer == "Running",
        says=str,
        likely=lambda answer: f"stuck at {answer}",
        impossible=impossible,
    )


def keep(wait: Wait, answers: list[str]) -> str:
    """Looks at `answers`, the last of which stays, for the whole budget: each must be `Running`."""
    return waiting.keep(
        wait,
        lambda: answers.pop(0) if len(answers) > 1 else answers[0],
        broken=lambda answer: None if answer == "Running" else f"it is {answer}",
        says=str,
        likely="it does not last",
    )


def test_keep_looks_for_the_whole_budget(clock: FakeClock) -> None:
    wait = Wait("s", "Running", LONG, clock=clock)
    assert keep(wait, ["Running"]) == "Running"
    assert wait.elapsed == pytest.approx(60)
    assert wait.outcome == "held"


def test_keep_fails_at_the_first_wrong_answer(clock: FakeClock) -> None:
    wait = Wait("s", "Running", LONG, clock=clock)
    with pytest.raises(Unmet) as caught:
        keep(wait, ["Running", "Running", "Failed", "Running"])
    assert caught.value.expected == "Running for the startup budget (60 s)"
    assert caught.value.actual == "it is Failed (after 0.2 s)"
    assert caught.value.timeline == "+0.0 s Running · +0.2 s Failed"


def test_a_budget_follows_the_time_scale() -> None:
    assert SHORT.seconds == pytest.approx(0.2)
    assert str(SHORT) == "the startup budget (0.2 s)"


def test_a_timeline_notes_a_text_that_repeats_once() -> None:
    timeline = Timeline(100.0)
    noted = [timeline.note(text, at) for text, at in (("Pending", 100.1), ("Pending", 100.2), ("pod created", 100.4))]
    assert noted == [True, False, True]
    assert timeline.render() == "+0.1 s Pending · +0.4 s pod created"


def test_a_timeline_shows_the_last_of_what_was_seen_before() -> None:
    timeline = Timeline(100.0)
    for text, at in (("Pending", 90.0), ("Running", 95.0), ("gone", 100.3)):
        timeline.note(text, at)
    assert timeline.render() == "+0.0 s Running · +0.3 s gone"


def test_a_long_timeline_shows_its_begin_and_its_end() -> None:
    timeline = Timeline(100.0)
    for number in range(1, 21):
        timeline.note(f"{number} of 20", 100.0 + number)
    shown = timeline.render().split(" · ")
    assert shown[:4] == ["+1.0 s 1 of 20", "+2.0 s 2 of 20", "+3.0 s 3 of 20", "(12 more)"]
    assert shown[4:] == [f"+{number}.0 s {number} of 20" for number in range(16, 21)]
    assert len(timeline.lines()) == 20


def test_a_poll_gives_the_answer_that_met_the_goal(clock: FakeClock) -> None:
    wait = Wait("session s", "Running", LONG, clock=clock)
    assert poll(wait, ["Pending", "Pending", "Running"]) == "Running"
    assert (wait.outcome, [text for _, text in wait.timeline.entries]) == ("met", ["Pending", "Running"])
    assert wait.elapsed == pytest.approx(0.2)


def test_a_poll_that_times_out_says_everything(clock: FakeClock) -> None:
    wait = Wait("session s", "Running", SHORT, clock=clock)
    with pytest.raises(Unmet) as caught:
        poll(wait, ["Pending"])
    lines = str(caught.value).splitlines()
    assert lines[0] == "session s"
    assert lines[1] == "expected: Running within the startup budget (0.2 s)"
    assert lines[2] == "actual:   Pending for 0.2 s"
    assert lines[3] == "timeline: +0.0 s Pending"
    assert lines[4] == "likely:   stuck at Pending"
    assert wait.outcome == "timed out"


def test_a_poll_gives_up_when_the_goal_is_impossible(clock: FakeClock) -> None:
    wait = Wait("session s", "Running", LONG, clock=clock)
    with pytest.raises(Unmet, match="Failed is an end"):
        poll(wait, ["Pending", "Failed"], lambda answer: "Failed is an end" if answer == "Failed" else None)
    assert wait.outcome == "impossible"
    assert wait.elapsed == pytest.approx(0.1)


def test_an_error_of_the_source_goes_through_and_ends_the_wait() -> None:
    def broken() -> str:
        raise OSError("no route")

    wait = Wait("session s", "Running", LONG)
    with pytest.raises(OSError, match="no route"):
        waiting.poll(wait, broken, met=bool, says=str, likely=str)
    assert wait.outcome is None


def test_a_poll_asks_at_most_ten_times_a_second(clock: FakeClock) -> None:
    asked: list[float] = []

    def ask() -> None:
        asked.append(clock.now())
        clock.seconds += 0.03  # an answer takes its time

    wait = Wait("s", "never", Budget("b", 0.35, 1), clock=clock)
    with pytest.raises(Unmet):
        waiting.poll(wait, ask, met=lambda _: False, says=str, likely=str)
    assert asked == pytest.approx([1000.0, 1000.1, 1000.2, 1000.3, 1000.35])
    assert wait.elapsed == pytest.approx(0.38)


def test_elapse_lets_the_whole_budget_pass(clock: FakeClock) -> None:
    wait = Wait("s", "stays", LONG, clock=clock)
    waiting.elapse(wait)
    assert clock.waits == [60.0]
    assert (wait.outcome, wait.elapsed) == ("held", 60.0)


def test_a_watch_wakes_the_wait_at_once() -> None:
    recording: Recording[str] = Recording()
    wait = Wait("pod p", "Ready", LONG)
    threading.Thread(target=recording.append, args=["Ready"]).start()
    found = waiting.follow(
        wait,
        recording,
        goal=lambda items: next((entry.at for entry in items if entry.item == "Ready"), None),
        says=str,
        likely=lambda _: "?",
    )
    assert wait.elapsed < LONG.seconds  # not woken, it would have looked again at the end of its budget alone
    assert wait.started < found <= waiting.now()


def test_a_watch_that_brings_nothing_times_out() -> None:
    wait = Wait("pod p", "Ready", SHORT)
    with pytest.raises(Unmet, match=r"nothing for 0\.2 s"):
        waiting.follow(wait, Recording[str](), goal=lambda items: items or None, says=str, likely=lambda _: "?")


def test_a_watch_that_breaks_breaks_the_wait() -> None:
    recording: Recording[str] = Recording()
    recording.fail(RuntimeError("the watch ended"))
    with pytest.raises(RuntimeError, match="the watch ended"):
        waiting.follow(Wait("p", "Ready", LONG), recording, goal=lambda _: None, says=str, likely=lambda _: "?")


def test_whoever_observes_sees_every_wait_begin_change_and_end() -> None:
    seen: list[str] = []

    class Observer:
        def wait_started(self, wait: Wait) -> None:
            seen.append(f"started {wait.goal}")

        def wait_noted(self, wait: Wait) -> None:
            seen.append(f"noted {wait.timeline.entries[-1][1]}")

        def wait_ended(self, wait: Wait) -> None:
            seen.append(f"ended {wait.outcome}")

    stop = waiting.observe(Observer())
    poll(Wait("s", "Running", LONG, clock=FakeClock()), ["Pending", "Running"])
    stop()
    poll(Wait("s", "Running", LONG), ["Running"])
    assert seen == ["started Running", "noted Pending", "noted Running", "ended met"]


def test_a_call_has_a_total_deadline() -> None:
    never = threading.Event()
    with pytest.raises(DeadlineExceeded, match=r"reading: no complete answer within 0\.1 s"):
        waiting.within(0.1, never.wait, what="reading")
    never.set()
    assert waiting.within(1, lambda: 42, what="reading") == 42


def test_what_a_call_raises_comes_through() -> None:
    def broken() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        waiting.within(1, broken, what="reading")


def test_a_shutdown_gives_a_large_clean_up_more_time() -> None:
    with waiting.shutdown_deadline() as hasten:
        with waiting.shutdown_prolonged(30.0):
            assert waiting.time_left() == float("inf")
            hasten(10.0)
            assert 30.0 < waiting.time_left() <= 40.0
        assert waiting.time_left() <= 10.0
    assert waiting.time_left() == float("inf")
