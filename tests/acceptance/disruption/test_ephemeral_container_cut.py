"""A cut by an ephemeral container is undone from its record alone, whatever became of the container."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError, ExecResult
from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.cluster.writes import EphemeralContainerState
from streamspace_acceptance.disruption import ephemeral_container_cut
from streamspace_acceptance.disruption.cut_methods import MethodUnavailable
from streamspace_acceptance.disruption.ephemeral_container_cut import EphemeralContainerCut
from tests.support.samples import pod_json

POD = Pod.of(pod_json())
RUNS, ENDED, NO_IMAGE = (
    EphemeralContainerState(True, False, ""),
    EphemeralContainerState(False, True, ""),
    EphemeralContainerState(False, False, "ErrImagePull: not found"),
)


@dataclass
class _Place:
    """A pod and the containers beside it, by how they fare; its rules; what was run, by container."""

    containers: dict[str, EphemeralContainerState] = field(default_factory=dict)
    starts_as: EphemeralContainerState = RUNS
    rules: set[str] = field(default_factory=set)
    refusal: int | None = None
    ran: list[str] = field(default_factory=list)
    looks: list[EphemeralContainerState] = field(default_factory=list)

    def pods(self) -> list[Pod]:
        return [POD]

    def execute(self, pod: Pod, command: list[str], *, container: str) -> ExecResult:
        assert self.containers[container] is RUNS
        self.ran.append(" ".join(command[:3]))
        if command[0] == "sh":
            self.containers[container] = ENDED
            return ExecResult("", "", 0)
        how, rule = command[2], " ".join(command[3:])
        if how == "-A":
            self.rules.add(rule)
        code = 0 if rule in self.rules else 1
        if how == "-D":
            self.rules.discard(rule)
        return ExecResult("", "", code)

    def add_container(self, pod: Pod, container: Json) -> None:
        if self.refusal is not None:
            raise ClusterError("refused", self.refusal)
        self.containers[container["name"]] = self.starts_as

    def added(self, pod: Pod, container: str) -> EphemeralContainerState | None:
        if self.looks:
            self.containers[container] = self.looks.pop(0)
        return self.containers.get(container)


def cut(monkeypatch: pytest.MonkeyPatch, place: _Place) -> EphemeralContainerCut:
    monkeypatch.setattr(ephemeral_container_cut, "ClusterWrites", lambda _: place)
    return EphemeralContainerCut(cast("Cluster", place), POD, 8080, "mark", "image")


def test_its_rule_comes_and_goes_and_the_container_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    place = _Place()
    made = cut(monkeypatch, place)
    made.apply()
    assert len(place.rules) == 1
    made.revert()
    made.revert()
    assert (place.rules, place.containers) == (set(), {"mark": ENDED})


def test_a_rule_whose_container_has_ended_is_removed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    place = _Place()
    made = cut(monkeypatch, place)
    made.apply()
    place.containers["mark"] = ENDED
    made.revert()
    assert place.rules == set()
    assert set(place.containers.values()) == {ENDED}
    assert len(place.containers) == 2


def test_a_rule_that_cannot_be_looked_at_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    place = _Place()
    made = cut(monkeypatch, place)
    made.apply()
    place.containers["mark"], place.starts_as = ENDED, NO_IMAGE
    with pytest.raises(ClusterError, match="may still be cut off"):
        made.revert()


def test_cut_missing_image_is_unavailable_and_reverted(monkeypatch: pytest.MonkeyPatch) -> None:
    place = _Place(starts_as=NO_IMAGE)
    made = cut(monkeypatch, place)
    with pytest.raises(MethodUnavailable, match="does not run: ErrImagePull"):
        made.apply()
    made.revert()
    assert place.ran == []


def test_a_container_that_is_about_to_run_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a run that was killed while the image was pulled: it would run after the sweep, and nobody would end it."""
    place = _Place()
    made = cut(monkeypatch, place)
    place.looks = [EphemeralContainerState(False, False, "ContainerCreating")] * 2 + [RUNS]
    made.revert()
    assert place.containers == {"mark": ENDED}
    assert place.rules == set()


@pytest.mark.parametrize(("status", "error"), [(403, MethodUnavailable), (404, MethodUnavailable), (500, ClusterError)])
def test_a_refusal_closes_the_way_and_an_error_does_not(
    monkeypatch: pytest.MonkeyPatch, status: int, error: type[Exception]
) -> None:
    made = cut(monkeypatch, _Place(refusal=status))
    with pytest.raises(error):
        made.apply()
    made.revert()
