"""Disruptions are undone in reverse order, each whatever became of the others."""

from dataclasses import dataclass, field

import pytest

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.disruption.disruptions import Disruptions, RevertError
from streamspace_acceptance.disruption.scaling import Scaling


@dataclass
class Breakage:
    """Writes down what is done to it; refuses what it is told to refuse."""

    name: str
    story: list[str] = field(default_factory=list)
    refuses: str = ""

    def record(self) -> dict[str, str]:
        return {"kind": self.name}

    def apply(self) -> None:
        self._do("apply")

    def revert(self) -> None:
        self._do("undo")

    def _do(self, what: str) -> None:
        self.story.append(f"{what} {self.name}")
        if what == self.refuses:
            raise RuntimeError(f"{self.name} refuses to {what}")


class Deployments:
    """A cluster with one Deployment, which somebody else may scale."""

    def __init__(self) -> None:
        self.now = 1
        self.fields: list[dict[str, object]] = []

    def replicas(self, _deployment: str) -> int:
        return self.now

    def scale(self, _deployment: str, replicas: int) -> None:
        self.now = replicas

    def deployment(self, _name: str) -> dict[str, object]:
        return {"metadata": {"managedFields": self.fields}, "spec": {"replicas": self.now}}


def test_scaling_that_somebody_takes_back_names_the_field_manager() -> None:
    cluster = Deployments()
    disruptions = Disruptions()
    disruptions.apply(Scaling(cluster, "agents", 3))  # type: ignore[arg-type]
    disruptions.check_held()
    cluster.now = 1
    cluster.fields = [{"manager": "argocd", "time": "2026", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]
    with pytest.raises(ClusterError, match=r"somebody set spec\.replicas of Deployment agents back to 1 .*argocd"):
        disruptions.check_held()
    disruptions.revert_all()
    disruptions.check_held()
    assert cluster.now == 1


def test_scaling_leaves_the_number_that_somebody_else_chose() -> None:
    cluster = Deployments()
    disruptions = Disruptions()
    disruptions.apply(Scaling(cluster, "agents", 3))  # type: ignore[arg-type]
    cluster.now = 5
    with pytest.raises(ClusterError, match=r"somebody set spec\.replicas of Deployment agents to 5"):
        disruptions.check_held()
    disruptions.revert_all()
    assert cluster.now == 5


def test_scaling_after_another_begins_from_what_was_before() -> None:
    cluster, story = Deployments(), Breakage("cut")
    cluster.now = 2
    disruptions = Disruptions()
    disruptions.apply(Scaling(cluster, "agents", 1))  # type: ignore[arg-type]
    disruptions.apply(story)
    disruptions.revert_each(Scaling)
    assert (cluster.now, story.story) == (2, ["apply cut"])
    disruptions.apply(Scaling(cluster, "agents", 3), lasting=True)  # type: ignore[arg-type]
    disruptions.check_held()
    disruptions.revert_passing()
    assert cluster.now == 3
    disruptions.revert_all()
    assert cluster.now == 2


def test_the_last_one_is_undone_first() -> None:
    story: list[str] = []
    disruptions = Disruptions()
    disruptions.apply(Breakage("a", story))
    disruptions.apply(Breakage("b", story))
    disruptions.revert_all()
    disruptions.revert_all()
    assert story == ["apply a", "apply b", "undo b", "undo a"]


def test_what_broke_half_way_is_undone_as_well() -> None:
    story: list[str] = []
    disruptions = Disruptions()
    with pytest.raises(RuntimeError):
        disruptions.apply(Breakage("a", story, refuses="apply"))
    disruptions.revert_all()
    assert story == ["apply a", "undo a"]


def test_one_that_cannot_be_undone_hides_no_other_and_is_told() -> None:
    story: list[str] = []
    disruptions = Disruptions()
    disruptions.apply(Breakage("a", story))
    disruptions.apply(Breakage("b", story, refuses="undo"))
    with pytest.raises(RevertError, match="b: b refuses to undo"):
        disruptions.revert_all()
    assert story[-1] == "undo a"


def test_what_was_undone_in_time_is_not_undone_again() -> None:
    story: list[str] = []
    disruptions, breakage = Disruptions(), Breakage("a", story)
    disruptions.apply(breakage)
    disruptions.revert(breakage)
    disruptions.revert_all()
    assert story == ["apply a", "undo a"]


def test_lasting_one_stays_until_all_are_reverted() -> None:
    story: list[str] = []
    disruptions = Disruptions()
    disruptions.apply(Breakage("a", story), lasting=True)
    disruptions.apply(Breakage("b", story))
    disruptions.revert_passing()
    assert story[2:] == ["undo b"]
    disruptions.revert_all()
    assert story[2:] == ["undo b", "undo a"]
