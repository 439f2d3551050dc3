"""One API server for the tests of a module, and the ways to reach it. CONTRACT_KUBECONFIG names a real one instead."""

from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from kubernetes import client

from tests.support.api_server import Cluster, http_client, python_client, running_cluster
from tests.support.kubectl import Kubectl
from tests.support.real_cluster import RealCluster, given_kubeconfig


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    kubeconfig = given_kubeconfig()
    if kubeconfig is not None:
        yield cast("Cluster", RealCluster(kubeconfig))
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
