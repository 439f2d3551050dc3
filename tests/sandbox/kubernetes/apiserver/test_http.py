"""The API over HTTP: who may ask, what is refused and how, lists in pages, patches."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import yaml

from tests.support.api_server import Cluster
from tests.support.kubernetes_samples import deployment, pod, session, session_definition

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
    yield SESSIONS
    http.delete(f"{DEFINITIONS}/sessions.stream.space").raise_for_status()


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
        ("GET", f"{PODS}/a/portforward", (404, "NotFound")),
        ("PUT", PODS, (405, "MethodNotAllowed")),
        ("POST", "/api/v1/pods", (405, "MethodNotAllowed")),
        ("GET", f"{PODS}?labelSelector=a==", None),
        ("GET", f"{PODS}?labelSelector=a%20b", (400, "BadRequest")),
        ("GET", f"{PODS}?fieldSelector=spec.foo=1", (400, "BadRequest")),
        ("GET", f"{PODS}?limit=x", (400, "BadRequest")),
        ("GET", f"{PODS}?continue=bm90aGluZw", (410, "Expired")),
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
        (b"a: [", "application/yaml", (400, "BadRequest")),
        (b"k8s\x00", "application/vnd.kubernetes.protobuf", (400, "BadRequest")),
        (b"a", "text/plain", (415, "UnsupportedMediaType")),
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


def _without_selector(given: dict[str, Any]) -> None:
    del given["spec"]["selector"]


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (_without_containers, "spec.template.spec.containers"),
        (_without_image, "spec.template.spec.containers[0].image"),
        (_bad_quantity, "spec.template.spec.containers[0].resources.limits.cpu"),
        (_other_labels, "spec.template.metadata.labels"),
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
        ({"user": "UPPER"}, "spec.user"),
        ({"user": 5}, "spec.user"),
        ({"state": "Flying"}, "spec.state"),
        ({"port": 0}, "spec.port"),
        ({"port": "5900"}, "spec.port"),
        ({"tags": ["a", 1]}, "spec.tags[1]"),
        ({"tags": ["a", "b", "c"]}, "spec.tags"),
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
    schema["properties"]["spec"]["x-kubernetes-validations"] = [{"rule": "self.port > 5"}]
    answer = http.post(DEFINITIONS, json=definition)
    assert refusal(answer) == (422, "Invalid")
    assert "x-kubernetes-validations" in answer.json()["message"]


def test_yaml_is_understood_and_times_stay_text(http: httpx.Client) -> None:
    text = yaml.safe_dump(configmap("from-yaml", when="2026-01-01T00:00:00Z"))
    answer = http.post(CONFIGMAPS, content=text, headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 201
    assert answer.json()["data"] == {"when": "2026-01-01T00:00:00Z"}
    http.delete(f"{CONFIGMAPS}/from-yaml")


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


def test_pages_are_of_one_moment(http: httpx.Client) -> None:
    for number in range(5):
        http.post(CONFIGMAPS, json=configmap(f"page-{number}")).raise_for_status()
    first = http.get(CONFIGMAPS, params={"limit": 2}).json()
    assert first["metadata"]["remainingItemCount"] == 3
    http.delete(f"{CONFIGMAPS}/page-3").raise_for_status()
    second = http.get(CONFIGMAPS, params={"limit": 2, "continue": first["metadata"]["continue"]}).json()
    third = http.get(CONFIGMAPS, params={"limit": 2, "continue": second["metadata"]["continue"]}).json()
    names = [item["metadata"]["name"] for page in (first, second, third) for item in page["items"]]
    assert names == [f"page-{number}" for number in range(5)]
    assert "continue" not in third["metadata"]
    assert {page["metadata"]["resourceVersion"] for page in (first, second, third)} == {
        first["metadata"]["resourceVersion"]
    }
    http.delete(CONFIGMAPS).raise_for_status()


def test_a_collection_is_deleted_by_selector(http: httpx.Client) -> None:
    for name, label in (("a", "x"), ("b", "y"), ("c", "x")):
        body = {"metadata": {"name": name, "labels": {"kind": label}}}
        http.post(CONFIGMAPS, json=body).raise_for_status()
    http.delete(CONFIGMAPS, params={"labelSelector": "kind=x"}).raise_for_status()
    assert [item["metadata"]["name"] for item in http.get(CONFIGMAPS).json()["items"]] == ["b"]
    http.delete(CONFIGMAPS).raise_for_status()


def _patch(http: httpx.Client, path: str, form: str, body: Any, **query: Any) -> httpx.Response:
    return http.patch(path, params=query, json=body, headers={"Content-Type": f"application/{form}"})


def test_the_forms_of_a_patch(http: httpx.Client) -> None:
    http.post(DEPLOYMENTS, json=deployment("d")).raise_for_status()
    path = f"{DEPLOYMENTS}/d"
    added = {"spec": {"template": {"spec": {"containers": [{"name": "side", "image": "postgres:18"}]}}}}
    merged = _patch(http, path, "strategic-merge-patch+json", added).json()
    assert {c["name"] for c in merged["spec"]["template"]["spec"]["containers"]} == {"main", "side"}
    replaced = _patch(http, path, "merge-patch+json", added).json()
    assert [c["name"] for c in replaced["spec"]["template"]["spec"]["containers"]] == ["side"]
    operations = [{"op": "replace", "path": "/spec/replicas", "value": 4}]
    assert _patch(http, path, "json-patch+json", operations).json()["spec"]["replicas"] == 4
    failing = [{"op": "test", "path": "/spec/replicas", "value": 5}]
    assert refusal(_patch(http, path, "json-patch+json", failing)) == (422, "Invalid")
    stale = {"metadata": {"resourceVersion": "1"}}
    assert refusal(_patch(http, path, "merge-patch+json", stale)) == (409, "Conflict")
    assert refusal(_patch(http, path, "unheard-of", {})) == (415, "UnsupportedMediaType")
    http.delete(path).raise_for_status()


def test_server_side_apply_removes_what_is_no_longer_applied(http: httpx.Client) -> None:
    path = f"{CONFIGMAPS}/applied"
    envelope = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}}
    form = "apply-patch+yaml"
    assert refusal(_patch(http, path, form, {**envelope, "data": {}})) == (400, "BadRequest")
    made = _patch(http, path, form, {**envelope, "data": {"a": "1", "b": "1"}}, fieldManager="me")
    assert made.status_code == 201
    _patch(http, path, "merge-patch+json", {"data": {"foreign": "1"}})
    changed = _patch(http, path, form, {**envelope, "data": {"a": "2"}}, fieldManager="me")
    assert changed.json()["data"] == {"a": "2", "foreign": "1"}
    http.delete(path).raise_for_status()


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


def test_a_binding_puts_a_pod_on_a_node_once(http: httpx.Client) -> None:
    http.post(PODS, json=pod("unbound", node=None)).raise_for_status()
    binding = {"target": {"kind": "Node", "name": "node-2"}}
    assert http.post(f"{PODS}/unbound/binding", json=binding).status_code == 201
    assert refusal(http.post(f"{PODS}/unbound/binding", json=binding)) == (409, "Conflict")
    assert http.get(PODS, params={"fieldSelector": "spec.nodeName=node-2"}).json()["items"]
    http.delete(f"{PODS}/unbound", params={"gracePeriodSeconds": 0}).raise_for_status()


def test_a_failure_of_the_server_is_a_status_too(
    cluster: Cluster, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(cluster.store, "list", broken)
    answer = http.get(PODS)
    assert refusal(answer) == (500, "InternalError")
    assert "disk on fire" in answer.json()["message"]
