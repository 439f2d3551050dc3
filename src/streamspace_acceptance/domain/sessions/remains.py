"""The remains of deleted sessions, in the API and in Kubernetes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from streamspace_acceptance.cluster.objects import Claim, Pod
from streamspace_acceptance.cluster.watch import known_objects
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.outcomes import Unmet

IN_API, OBJECTS, PODS, CLAIMS = "in the API", "objects", "pods", "claims"
KINDS = frozenset({IN_API, OBJECTS, PODS, CLAIMS})
NEVER_AWAITED_IN_VAIN = frozenset({PODS})
"""Pods use what those of the next scenario need, so they are waited for each time."""


class Remains:
    """The remains of the sessions with those ids. Each kind is looked for by one call.

    While the run's watch shows pods, they need not be listed: a poll goes on as long as there are any. That none is
    left, and what is left behind in the end, a list says: the watch may be late.
    """

    def __init__(self, clients: Clients, ids: Sequence[str]) -> None:
        self._api = clients.api
        self._cluster = clients.cluster
        self._ids = ids
        self._looks: dict[str, Callable[[], list[str]]] = {
            IN_API: self._in_api,
            PODS: self._pods,  # before the objects: they take the longest, and the watch shows them without a call
            OBJECTS: self._objects,
            CLAIMS: self._claims,
        }

    def first(self, besides: Collection[str]) -> list[str]:
        """Those of the first kind of which there are any, without looking for the kinds `besides`."""
        looks = {kind: look for kind, look in self._looks.items() if kind not in besides}
        if PODS in looks:
            looks[PODS] = lambda: self._watched_pods() or self._pods()
        return next((found for look in looks.values() if (found := look())), [])

    def has(self, kind: str) -> bool:
        """Whether there is one of that kind."""
        return bool(self._looks[kind]())

    def by_kind(self) -> dict[str, list[str]]:
        """All of them, by those kinds of which there are any."""
        return {kind: found for kind, look in self._looks.items() if (found := look())}

    def _in_api(self) -> list[str]:
        return [f"session {session_id} in the API" for session_id in sorted(self._known())]

    def _known(self) -> frozenset[str]:
        """Those in the API's list; where that is wrong, those that the API shows by their ids."""
        try:
            return self._api.sessions().ids.intersection(self._ids)
        except Unmet:
            return frozenset(key for key in self._ids if self._api.call("get_session", key).ok)

    def _objects(self) -> list[str]:
        return [f"session {obj.meta.name}" for obj in self._cluster.session_objects() if obj.meta.name in self._ids]

    def _watched_pods(self) -> list[str]:
        return self._named(map(Pod.of, known_objects(self._cluster, "pods") or ()))

    def _pods(self) -> list[str]:
        return self._named(self._cluster.each_pod())

    def _named(self, pods: Iterable[Pod]) -> list[str]:
        return [f"pod {pod.meta.name}" for pod in pods if self._is_of(pod.meta.labels) and not pod.is_over]

    def _claims(self) -> list[str]:
        return [f"claim {claim.meta.name}" for claim in self._cluster.claims() if self._has(claim)]

    def _has(self, claim: Claim) -> bool:
        """Whether a claim is one of the sessions': by its label, else by its owner's name or its own."""
        if self._api.profile.session_label in claim.meta.labels:
            return self._is_of(claim.meta.labels)
        names = [name for _, name in claim.meta.owners] or [claim.meta.name]
        return any(
            name == session_id or name.startswith(f"{session_id}-") for name in names for session_id in self._ids
        )

    def _is_of(self, labels: dict[str, str]) -> bool:
        return labels.get(self._api.profile.session_label) in self._ids
