"""The rights that the suite needs: asked for at once, told in one sentence, and granted by the files beside."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import yaml

from streamspace_acceptance.cluster import rights
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.rights import Right
from tests.support.project import PROJECT
from tests.support.samples import KUBECONFIG
from tests.support.web_server import Respond, says, web_server


def granted(file: str) -> set[Right]:
    documents = list(yaml.safe_load_all((PROJECT / "deploy" / "rbac" / file).read_text()))
    return {
        Right(verb, resource.partition("/")[0], group, resource.partition("/")[2], document["kind"] == "ClusterRole")
        for document in documents
        for rule in document.get("rules", ())
        for group in rule.get("apiGroups", ())
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def denied_by(respond: Respond, folder: Path) -> list[Right]:
    with web_server(respond) as url:
        config = folder / "config"
        config.write_text(KUBECONFIG % url)
        return rights.missing(Cluster([config], "streamspace"), rights.ALWAYS)


def test_files_grant_exactly_the_rights_that_are_asked_for() -> None:
    optional = {*rights.TELLING, *rights.WATCHING, *rights.FOLLOWING, *rights.FORWARDING, *rights.OF_STATEFUL_SETS}
    assert granted(rights.FILE) == {*rights.ALWAYS, *optional}
    assert granted(rights.FILE_OF_PHASE_3) == set(rights.DISRUPTIVE)
    metrics = {Right("list", kind, "metrics.k8s.io", whole_cluster=True) for kind in ("nodes", "pods")}
    assert granted(rights.FILE_OF_PHASE_4) == {*rights.MEASURING, *metrics}


def test_all_missing_rights_are_told_in_one_sentence(tmp_path: Path) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        asked = body["spec"]["resourceAttributes"]
        denied = asked["resource"] == "configmaps" or asked["subresource"] == "exec"
        says(json.dumps({"status": {"allowed": not denied}}).encode(), 201)(request)

    denied = denied_by(respond, tmp_path)
    told = rights.sentence(denied, "streamspace", rights.FILE)
    assert "get configmaps, get pods/exec, create pods/exec" in told
    assert "deploy/rbac/streamspace-acceptance.yaml" in told


def test_server_without_reviews_denies_nothing(tmp_path: Path) -> None:
    assert denied_by(says(b"{}", 404), tmp_path) == []


def test_rights_over_the_cluster_are_asked_without_namespace(tmp_path: Path) -> None:
    asked = []

    def respond(request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        asked.append(body["spec"]["resourceAttributes"])
        says(json.dumps({"status": {"allowed": asked[-1]["resource"] == "pods"}}).encode(), 201)(request)

    with web_server(respond) as url:
        config = tmp_path / "config"
        config.write_text(KUBECONFIG % url)
        told = rights.unmeasured(Cluster([config], "streamspace"))
    assert [attributes["namespace"] for attributes in asked] == ["", ""]
    assert told == (
        "The suite's user in Kubernetes may not do this: list nodes of the whole cluster. "
        "Apply deploy/rbac/streamspace-acceptance-phase4.yaml with this user as its subject."
    )


def test_right_for_one_object_is_asked_by_its_name(tmp_path: Path) -> None:
    asked: dict[str, str] = {}

    def respond(request: BaseHTTPRequestHandler) -> None:
        attributes = json.loads(request.rfile.read(int(request.headers["Content-Length"])))["spec"][
            "resourceAttributes"
        ]
        asked[attributes["resource"]] = attributes["name"]
        says(json.dumps({"status": {"allowed": True}}).encode(), 201)(request)

    assert denied_by(respond, tmp_path) == []
    assert (asked["configmaps"], asked["namespaces"], asked["pods"]) == ("streamspace-config", "streamspace", "")
    assert [right.name for right in rights.of_object(rights.SCALING, "agent")] == ["agent"]
