"""An order that was given while no agent was there, and what became of it once they were back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamspace_acceptance.cluster.objects import Pod, SessionObject
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.waiting import Stamped, Timeline


@dataclass(frozen=True)
class QueuedCommand:
    """The order to put a session to sleep. Moments are of the monotonic clock.

    given, back, ended: when it was given, when the agents were online again, and when watching ended. `said` is the
    API's status of the session, ten times a second throughout; `trouble` tells why its pod did not go.
    """

    session: Session
    pod: Pod
    answer: Answer
    given: float
    back: float
    ended: float
    said: Sequence[Stamped[str]]
    phase: SessionObject | None
    trouble: Unmet | None

    @property
    def pod_events(self) -> list[Stamped[str]]:
        """What happened to pods of the session since the order: `name there` and `name gone`, each once."""
        found: list[Stamped[str]] = []
        for change in self.session.changes.items():
            if change.at < self.given:
                continue
            pod = Pod.of(change.item.object)
            text = f"{pod.meta.name} {'gone' if change.item.kind == 'DELETED' else 'there'}"
            if text not in (each.item for each in found):
                found.append(Stamped(change.at, text))
        return found

    @property
    def pod_went(self) -> float | None:
        """When the session's pod was on its way out; None when it stayed."""
        changes = [
            each for each in self.session.changes.items() if Pod.of(each.item.object).meta.uid == self.pod.meta.uid
        ]
        return next(
            (each.at for each in changes if each.item.kind == "DELETED" or not Pod.of(each.item.object).stays), None
        )

    def timeline(self) -> str:
        """What the API said and what became of the pods, from the order on."""
        line = Timeline(self.given)
        marks = [Stamped(self.back, "agents online again")]
        said = [each for each in self.said if each.at >= self.given]
        for each in sorted([*said, *self.pod_events, *marks], key=lambda one: one.at):
            line.note(each.item, each.at)
        return line.render()
