"""The cluster of the controllers' tests: no kubelet changes its pods."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamspace_sandbox.kubernetes.kubelet import host_capacity
from streamspace_sandbox.kubernetes.machinery.resources import NODES
from tests.support.api_cluster import ApiCluster, register_nodes
from tests.support.api_store import ApiStore
from tests.support.contract_cluster import ClusterTest, RunTest
from tests.support.node_cluster import stand_in_controllers
from tests.support.real_cluster import is_wanted, running_controllers, running_real_cluster


@pytest.fixture(scope="session")
def real_controllers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiCluster | None]:
    """None unless a real Kubernetes is wanted."""
    if not is_wanted():
        yield None
        return
    directory = tmp_path_factory.mktemp("real")
    with running_real_cluster(directory) as server, running_controllers(server), server.client() as http:
        yield ApiCluster(ApiStore(http), server.kubeconfig, host_capacity.NAMES[0])


@pytest.fixture
def in_a_cluster(tmp_path: Path, real_controllers: ApiCluster | None) -> RunTest:
    async def on_the_stand_in(test: ClusterTest) -> None:
        cluster = stand_in_controllers(tmp_path)
        await cluster.settle()
        await test(cluster)

    async def on_a_real_one(cluster: ApiCluster, test: ClusterTest) -> None:
        cluster.api.delete_all(NODES, None)
        register_nodes(cluster.api)
        await cluster.settle()
        try:
            await test(cluster)
        finally:
            await cluster.clear()

    def run(test: ClusterTest) -> None:
        asyncio.run(on_a_real_one(real_controllers, test) if real_controllers else on_the_stand_in(test))

    return run
