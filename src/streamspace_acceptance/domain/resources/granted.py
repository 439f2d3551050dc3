"""The resources that a session of a requested size really gets."""

from __future__ import annotations

from dataclasses import dataclass

from streamspace_acceptance.cluster import open_nodes
from streamspace_acceptance.cluster.kubernetes import FORBIDDEN, Cluster, ClusterError
from streamspace_acceptance.domain.resources.oversized_requests import excess
from streamspace_acceptance.domain.sessions import provision
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.domain.sessions.provision import Provisioned
from streamspace_acceptance.domain.sessions.scenario import Scenario
from streamspace_acceptance.outcomes import Unmet, require, unproven_if_failed
from streamspace_acceptance.product.profile import Size


@dataclass(frozen=True)
class GrantedResources:
    """The requested size and its result. Without `provisioned` the session was refused.

    `control`: the request for one of the template's own size then. `trouble`: why the session does not run.
    """

    size: Size
    creation: Creation
    provisioned: Provisioned | None = None
    control: Creation | None = None
    fits: bool = True
    trouble: str | None = None


def granted(scenario: Scenario) -> GrantedResources:
    """Waits for the session to run and looks at it whether it does or not; Unproven when no pod ever comes."""
    creation, clients = scenario.results[Creation], scenario.clients
    asked = creation.asked
    size = require(clients.profile.size(asked.size), "no resources were requested")
    if creation.id is None:
        control = scenario.registry.ask(asked.user, asked.template, None)
        return GrantedResources(size, creation, control=control, fits=has_place(clients.cluster, size))
    session = scenario.session
    with unproven_if_failed("the session has no pod (see 1.1a-4)"):
        session.wait_for_a_pod(within="start")
    trouble = None
    try:
        session.wait_for_running_pod(within="start")
    except Unmet as unmet:
        trouble = unmet.actual
    return GrantedResources(size, creation, provision.look(session), trouble=trouble)


def has_place(cluster: Cluster, size: Size) -> bool:
    """Whether a node that takes sessions could hold one of that size if it were empty; yes where none can be seen."""
    try:
        nodes, hosts = cluster.raw_nodes(), open_nodes.hosts(cluster.raw_pods())
    except ClusterError as error:
        if error.status == FORBIDDEN:
            return True
        raise
    return not excess(size, [node["status"]["allocatable"] for node in nodes if not open_nodes.closed(node, hosts)])
