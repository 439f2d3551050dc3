"""What a session of a size that was asked for is really given."""

from __future__ import annotations

from dataclasses import dataclass

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.domain.resources.oversized_requests import Size, excess
from streamspace_acceptance.domain.sessions import provision
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.domain.sessions.provision import Provisioned
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet, unproven_if_failed
from streamspace_acceptance.product.api import StreamSpaceApi


@dataclass(frozen=True)
class GrantedResources:
    """The size asked for and what came of it. Without `provisioned` the session was refused.

    `control`: what came of asking for one of the template's own size then. `trouble`: why the session does not run.
    """

    size: Size
    creation: Creation
    provisioned: Provisioned | None = None
    control: Creation | None = None
    fits: bool = True
    trouble: str | None = None


def look(
    creation: Creation, session: Session | None, api: StreamSpaceApi, registry: Registry, cluster: Cluster
) -> GrantedResources:
    """Waits for the session to run and looks at it whether it does or not; Unproven when no pod ever comes."""
    asked = creation.asked
    size = api.profile.sizes[asked.size or ""]
    if session is None:
        control = registry.ask(asked.user, asked.template, None)
        return GrantedResources(size, creation, control=control, fits=not excess(size, cluster.allocatable() or [size]))
    with unproven_if_failed("the session has no pod (see test 1.1a)"):
        session.wait_for_a_pod(within="start")
    trouble = None
    try:
        session.wait_for_running_pod(within="start")
    except Unmet as unmet:
        trouble = unmet.actual
    return GrantedResources(size, creation, provision.look(session), trouble=trouble)
