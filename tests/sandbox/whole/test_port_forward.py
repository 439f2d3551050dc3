"""A port of a pod through the suite's own port-forward."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.port_forward import forwarded
from tests.support.sandbox_target import SandboxTarget

pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(os.geteuid() != 0, reason="containers need root")]

API = {"app": "streamspace-api"}
RESTARTED_SECONDS = 120


@pytest.fixture
def cluster(target: SandboxTarget) -> Cluster:
    return Cluster([Path(target.environment["KUBECONFIG"])], target.namespace)


@pytest.fixture
def there(cluster: Cluster) -> Iterator[httpx.Client]:
    with forwarded(cluster, API, 8080) as address, httpx.Client(base_url=f"http://{address}", timeout=180) as client:
        yield client


def test_port_leads_to_the_api(there: httpx.Client) -> None:
    assert [there.get("/health").json()["status"] for _ in range(3)] == ["ok"] * 3


def test_port_leads_to_the_next_pod_when_one_has_gone(
    there: httpx.Client, cluster: Cluster, target: SandboxTarget
) -> None:
    (former,) = (pod.meta.name for pod in cluster.pods(**API))
    target.core.delete_namespaced_pod(former, target.namespace)
    deadline = time.monotonic() + RESTARTED_SECONDS
    while not any(pod.ready and pod.meta.name != former for pod in cluster.pods(**API)):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert there.get("/health").status_code == 200


def test_port_without_a_ready_pod_answers_502(cluster: Cluster) -> None:
    with forwarded(cluster, {"app": "nothing"}, 8080) as address:
        answer = httpx.get(f"http://{address}/health")
    assert (answer.status_code, answer.text) == (502, "no pod with app=nothing is Ready\n")


def test_port_on_which_nothing_listens_answers_502(cluster: Cluster) -> None:
    with forwarded(cluster, API, 9) as address:
        answer = httpx.get(f"http://{address}/health")
    assert answer.status_code == 502
    assert "port-forward to pod streamspace-api-" in answer.text
    assert "Connection refused" in answer.text
