"""The plan's figures in seconds, by name, on the clock of the target."""

from __future__ import annotations

from dataclasses import dataclass

from streamspace_acceptance.waiting import Budget

# Waits that no sentence states. The plan gives pods 120 s to be Ready (`kubectl wait … --timeout=120s`); where it names
# no figure, a session's other changes of state get the same.
PLAN_SECONDS = {
    "start": 120.0,
    "restart": 120.0,
    "wake": 120.0,
    "hibernation": 120.0,
    "deletion": 120.0,
    "heartbeat": 30.0,  # 3.3: from one heartbeat to the next
    "offline": 60.0,  # 3.3: two missed heartbeats
    "reconnection": 30.0,  # 3.3: what the plan waits for an agent to be back
    "agents": 180.0,  # 3.4: `kubectl wait … --timeout=180s`
    "profile": 60.0,  # 4.2: the plan names no window; a minute covers several samples of every source
    "sessions of a profile": 600.0,  # 4.2: `kubectl wait … --timeout=600s` for 50 sessions
    "burst": 300.0,  # 4.2: `kubectl wait … --timeout=300s` for many sessions at once
    "ramp step": 600.0,  # 4.4: `timeout 600` for each step
    "dwell": 105.0,  # longer than any answer, backup or idle limit of seconds: later defects show after it
    "calm": 10.0,  # for as long a hibernated session must not change
}
LEAST_DURATION_SECONDS = 10.0
"""A shorter measurement says nothing."""
TARGET_SECONDS = (30.0, 45.0)  # 1.1b: what a startup should take

# Time of the browser and of the cluster, which no target's clock shortens.
BROWSER_SECONDS = {
    "browser": 15.0,
    "helper": 120.0,  # for an ephemeral container to run, whose image may have to be pulled
}


class Seconds(float):
    """A time limit as the plan has it, before the target's time scale: `60 s` in a sentence."""


class Duration(Seconds):
    """How long something is to be measured or kept up: `for 5 minutes` in a sentence, in the plan's seconds."""


class Milliseconds(float):
    """A time that a user waits, which no target's clock shortens: `100 ms` in a sentence."""


@dataclass(frozen=True)
class Budgets:
    """All budgets on a target of one time scale."""

    scale: float

    def named(self, name: str) -> Budget:
        """The budget of that name; KeyError for a name that the plan does not know."""
        if name in BROWSER_SECONDS:
            return Budget(name, BROWSER_SECONDS[name], 1.0)
        return Budget(name, PLAN_SECONDS[name], self.scale)

    def limit(self, seconds: Seconds) -> Budget:
        """A limit that a sentence of the plan states, on this target's clock."""
        return Budget("", seconds, self.scale)

    def spans(self, name: str = "outage", **times: float) -> Budget:
        """So many times each of the plan's spans, taken together: `spans(heartbeat=2, offline=1)`."""
        seconds = sum(factor * self.named(span).plan_seconds for span, factor in times.items())
        return Budget(name, seconds, self.scale)
