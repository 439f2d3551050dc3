"""The API over HTTP: authentication, refusals, lists, patches, reviews and scale."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.api_server import Cluster
from tests.support.kubernetes_samples import deployment, session, session_definition

PODS = "/api/v1/namespaces/default/pods"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
SESSIONS = "/apis/stream.space/v1alpha1/namespaces/default/sessions"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def configmap(name: str, **data: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "data": data}


@pytest.fixture
def sessions(http: httpx.Client) -> Iterator[str]:
    """The path of a custom kind that is served during the test."""
    http.post(DEFINITIONS, json=session_definition()).raise_for_status()
    await_status(http, SESSIONS, 200)
    yield SESSIONS
    http.delete(f"{DEFINITIONS}/sessions.stream.space").raise_for_status()
    await_status(http, f"{DEFINITIONS}/sessions.stream.space", 404)


def await_status(http: httpx.Client, path: str, status: int) -> None:
    """A real Kubernetes serves a new kind, and forgets a deleted one, a moment later."""
    deadline = time.monotonic() + 20
    while (answer := http.get(path)).status_code != status:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """(code, reason) of an error that is a Status in every respect."""
    status = answer.json()
    assert (status["kind"], status["apiVersion"], status["status"]) == ("Status", "v1", "Failure")
    assert status["code"] == answer.status_code
    assert status["message"]
    return status["code"], status["reason"]


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic token-of-the-tests", "Bearer"])
def test_nobody_gets_in_without_the_token(http: httpx.Client, header: str | None) -> None:
    del http.headers["authorization"]
    headers = {"Authorization": header} if header else {}
    assert refusal(http.get(PODS, headers=headers)) == (401, "Unauthorized")
    assert http.get("/healthz").text == "ok"


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", f"{PODS}/none", (404, "NotFound")),
        ("GET", "/api/v1/namespaces/default/unicorns", (404, "NotFound")),
        ("GET", "/apis/nothing.example/v1", (404, "NotFound")),
        ("GET", "/nothing", (404, "NotFound")),
        ("GET", f"{CONFIGMAPS}/a/status", (404, "NotFound")),
        ("GET", f"{PODS}/a/attach", (404, "NotFound")),
        ("PUT", PODS, (405, "MethodNotAllowed")),
        ("POST", "/api/v1/pods", (405, "MethodNotAllowed")),
        ("GET", f"{PODS}?labelSelector=a==", None),
        ("GET", f"{PODS}?labelSelector=a%20b", (400, "BadRequest")),
        ("GET", f"{PODS}?fieldSelector=spec.foo=1", (400, "BadRequest")),
    ],
)
def test_what_cannot_be_served_is_a_status(
    http: httpx.Client, method: str, path: str, expected: tuple[int, str] | None
) -> None:
    answer = http.request(method, path)
    if expected is None:
        assert answer.status_code == 200
    else:
        assert refusal(answer) == expected


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (b'{"metadata": {', "application/json", (400, "BadRequest")),
        (b"[1, 2]", "application/json", (400, "BadRequest")),
        (b'{"metadata": 5}', "application/json", (400, "BadRequest")),
        (b'{"metadata": {"name": 5}}', "application/json", (400, "BadRequest")),
        (b'{"kind": "Pod", "metadata": {"name": "a"}}', "application/json", (400, "BadRequest")),
        (b'{"metadata": {"name": "a"}, "data": {"a": 5}}', "application/json", (400, "BadRequest")),
        (b'{"metadata": {"name": "a", "namespace": "other"}}', "application/json", (400, "BadRequest")),
        (b"k8s\x00", "application/vnd.kubernetes.protobuf", (415, "UnsupportedMediaType")),
        (b"a: 5", "application/yaml", (415, "UnsupportedMediaType")),
        (b'{"metadata": {"name": "Not A Name"}}', "application/json", (422, "Invalid")),
        (b'{"metadata": {}}', "application/json", (422, "Invalid")),
        (b" " * (3 * 1024 * 1024 + 1), "application/json", (413, "RequestEntityTooLarge")),
    ],
)
def test_a_bad_body_leaves_nothing(
    http: httpx.Client, content: bytes, media_type: str, expected: tuple[int, str]
) -> None:
    answer = http.post(CONFIGMAPS, content=content, headers={"Content-Type": media_type})
    assert refusal(answer) == expected
    assert http.get(CONFIGMAPS).json()["items"] == []


def _without_containers(given: dict[str, Any]) -> None:
    given["spec"]["template"]["spec"] = {"containers": []}


def _without_image(given: dict[str, Any]) -> None:
    del given["spec"]["template"]["spec"]["containers"][0]["image"]


def _bad_quantity(given: dict[str, Any]) -> None:
    given["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "plenty"}}


def _other_labels(given: dict[str, Any]) -> None:
    given["spec"]["template"]["metadata"]["labels"] = {"app": "other"}


def _bad_surge(given: dict[str, Any]) -> None:
    given["spec"]["strategy"] = {"rollingUpdate": {"maxSurge": "some"}}


def _without_selector(given: dict[str, Any]) -> None:
    del given["spec"]["selector"]


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (_without_containers, "spec.template.spec.containers"),
        (_without_image, "spec.template.spec.containers[0].image"),
        (_bad_quantity, "spec.template.spec.containers[0].resources.limits.cpu"),
        (_other_labels, "spec.template.metadata.labels"),
        (_bad_surge, "spec.strategy.rollingUpdate.maxSurge"),
        (_without_selector, "spec.selector"),
    ],
)
def test_an_invalid_deployment_names_its_field(http: httpx.Client, spoil: Any, field: str) -> None:
    given = deployment("bad")
    spoil(given)
    answer = http.post(DEPLOYMENTS, json=given)
    assert refusal(answer) == (422, "Invalid")
    assert [cause["field"] for cause in answer.json()["details"]["causes"]] == [field]
    assert http.get(f"{DEPLOYMENTS}/bad").status_code == 404


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"user": None}, "spec.user"),
        ({"user": ""}, "spec.user"),
        ({"user": "much-too-long"}, "spec.user"),
        ({"user": 5}, "spec.user"),
        ({"state": "Flying"}, "spec.state"),
        ({"port": 0}, "spec.port"),
        ({"port": "5900"}, "spec.port"),
        ({"tags": ["a", 1]}, "spec.tags[1]"),
    ],
)
def test_a_custom_object_follows_its_schema(
    http: httpx.Client, sessions: str, spec: dict[str, Any], field: str
) -> None:
    answer = http.post(sessions, json=session("s", **spec))
    assert refusal(answer) == (422, "Invalid")
    assert field in [cause["field"] for cause in answer.json()["details"]["causes"]]
    assert http.post(sessions, json=session("s")).status_code == 201


@pytest.mark.parametrize("validation", ["Strict", "Warn", "Ignore"])
def test_unknown_fields_are_handled_as_wished(http: httpx.Client, sessions: str, validation: str) -> None:
    answer = http.post(sessions, json=session("s", flavour="x"), params={"fieldValidation": validation})
    if validation == "Strict":
        assert refusal(answer) == (400, "BadRequest")
        assert 'unknown field "spec.flavour"' in answer.json()["message"]
        return
    assert "flavour" not in answer.json()["spec"]
    assert ("spec.flavour" in answer.headers.get("Warning", "")) is (validation == "Warn")


def test_a_schema_that_cannot_be_honoured_is_refused(http: httpx.Client) -> None:
    definition = session_definition("rules.example")
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["user"]["pattern"] = "^[a-z]+$"
    definition["spec"]["versions"][0]["subresources"]["scale"] = {}
    answer = http.post(DEFINITIONS, json=definition)
    assert refusal(answer) == (422, "Invalid")
    assert {cause["field"].rpartition(".")[2] for cause in answer.json()["details"]["causes"]} == {"pattern", "scale"}
    definition = session_definition("versions.example")
    definition["spec"]["versions"].append({**definition["spec"]["versions"][0], "name": "v1", "storage": False})
    assert refusal(http.post(DEFINITIONS, json=definition)) == (422, "Invalid")


def test_clients_that_prefer_protobuf_are_answered_in_json(http: httpx.Client) -> None:
    accept = {"Accept": "application/vnd.kubernetes.protobuf,application/json"}
    assert http.get(PODS, headers=accept).json()["kind"] == "PodList"
    only = {"Accept": "application/vnd.kubernetes.protobuf"}
    assert refusal(http.get(PODS, headers=only)) == (406, "NotAcceptable")


def test_an_outdated_replacement_is_a_conflict(http: httpx.Client) -> None:
    first = http.post(CONFIGMAPS, json=configmap("c", a="1")).json()
    http.put(f"{CONFIGMAPS}/c", json=configmap("c", a="2")).raise_for_status()
    assert refusal(http.put(f"{CONFIGMAPS}/c", json=first)) == (409, "Conflict")
    assert http.get(f"{CONFIGMAPS}/c").json()["data"] == {"a": "2"}
    uid = {"preconditions": {"uid": "another"}}
    assert refusal(http.request("DELETE", f"{CONFIGMAPS}/c", json=uid)) == (409, "Conflict")
    assert http.delete(f"{CONFIGMAPS}/c").json()["status"] == "Success"


def test_a_dry_run_leaves_nothing(http: httpx.Client) -> None:
    assert http.post(CONFIGMAPS, params={"dryRun": "All"}, json=configmap("dry")).status_code == 201
    assert http.get(f"{CONFIGMAPS}/dry").status_code == 404


def _patch(http: httpx.Client, path: str, form: str, body: Any, **query: Any) -> httpx.Response:
    return http.patch(path, params=query, json=body, headers={"Content-Type": f"application/{form}"})


def test_patch_merges_strategically_or_replaces_lists(http: httpx.Client) -> None:
    http.post(DEPLOYMENTS, json=deployment("d")).raise_for_status()
    path = f"{DEPLOYMENTS}/d"
    added = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "postgres:18"}]}}}}
    merged = _patch(http, path, "strategic-merge-patch+json", added).json()
    assert {c["name"] for c in merged["spec"]["template"]["spec"]["containers"]} == {"main", "side"}
    replaced = _patch(http, path, "merge-patch+json", added).json()
    assert [c["name"] for c in replaced["spec"]["template"]["spec"]["containers"]] == ["side"]
    stale = {"metadata": {"resourceVersion": "1"}}
    assert refusal(_patch(http, path, "merge-patch+json", stale)) == (409, "Conflict")
    http.delete(path).raise_for_status()


@pytest.mark.parametrize(
    ("form", "body", "expected"),
    [
        ("json-patch+json", [{"op": "remove", "path": "/data"}], (415, "UnsupportedMediaType")),
        ("apply-patch+yaml", {}, (415, "UnsupportedMediaType")),
        ("merge-patch+json", [1], (400, "BadRequest")),
        ("merge-patch+json", {"kind": "Pod"}, (400, "BadRequest")),
    ],
)
def test_patch_in_another_form_is_refused(http: httpx.Client, form: str, body: Any, expected: tuple[int, str]) -> None:
    http.post(CONFIGMAPS, json=configmap("p", a="1")).raise_for_status()
    answer = _patch(http, f"{CONFIGMAPS}/p", form, body)
    http.delete(f"{CONFIGMAPS}/p").raise_for_status()
    assert refusal(answer) == expected


def test_strategic_patch_of_a_custom_object_is_refused(http: httpx.Client, sessions: str) -> None:
    http.post(sessions, json=session("s")).raise_for_status()
    answer = _patch(http, f"{sessions}/s", "strategic-merge-patch+json", {"spec": {"port": 1}})
    assert refusal(answer) == (415, "UnsupportedMediaType")


def test_deletion_that_orphans_dependents_is_refused(http: httpx.Client) -> None:
    http.post(CONFIGMAPS, json=configmap("kept")).raise_for_status()
    answer = http.request("DELETE", f"{CONFIGMAPS}/kept", json={"propagationPolicy": "Orphan"})
    assert refusal(answer) == (400, "BadRequest")
    http.delete(f"{CONFIGMAPS}/kept").raise_for_status()


def test_access_review_allows_everything(http: httpx.Client) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    spec = {"resourceAttributes": {"verb": "create", "resource": "pods"}}
    assert http.post(path, json={"spec": spec}).json()["status"]["allowed"] is True
    assert refusal(http.post(path, json={"spec": {}})) == (400, "BadRequest")
    assert refusal(http.get(path)) == (405, "MethodNotAllowed")


def test_managed_fields_name_who_scaled(http: httpx.Client) -> None:
    path = f"{DEPLOYMENTS}/managed"
    http.post(DEPLOYMENTS, json=deployment("managed")).raise_for_status()
    scale = http.get(f"{path}/scale").json() | {"spec": {"replicas": 3}}
    http.put(f"{path}/scale", json=scale, params={"fieldManager": "somebody"}).raise_for_status()
    [entry] = http.get(path).json()["metadata"]["managedFields"]
    assert (entry["manager"], entry["fieldsV1"]) == ("somebody", {"f:spec": {"f:replicas": {}}})
    _patch(http, path, "merge-patch+json", {"spec": {"replicas": 1}})
    [entry] = http.get(path).json()["metadata"]["managedFields"]
    assert entry["manager"] == "python-httpx"


def test_the_scale_of_a_deployment(http: httpx.Client) -> None:
    http.post(DEPLOYMENTS, json=deployment("d", replicas=2)).raise_for_status()
    scale = http.get(f"{DEPLOYMENTS}/d/scale").json()
    assert (scale["kind"], scale["spec"]["replicas"], scale["status"]["selector"]) == ("Scale", 2, "app=d")
    scale["spec"]["replicas"] = 3
    assert http.put(f"{DEPLOYMENTS}/d/scale", json=scale).status_code == 200
    assert refusal(http.put(f"{DEPLOYMENTS}/d/scale", json=scale)) == (409, "Conflict")
    negative = _patch(http, f"{DEPLOYMENTS}/d/scale", "merge-patch+json", {"spec": {"replicas": -1}})
    assert refusal(negative) == (422, "Invalid")
    assert http.get(f"{DEPLOYMENTS}/d").json()["spec"]["replicas"] == 3
    http.delete(f"{DEPLOYMENTS}/d").raise_for_status()


def test_a_failure_of_the_server_is_a_status_too(
    cluster: Cluster, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(cluster.store, "list", broken)
    answer = http.get(PODS)
    assert refusal(answer) == (500, "InternalError")
    assert "disk on fire" in answer.json()["message"]
