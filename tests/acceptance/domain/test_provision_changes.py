"""The pod that replaces another one: what the product changed is told from what the cluster did."""

from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster.containers import Role, main_container
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.sessions import provision
from tests.support.samples import Json, pod_json

ASKED = {"cpu": "500m", "memory": "1Gi"}
OWNED = [{"kind": "ReplicaSet", "name": "s-1-5d", "uid": "r-1"}]


def _pod(amounts: Json, image: str = "firefox:1") -> Pod:
    found = pod_json()
    found["metadata"]["ownerReferences"] = OWNED
    found["spec"]["containers"][0] |= {"image": image, "resources": {"requests": amounts, "limits": amounts}}
    return Pod.of(found)


def _cluster(asked: Json | None) -> Any:
    containers = deepcopy(_pod(asked).object["spec"]["containers"]) if asked is not None else []
    deployment = {"spec": {"template": {"spec": {"containers": containers}}}}
    return SimpleNamespace(main_container=lambda obj: main_container(obj, Role()), deployment=lambda _: deployment)


@pytest.mark.parametrize(
    "after",
    [_pod(ASKED | {"memory": "512Mi"}), _pod(ASKED | {"cpu": "250m"}), _pod({}), _pod(ASKED, "firefox:2")],
)
def test_pod_that_is_made_with_something_else_is_told(after: Pod) -> None:
    container = after.object["spec"]["containers"][0]
    deployment = {"spec": {"template": {"spec": {"containers": [container]}}}}
    cluster = SimpleNamespace(**vars(_cluster(ASKED)) | {"deployment": lambda _: deployment})
    assert provision.changes(cluster, _pod(ASKED), after)  # type: ignore[arg-type]


def test_pod_that_is_like_the_one_before_does_not_differ() -> None:
    written_otherwise = {"cpu": "0.5", "memory": "1024Mi"}
    assert provision.changes(_cluster(ASKED), _pod(ASKED), _pod(written_otherwise)) == []


def test_pod_that_an_autoscaler_changed_does_not_differ() -> None:
    scaled = _pod(ASKED | {"memory": "512Mi"})
    scaled.object["metadata"]["annotations"] = {"vpaUpdates": "Pod resources updated by hamster: container desktop"}
    unseen = SimpleNamespace(**vars(_cluster(None)) | {"deployment": lambda _: None})
    assert provision.changes(unseen, _pod(ASKED), scaled) == []  # type: ignore[arg-type]


def test_pod_that_the_cluster_changed_does_not_differ() -> None:
    assert provision.changes(_cluster(ASKED), _pod(ASKED), _pod(ASKED | {"memory": "1536Mi"})) == []


def test_pod_of_a_stateful_set_that_the_cluster_changed_does_not_differ() -> None:
    cluster, changed = _cluster(ASKED), _pod(ASKED | {"memory": "1536Mi"})
    changed.object["metadata"]["ownerReferences"] = [{"kind": "StatefulSet", "name": "s-1", "uid": "s-1"}]
    of_a_set = SimpleNamespace(main_container=cluster.main_container, stateful_set=cluster.deployment)
    assert provision.changes(of_a_set, _pod(ASKED), changed) == []  # type: ignore[arg-type]
    asks_so = {"spec": {"template": {"spec": {"containers": changed.object["spec"]["containers"]}}}}
    of_a_set.stateful_set = lambda _: asks_so
    assert provision.changes(of_a_set, _pod(ASKED), changed)  # type: ignore[arg-type]
