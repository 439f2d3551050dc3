"""Bursts and ramps as a run leaves them, to be altered by each test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamspace_acceptance.domain.performance.bursts import Burst, Bursts
from streamspace_acceptance.domain.performance.capacity import Recovery, SessionCapacity, Step
from streamspace_acceptance.domain.performance.session_moments import SessionMoments
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.domain.sessions.scheduled_requests import ScheduledRequests
from streamspace_acceptance.measuring.capacity_search import CapacitySearch
from streamspace_acceptance.measuring.control_plane import ControlPlane
from streamspace_acceptance.measuring.open_loop import Load, ScheduledCall
from streamspace_acceptance.product.answers import Answer
from tests.support.samples import answer

BEGAN = 1000.0


def burst(
    per_minute: float = 20.0,
    *,
    count: int = 20,
    scale: float = 1.0,
    statuses: dict[int, int] | None = None,
    silent: Sequence[int] = (),
    lag: float = 0.001,
    busy: float = 0.4,
    plane: ControlPlane | None = None,
    crowded: str = "",
    says: str = "no",
) -> Bursts:
    """One burst of `count` sessions that come to run at that pace.

    `statuses` are other answers than 201, by number, which say `says`; `silent` requests have none.
    """
    calls, asked, creations, sessions = list[ScheduledCall[Answer]](), list[Asked](), list[Creation | None](), []
    for number in range(1, count + 1):
        due = BEGAN + 0.05 * (number - 1)
        request = Asked(f"perftest{number}", "firefox-browser", "minimum", frozenset())
        status = (statuses or {}).get(number, 201)
        said = None if number in silent else answer({"message": says}, status, method="POST")
        error = OSError("refused") if said is None else None
        call = ScheduledCall(number, due, due + lag, due + 0.2, said, error)
        made = None if said is None else Creation(request, said, None, f"s-{number}" if status == 201 else None, ())
        moments = SessionMoments.of(request.user, call, made)
        if moments.session is not None:
            done = BEGAN + 60 * scale / per_minute * number
            moments.listed, moments.ready, moments.running, moments.status = due + 0.2, done - 0.1, done, "Running"
        calls.append(call)
        asked.append(request)
        creations.append(made)
        sessions.append(moments)
    requests = ScheduledRequests(Load(calls, BEGAN, 0.1), asked, creations)
    return Bursts([Burst(requests, sessions, scale, {"node-1": busy}, plane=plane, crowded=crowded)], 1)


def step(number: int, **changes: Any) -> Step:
    """A step that held, with a start of 2 s; a condition makes it one that did not."""
    known: dict[str, Any] = {
        "added": 10,
        "alive": number,
        "seconds": 5.0,
        "starts": [2.0] * 10,
        "conditions": [],
        "reasons": [],
        "lost": [],
        "crashes": [],
        "busy": {"node-1": 0.5},
        "samples": ["s-1 answers"],
        "generator": "load generator: 10 calls",
    }
    return Step(number, **{**known, **changes})


def ramp(*steps: Step, numbers: Sequence[int] = (10, 20, 30)) -> SessionCapacity:
    """A ramp whose search was told of those steps, and that recovered."""
    found = SessionCapacity(CapacitySearch(numbers), 0.1, list(steps), recovery=Recovery(3.0, 0.9, []))
    for ramp_step in steps:
        if ramp_step.holds:
            found.search.held(ramp_step.number)
        else:
            found.search.failed(ramp_step.number, ramp_step.alive)
    return found
