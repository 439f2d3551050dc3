"""The API server of a module's tests, and the ways to reach it. With CONTRACT_KUBERNETES=real it is a real one."""

from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from kubernetes import client

from tests.support.api_server import Cluster, http_client, python_client, running_cluster
from tests.support.kubectl import Kubectl
from tests.support.real_cluster import is_wanted, running_real_cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if is_wanted():
        with running_real_cluster(tmp_path_factory.mktemp("real")) as real:
            yield cast("Cluster", real)
        return
    with running_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def http(cluster: Cluster) -> Iterator[httpx.Client]:
    with http_client(cluster) as made:
        yield made


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Any]:
    """The official Python client."""
    with python_client(cluster) as made:
        yield made


@pytest.fixture
def core(api: Any) -> Any:
    return client.CoreV1Api(api)


@pytest.fixture(scope="module")
def kubectl(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    return Kubectl.at(cluster.kubeconfig, tmp_path_factory.mktemp("home"))
