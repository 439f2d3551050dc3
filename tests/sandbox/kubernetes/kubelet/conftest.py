"""The node of the kubelet's tests, whose pods really run."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvloop

from tests.support.api_cluster import ApiCluster
from tests.support.api_store import ApiStore, http_client_of
from tests.support.contract_cluster import ClusterTest, RunTest
from tests.support.node_cluster import stand_in_node
from tests.support.real_cluster import is_wanted
from tests.support.sandbox_target import sandbox_target

START_SECONDS = 300.0


@pytest.fixture(scope="session")
def real_node() -> Iterator[ApiCluster | None]:
    """None unless a real Kubernetes is wanted."""
    if not is_wanted():
        yield None
        return
    with sandbox_target(f"contract-{os.getpid()}", "--kubernetes", "real", timeout=START_SECONDS) as target:
        kubeconfig = Path(target.environment["KUBECONFIG"])
        with http_client_of(kubeconfig) as http:
            yield ApiCluster(ApiStore(http), kubeconfig, "node1")


@pytest.fixture
def on_a_node(real_node: ApiCluster | None) -> RunTest:
    """Runs a test on a cluster whose pods really run."""

    async def on_the_stand_in(test: ClusterTest) -> None:
        async with stand_in_node() as cluster:
            await test(cluster)

    async def on_a_real_one(cluster: ApiCluster, test: ClusterTest) -> None:
        try:
            await test(cluster)
        finally:
            await cluster.clear()

    def run(test: ClusterTest) -> None:
        uvloop.run(on_a_real_one(real_node, test) if real_node else on_the_stand_in(test))

    return run
