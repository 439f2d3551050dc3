"""What the running scenario has found out about resources."""

from __future__ import annotations

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.resources import enforcement
from streamspace_acceptance.domain.resources.enforcement import Enforcement
from streamspace_acceptance.domain.resources.granted import GrantedResources, look
from streamspace_acceptance.domain.resources.oversized_requests import OversizedRequests, Refusals
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.domain.sessions.registry import Registry
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.outcomes import require
from streamspace_acceptance.product.api import StreamSpaceApi

# Too much in both, as the plan has it, and in each alone: a check that looks at one of the two is none.
IMPOSSIBLE = ("impossible", "too-much-cpu", "too-much-memory")


class ResourcesWorld:
    """What sessions were given or refused, and what their programs could take."""

    def __init__(self, api: StreamSpaceApi, cluster: Cluster, budgets: Budgets, registry: Registry) -> None:
        self._refusals = Refusals(api, cluster, budgets, registry)
        self._api = api
        self._cluster = cluster
        self._registry = registry
        self._impossible: OversizedRequests | None = None
        self._enforcement: Enforcement | None = None

    def granted(self, creation: Creation, session: Session | None) -> GrantedResources:
        """What came of asking for a size: what the session and its pod say, once it runs or has failed to."""
        return look(creation, session, self._api, self._registry, self._cluster)

    def request_too_much(self, user: str, template: str) -> None:
        """Asks for sessions that no node can hold, and for one that fits."""
        self._impossible = self._refusals.attempt(user, template, IMPOSSIBLE)

    @property
    def oversized_requests(self) -> OversizedRequests:
        """What came of asking for too much."""
        return require(self._impossible, "nothing was asked for that no node can hold")

    def take_too_much(self, session: Session, pod: Pod) -> None:
        """Has programs in the session take more than it has."""
        self._enforcement = enforcement.tried(session, pod)
        attachments.attach_text("limits", self._enforcement.describe())

    @property
    def enforcement(self) -> Enforcement:
        """What came of taking too much."""
        return require(self._enforcement, "no program tried to take too much")
