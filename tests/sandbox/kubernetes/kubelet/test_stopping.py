"""Stopping pods: the grace period, and a pod that is deleted while it starts."""

import asyncio
import os

import pytest

from streamspace_sandbox.kubernetes.kubelet.stopping import Stop
from streamspace_sandbox.kubernetes.machinery.resources import PODS
from tests.support.contract_cluster import NAMESPACE, Cluster, RunTest


def test_stop_can_only_be_hastened() -> None:
    async def main() -> None:
        stop = Stop()
        stop.ask(100)
        stop.ask(0.01)
        stop.ask(100)
        assert stop.asked.is_set()
        await asyncio.wait_for(stop.forced.wait(), 2)

    asyncio.run(main())


@pytest.mark.sandbox
@pytest.mark.skipif(os.geteuid() != 0, reason="containers need root")
def test_a_pod_that_is_deleted_while_it_starts_ends_at_once(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("early", "trap '' TERM; sleep 1000", terminationGracePeriodSeconds=600)
        # Told just before the container is started.
        await cluster.until(lambda: "Pulled" in cluster.reasons("early"))
        cluster.store.delete(PODS, NAMESPACE, "early")
        await cluster.until(lambda: cluster.find(PODS, "early") is None)

    on_a_node(test)
