"""Waiting that can be watched: every wait has a subject, a goal, a named budget and a timeline.

The suite lets time pass in `clock` alone. A wait ends when its goal is met or has become impossible, or when its budget
is used up; the last two raise `Unmet` with everything that was seen.
"""

from streamspace_acceptance.waiting.clock import SYSTEM_CLOCK, Clock, now, pause, wall_clock
from streamspace_acceptance.waiting.deadline import (
    LOOK_UP_SECONDS,
    DeadlineExceeded,
    shutdown_deadline,
    time_left,
    within,
)
from streamspace_acceptance.waiting.poll import POLL_SECONDS, elapse, follow, poll
from streamspace_acceptance.waiting.recording import Recording, Stamped, sampling
from streamspace_acceptance.waiting.wait import NOTED, Budget, Listener, Outcome, Timeline, Wait, observe

__all__ = [
    "LOOK_UP_SECONDS",
    "NOTED",
    "POLL_SECONDS",
    "SYSTEM_CLOCK",
    "Budget",
    "Clock",
    "DeadlineExceeded",
    "Listener",
    "Outcome",
    "Recording",
    "Stamped",
    "Timeline",
    "Wait",
    "elapse",
    "follow",
    "now",
    "observe",
    "pause",
    "poll",
    "sampling",
    "shutdown_deadline",
    "time_left",
    "wall_clock",
    "within",
]
