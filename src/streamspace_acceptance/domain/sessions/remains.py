"""The remains of deleted sessions, in the API and in Kubernetes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from streamspace_acceptance.cluster.objects import Claim, Meta, Pod
from streamspace_acceptance.cluster.watch import Kind, deleted_since, known_objects
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import now

IN_API, OBJECTS, PODS, CLAIMS = "in the API", "objects", "pods", "claims"
KINDS = frozenset({IN_API, OBJECTS, PODS, CLAIMS})
FEW = 5
"""The most session objects that are asked for by name: on a big cluster, a list of all costs more."""
NEVER_AWAITED_IN_VAIN = frozenset({PODS})
"""Pods use what those of the next scenario need, so they are waited for each time."""


class Remains:
    """The remains of the sessions with those ids, whose removal begins now.

    A removal is polled by the run's watches of pods and claims, which costs no call. A watch may be late. So it proves
    that nothing is left only after it has shown a deletion of each session, up to which it is complete; without one, a
    list is asked for. Lists also name what is left in the end.
    """

    def __init__(self, clients: Clients, ids: Sequence[str]) -> None:
        self._api = clients.api
        self._cluster = clients.cluster
        self._ids = ids
        self._since = now()
        self._looks: dict[str, Callable[[], list[str]]] = {
            IN_API: self._in_api,
            PODS: self._pods,
            OBJECTS: self._objects,
            CLAIMS: self._claims,
        }

    def first(self, besides: Collection[str]) -> list[str]:
        """Those of the first kind of which there are any, without looking for the kinds `besides`."""
        looks = {  # what watches show comes before calls
            IN_API: self._in_api,
            PODS: self._watched_pods,
            CLAIMS: self._watched_claims,
            OBJECTS: self._objects,
        }
        return next((found for kind, look in looks.items() if kind not in besides and (found := look())), [])

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
        if len(self._ids) <= FEW:
            found = [obj for key in self._ids if (obj := self._cluster.session_object(key)) is not None]
        else:
            found = [obj for obj in self._cluster.session_objects() if obj.meta.name in self._ids]
        return [f"session {obj.meta.name}" for obj in found if not self._waits_for_others(obj.meta)]

    def _waits_for_others(self, meta: Meta) -> bool:
        """Whether a session's object is deleted but for its claim, which is, too, but for somebody else's finalizer."""
        if not meta.deleting:
            return False
        claims = [claim for claim in self._cluster.claims() if self._claim_is_of(claim.meta, meta.name)]
        return bool(claims) and all(claim.meta.is_held_by_others for claim in claims)

    def _watched_pods(self) -> list[str]:
        left = self._named(map(Pod.of, known_objects(self._cluster, "pods", is_polled=True) or ()))
        return left or ([] if self._has_seen_go("pods", self._pod_is_of) else self._pods())

    def _watched_claims(self) -> list[str]:
        left = self._having(map(Claim.of, known_objects(self._cluster, "claims", is_polled=True) or ()))
        return left or ([] if self._has_seen_go("claims", self._claim_is_of) else self._claims())

    def _has_seen_go(self, kind: Kind, is_of: Callable[[Meta, str], bool]) -> bool:
        """Whether the watch has shown that something of each session, of that kind, went since the removal began."""
        gone = deleted_since(self._cluster, kind, self._since)
        return all(any(is_of(meta, session_id) for meta in gone) for session_id in self._ids)

    def _pods(self) -> list[str]:
        return self._named(self._cluster.each_pod())

    def _named(self, pods: Iterable[Pod]) -> list[str]:
        there = [pod for pod in pods if not pod.is_over and any(self._pod_is_of(pod.meta, key) for key in self._ids)]
        return [f"pod {pod.meta.name}" for pod in there]

    def _claims(self) -> list[str]:
        return self._having(self._cluster.claims())

    def _having(self, claims: Iterable[Claim]) -> list[str]:
        there = [claim for claim in claims if any(self._claim_is_of(claim.meta, key) for key in self._ids)]
        there = [claim for claim in there if not claim.meta.is_held_by_others]
        return [f"claim {claim.meta.name}" for claim in there]

    def _pod_is_of(self, meta: Meta, session_id: str) -> bool:
        """By its label; one that has none, or lost it, by its name."""
        label = meta.labels.get(self._api.profile.session_label)
        return label == session_id if label is not None else f"{meta.name}-".startswith(f"{session_id}-")

    def _claim_is_of(self, meta: Meta, session_id: str) -> bool:
        return Claim(meta, None).belongs_to(session_id, None, self._api.profile.session_label)
