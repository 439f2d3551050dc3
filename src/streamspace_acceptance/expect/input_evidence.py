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
    box = trial.colour.box
    place = f", from {box[:2]} to {box[2:]}" if box else ""
    return (
        f"command carried out: {_yes(trial.received)}\nclick received: {_yes(trial.clicked)}\n"
        f"the colour that the command sets: {trial.colour.share:.0%} of the picture{place}"
    )


def _yes(true: bool) -> str:
    return "yes" if true else "no"
