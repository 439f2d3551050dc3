"""A session that waits for a volume: claims for which the cluster makes none, and claims that are wrong."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.cluster.objects import Claim, Meta
from streamspace_acceptance.domain.sessions import unbound_claims
from tests.support.samples import SESSION, pod

CLAIM = f"{SESSION}-home"
NO_CLASS = "no persistent volumes available for this claim and no storage class is set"
AWAITED = "Waiting for a volume to be created either by the external provisioner 'x' or manually"


def found(reason: str, message: str, claim: str = CLAIM, node: str | None = None, phase: str = "Pending") -> str | None:
    event = {"involvedObject": {"name": claim}, "reason": reason, "message": message}
    session: Any = SimpleNamespace(
        subject="session s-1",
        listed_pods=lambda: [pod(phase="Pending", ready=False, started=False, node=node)],
        cluster=SimpleNamespace(events=lambda: [event], claims=lambda: [Claim(Meta(CLAIM, "u", {}, (), False), phase)]),
    )
    return unbound_claims.find([session])


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("FailedBinding", NO_CLASS),
        ("ExternalProvisioning", AWAITED),
        ("ProvisioningFailed", "rpc error: code = ResourceExhausted desc = no space left"),
    ],
)
def test_claim_that_the_cluster_leaves_unbound_is_told(reason: str, message: str) -> None:
    assert found(reason, message) == f"session s-1: the cluster makes no volume for claim {CLAIM}: {message}"


@pytest.mark.parametrize(
    ("reason", "message", "claim", "node", "phase"),
    [
        ("ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found', CLAIM, None, "Pending"),
        ("WaitForFirstConsumer", "waiting for first consumer to be created before binding", CLAIM, None, "Pending"),
        ("FailedBinding", NO_CLASS, "another-home", None, "Pending"),
        ("ExternalProvisioning", AWAITED, CLAIM, "node-1", "Bound"),
        ("ExternalProvisioning", AWAITED, CLAIM, None, "Bound"),
    ],
    ids=["a class that is not there", "not tried yet", "another claim", "on a node", "bound in the end"],
)
def test_other_claims_are_the_products(reason: str, message: str, claim: str, node: str | None, phase: str) -> None:
    assert found(reason, message, claim, node, phase) is None
