"""Bodies in protobuf, which some of kubectl's commands send, and the reviews behind `kubectl auth`."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from streamspace_sandbox.kubernetes.apiserver.protobuf import decode
from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from tests.support.api_server import Cluster

PROTOBUF = {"Content-Type": "application/vnd.kubernetes.protobuf"}


def part(number: int, content: bytes) -> bytes:
    """A length-delimited field of up to 127 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content


def envelope(api_version: str, kind: str, raw: bytes) -> bytes:
    return b"k8s\0" + part(1, part(1, api_version.encode()) + part(2, kind.encode())) + part(2, raw)


def test_a_config_map() -> None:
    raw = part(1, part(1, b"mine") + part(3, b"default") + part(8, b"") + bytes([7 << 3, 0]))
    raw += part(2, part(1, b"a") + part(2, b"b")) + part(2, part(1, b"empty"))
    assert decode(envelope("v1", "ConfigMap", raw)) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "mine", "namespace": "default"},
        "data": {"a": "b", "empty": ""},
    }


def test_numbers_are_signed_and_a_zero_that_was_meant_stays() -> None:
    raw = part(2, bytes([1 << 3, 0, 5 << 3]) + b"\xff" * 9 + b"\x01")
    assert decode(envelope("apps/v1", "Deployment", raw))["spec"] == {"replicas": 0, "minReadySeconds": -1}


def test_the_options_of_a_deletion() -> None:
    raw = bytes([1 << 3, 0]) + part(2, part(1, b"some-uid")) + part(4, b"Background")
    options = decode(envelope("v1", "DeleteOptions", raw))
    assert options["gracePeriodSeconds"] == 0
    assert (options["preconditions"], options["propagationPolicy"]) == ({"uid": "some-uid"}, "Background")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 400),
        (b"k8s\0", 400),
        (b"k8s\0\x0a\x7f", 400),
        (b"k8s\0" + b"\xff" * 20, 400),
        (envelope("v1", "ConfigMap", part(1, b"\x0d\0\0\0\0")), 400),
        (envelope("v1", "ConfigMap", bytes([1 << 3, 1])), 400),
        (envelope("v1", "ConfigMap", part(1, part(1, b"\xff"))), 400),
        (envelope("v1", "ConfigMap", part(9, b"")), 415),
        (envelope("batch/v1", "Job", b""), 415),
    ],
)
def test_what_is_not_understood_is_refused_as_a_whole(http: httpx.Client, body: bytes, code: int) -> None:
    with pytest.raises(ApiError) as refusal:
        decode(body)
    assert refusal.value.code == code
    if body:
        answer = http.post("/api/v1/namespaces/default/configmaps", content=body, headers=PROTOBUF)
        assert answer.status_code == code
        assert code == 400 or "kubectl apply -f -" in answer.json()["message"]


def test_reviews(http: httpx.Client) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    asked = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    assert http.post(path, json=asked).json()["status"]["allowed"] is True
    assert http.post(path, json={"spec": {}}).status_code == 400
    assert http.post(path, json={"kind": "Pod"}).status_code == 400
    assert http.get(path).status_code == 405


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_what_kubectl_creates(cluster: Cluster, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "KUBECONFIG": str(cluster.kubeconfig)}

    def kubectl(*arguments: str) -> str:
        done = subprocess.run(
            ["kubectl", *arguments], capture_output=True, text=True, timeout=30, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    kubectl("create", "namespace", "created")
    kubectl("create", "configmap", "c", "--from-literal=a=b", "-n", "created")
    kubectl("create", "secret", "generic", "s", "--from-literal=a=b", "-n", "created")
    kubectl("create", "serviceaccount", "sa", "-n", "created")
    command = ["--", "sleep", "1000"]
    kubectl("create", "deployment", "d", "--image=x/y:1", "--replicas=2", "--port=80", "-n", "created", *command)
    found = json.loads(kubectl("get", "cm/c", "secret/s", "sa/sa", "deploy/d", "-n", "created", "-o", "json"))
    config_map, secret, _, deployment = found["items"]
    assert (config_map["data"], secret["data"]) == ({"a": "b"}, {"a": "Yg=="})
    assert deployment["spec"]["replicas"] == 2
    assert deployment["spec"]["selector"] == {"matchLabels": {"app": "d"}}
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["command"]) == ("x/y:1", ["sleep", "1000"])
    assert container["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert kubectl("auth", "can-i", "delete", "pods") == "yes\n"
    assert "system:masters" in kubectl("auth", "whoami")
    assert "*.*" in kubectl("auth", "can-i", "--list")
