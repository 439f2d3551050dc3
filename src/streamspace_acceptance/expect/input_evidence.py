"""The evidence of a command and a click in a desktop."""

from __future__ import annotations

from streamspace_acceptance.domain.sessions.input_probe import InputProbe
from streamspace_acceptance.evidence.judged import judged


def judge_input(trial: InputProbe, name: str = "the desktop") -> None:
    """Attach the pictures around a typed command and a click, and the effect of both."""
    judged(f"{name} before the command", lambda: trial.before.png)
    judged(f"{name} after the command", lambda: trial.after.png)
    judged(f"{name}, effect", lambda: _effect(trial))


def _effect(trial: InputProbe) -> str:
    return (
        f"command carried out: {trial.received}\nclick received: {trial.clicked}\n"
        f"typed colour: {trial.colour.share:.0%} of the screen, in {trial.colour.box}"
    )
