"""One API server for the tests of a module, and the ways to reach it."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.api_server import TOKEN, Cluster, running_cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    directory: Path = tmp_path_factory.mktemp("cluster")
    with running_cluster(directory) as running:
        yield running


def client_of(cluster: Cluster) -> httpx.Client:
    """A client that sends the right token."""
    verify = ssl.create_default_context(cafile=str(cluster.certificate))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.Client(base_url=cluster.url, verify=verify, headers=headers, timeout=10, trust_env=False)


@pytest.fixture
def http(cluster: Cluster) -> Iterator[httpx.Client]:
    with client_of(cluster) as client:
        yield client
