"""Pods that are told to end at an awkward moment."""

import os

import pytest

from streamspace_sandbox.kubernetes.machinery.resources import PODS
from tests.sandbox.kubernetes.kubelet.test_node import on_a_node
from tests.support.node_cluster import NAMESPACE, Cluster

pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(os.geteuid() != 0, reason="containers need root")]


def test_a_pod_that_is_deleted_while_it_starts_ends_at_once() -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("early", "trap '' TERM; sleep 1000", terminationGracePeriodSeconds=600)
        # Told just before the container is started.
        await cluster.until(lambda: "Pulled" in cluster.reasons("early"))
        cluster.store.delete(PODS, NAMESPACE, "early")
        await cluster.until(lambda: cluster.find(PODS, "early") is None)

    on_a_node(test)
