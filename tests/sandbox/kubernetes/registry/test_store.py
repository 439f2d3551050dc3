"""The store: versions, conflicts, deletion, watches."""

import asyncio

import pytest

from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.resources import (
    CONFIGMAPS,
    CUSTOMRESOURCEDEFINITIONS,
    DEPLOYMENTS,
    NAMESPACES,
    PODS,
    SECRETS,
    Obj,
)
from streamspace_sandbox.kubernetes.registry.store import Store
from tests.support.kubernetes_samples import deployment, pod, session, session_definition


@pytest.fixture
def store() -> Store:
    return Store()


def _label(obj: Obj) -> None:
    obj["metadata"].setdefault("labels", {})["seen"] = "yes"


def _refused(code: int, reason: str) -> "pytest.RaisesExc[ApiError]":
    return pytest.raises(ApiError, check=lambda error: (error.code, error.reason) == (code, reason))


def test_create_sets_what_only_the_server_knows(store: Store) -> None:
    made = store.create(PODS, pod("a"))
    assert made["metadata"]["uid"]
    assert made["metadata"]["resourceVersion"] == str(store.version)
    assert made["metadata"]["creationTimestamp"].endswith("Z")
    assert made["status"] == {"phase": "Pending"}
    assert made["spec"]["terminationGracePeriodSeconds"] == 30
    assert store.get(PODS, "default", "a") is made


def test_generated_names_differ(store: Store) -> None:
    given = pod("")
    given["metadata"] |= {"name": "", "generateName": "web-"}
    names = {store.create(PODS, given)["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("web-") and len(name) == 9 for name in names)


def test_a_name_can_be_taken_once(store: Store) -> None:
    store.create(PODS, pod("a"))
    with _refused(409, "AlreadyExists"):
        store.create(PODS, pod("a"))


def test_a_namespace_must_exist_and_stay(store: Store) -> None:
    given = pod("a")
    given["metadata"]["namespace"] = "nowhere"
    with _refused(404, "NotFound"):
        store.create(PODS, given)
    store.create(NAMESPACES, {"metadata": {"name": "nowhere"}})
    store.create(PODS, given)
    store.delete(NAMESPACES, None, "nowhere")
    given["metadata"]["name"] = "b"
    with _refused(403, "Forbidden"):
        store.create(PODS, given)


def test_an_outdated_update_is_a_conflict(store: Store) -> None:
    first = store.create(PODS, pod("a"))
    store.mutate(PODS, "default", "a", _label)
    with _refused(409, "Conflict"):
        store.update(PODS, first)


def test_another_object_of_the_same_name_is_a_conflict(store: Store) -> None:
    first = store.create(CONFIGMAPS, {"metadata": {"name": "a", "namespace": "default"}})
    store.delete(CONFIGMAPS, "default", "a")
    store.create(CONFIGMAPS, {"metadata": {"name": "a", "namespace": "default"}})
    with _refused(409, "Conflict"):
        store.delete(CONFIGMAPS, "default", "a", uid=first["metadata"]["uid"])


def test_an_update_that_changes_nothing_leaves_the_version(store: Store) -> None:
    made = store.create(PODS, pod("a"))
    assert store.mutate(PODS, "default", "a", lambda obj: None) is made


def test_status_and_spec_are_written_apart(store: Store) -> None:
    made = store.create(DEPLOYMENTS, deployment("d"))

    def both(obj: Obj) -> None:
        obj["spec"]["replicas"] = 5
        obj["status"]["readyReplicas"] = 3

    scaled = store.mutate(DEPLOYMENTS, "default", "d", both)
    assert (scaled["spec"]["replicas"], scaled["status"]) == (5, {})
    assert scaled["metadata"]["generation"] == made["metadata"]["generation"] + 1
    reported = store.mutate(DEPLOYMENTS, "default", "d", both, subresource="status")
    assert reported["status"] == {"readyReplicas": 3}
    assert reported["metadata"]["generation"] == scaled["metadata"]["generation"]


def test_a_pod_on_a_node_is_deleted_by_its_kubelet(store: Store) -> None:
    made = store.create(PODS, pod("a"))
    marked = store.delete(PODS, "default", "a")
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
    assert "deletionTimestamp" in marked["metadata"]
    assert store.get(PODS, "default", "a") is marked
    sooner = store.delete(PODS, "default", "a", grace_seconds=5)
    assert sooner["metadata"]["deletionGracePeriodSeconds"] == 5
    store.remove(PODS, "default", "a", uid=made["metadata"]["uid"])
    with _refused(404, "NotFound"):
        store.get(PODS, "default", "a")


@pytest.mark.parametrize("grace", [None, 0])
def test_a_pod_without_node_or_without_grace_goes_at_once(store: Store, grace: int | None) -> None:
    store.create(PODS, pod("a", node=None if grace is None else "node-1"))
    store.delete(PODS, "default", "a", grace_seconds=grace)
    with _refused(404, "NotFound"):
        store.get(PODS, "default", "a")


def test_finalizers_hold_an_object(store: Store) -> None:
    held = {"metadata": {"name": "a", "namespace": "default", "finalizers": ["stream.space/clean"]}}
    store.create(CONFIGMAPS, held)
    assert "deletionTimestamp" in store.delete(CONFIGMAPS, "default", "a")["metadata"]
    store.mutate(CONFIGMAPS, "default", "a", lambda obj: obj["metadata"].pop("finalizers"))
    with _refused(404, "NotFound"):
        store.get(CONFIGMAPS, "default", "a")


def test_foreground_deletion_waits_for_the_garbage_collector(store: Store) -> None:
    store.create(DEPLOYMENTS, deployment("d"))
    marked = store.delete(DEPLOYMENTS, "default", "d", propagation="Foreground")
    assert marked["metadata"]["finalizers"] == ["foregroundDeletion"]


def test_fields_that_may_not_change(store: Store) -> None:
    store.create(PODS, pod("a"))
    store.create(SECRETS, {"metadata": {"name": "s", "namespace": "default"}, "stringData": {"a": "b"}})
    with pytest.raises(ApiError, match="pod updates may not change fields"):
        store.mutate(PODS, "default", "a", lambda obj: obj["spec"].update(hostname="other"))
    store.mutate(PODS, "default", "a", lambda obj: obj["spec"]["containers"][0].update(image="streamspace/firefox:v2"))
    with pytest.raises(ApiError, match="field is immutable"):
        store.mutate(SECRETS, "default", "s", lambda obj: obj.update(type="other"))


def test_a_pod_gets_its_node_once(store: Store) -> None:
    store.create(PODS, pod("a", node=None))
    store.mutate(PODS, "default", "a", lambda obj: obj["spec"].update(nodeName="node-1"))
    with pytest.raises(ApiError, match="pod updates may not change fields"):
        store.mutate(PODS, "default", "a", lambda obj: obj["spec"].update(nodeName="node-2"))


def test_secrets_keep_their_data_encoded(store: Store) -> None:
    made = store.create(SECRETS, {"metadata": {"name": "s", "namespace": "default"}, "stringData": {"a": "b"}})
    assert made["data"] == {"a": "Yg=="}
    assert "stringData" not in made


def test_a_definition_serves_its_kind_until_it_goes(store: Store) -> None:
    definition = store.create(CUSTOMRESOURCEDEFINITIONS, session_definition())
    assert {c["type"]: c["status"] for c in definition["status"]["conditions"]}["Established"] == "True"
    sessions = store.resources.find("sessions")
    made = store.create(sessions, session("s1", unknown="pruned"))
    assert made["spec"] == {"user": "testuser", "state": "Running"}
    watched = store.watch(sessions)
    store.delete(CUSTOMRESOURCEDEFINITIONS, None, "sessions.stream.space")
    assert [event.type for event in watched.take()] == ["DELETED"]
    with pytest.raises(LookupError):
        store.resources.find("sessions")


def test_a_watch_has_no_gap(store: Store) -> None:
    store.create(PODS, pod("a"))
    _, version = store.list(PODS)
    store.create(PODS, pod("b"))
    store.mutate(PODS, "default", "b", _label)
    subscription = store.watch(PODS, since=version)
    store.delete(PODS, "default", "b", grace_seconds=0)
    seen = [(event.type, event.object["metadata"]["name"]) for event in subscription.take()]
    assert seen == [("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "b")]


def test_a_watch_from_too_long_ago_is_gone() -> None:
    store = Store(history=3)
    _, version = store.list(PODS)
    for name in "abcd":
        store.create(PODS, pod(name))
    with _refused(410, "Expired"):
        store.watch(PODS, since=version)
    assert len(store.watch(PODS, since=version + 1).take()) == 3


def test_a_callback_hears_within_the_change(store: Store) -> None:
    heard: list[str] = []
    store.watch(PODS, "default", callback=lambda event: heard.append(event.type))
    store.create(PODS, pod("a"))
    assert heard == ["ADDED"]


def test_iteration_ends_when_closed(store: Store) -> None:
    async def run() -> list[str]:
        subscription = store.watch(PODS)
        store.create(PODS, pod("a"))
        asyncio.get_running_loop().call_soon(subscription.close)
        return [event.type async for event in subscription]

    assert asyncio.run(run()) == ["ADDED"]
