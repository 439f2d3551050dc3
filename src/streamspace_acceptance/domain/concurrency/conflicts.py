"""Whether several sessions conflict: whether each has its resources, and whether any was ended or restarted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from streamspace_acceptance.cluster.containers import status_of
from streamspace_acceptance.cluster.kubernetes import FORBIDDEN, Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Claim, Json, Pod
from streamspace_acceptance.cluster.quantities import amount
from streamspace_acceptance.cluster.requests import requested
from streamspace_acceptance.domain.concurrency.check_result import CheckResult
from streamspace_acceptance.domain.concurrency.isolation import lacking
from streamspace_acceptance.domain.sessions import provision
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.creation import Creation
from streamspace_acceptance.domain.sessions.provision import Provision, Provisioned
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.waiting import Wait, elapse


def without_conflict(crowd: ConcurrentRequests, cluster: Cluster) -> CheckResult:
    """Each has the requested resources and its own volume claim; none was ended; no node is overcommitted."""
    if crowd.sessions:
        elapse(Wait(crowd.subject, "they stay as they are", crowd.sessions[0].budgets.named("calm")))
    asked = {creation.id: creation for creation in crowd.creations}
    troubles, missing, provided = [], [], dict[str, Provisioned]()
    for session in crowd.sessions:
        try:
            provided[session.id] = provision.look(session)
            troubles += _differences(provided[session.id], asked[session.id], session)
            resized = provided[session.id].resized
            missing += [f"{session.id}: {resized}"] if resized else []
        except Unmet as unmet:
            missing.append(f"{session.id}: {unmet.actual}")
        troubles += ended((change.item.object for change in session.changes.items()), cluster)
        missing += [] if session.pods() else [f"{session.id} has no pod"]
    pods = [pod for pod in cluster.raw_pods() if Pod.of(pod).stays]
    troubles += [*shared_claims(crowd.sessions, pods), *_without_claims(crowd.sessions, pods)]
    if len(crowd.creations) > 1:  # one alone is looked at while the others are still there
        troubles += _overcommitted(cluster, pods)
    return CheckResult(crowd.subject, tuple(troubles), (*missing, *lacking(crowd)), shown=_shown(crowd, provided, pods))


def ended(pods: Iterable[Json], cluster: Cluster) -> list[str]:
    """The ends and restarts of pods that no user ended, from all recorded states: each once.

    A pod that was over when it was first seen ended before; the restart of a neighbour's container ends no desktop.
    """
    sentences: dict[str, None] = {}
    seen: set[str] = set()
    for pod in pods:
        if Pod.of(pod).is_over and pod["metadata"]["uid"] not in seen:
            continue
        seen.add(pod["metadata"]["uid"])
        name, status = pod["metadata"]["name"], pod.get("status") or {}
        found = [] if status.get("reason") is None else [f"{status['reason']}: {status.get('message') or ''}"]
        container = status_of(pod, cluster.main_container(pod).name)
        states = [container.get(kind) or {} for kind in ("state", "lastState")]
        found += [f"ended: {over.get('reason')}" for state in states if (over := state.get("terminated"))]
        found += [f"started again {times} times" for times in [container.get("restartCount", 0)] if times]
        found += ["deleted"] if pod["metadata"].get("deletionTimestamp") else []
        sentences |= {f"pod {name} {what}": None for what in found}
    return list(sentences)


def shared_claims(sessions: Iterable[Session], pods: Iterable[Json]) -> list[str]:
    """The volume claims that pods of more than one of the sessions have."""
    users: dict[str, set[str]] = defaultdict(set)
    ids = {session.id: session.api.profile.session_label for session in sessions}
    for pod in pods:
        labels = pod["metadata"].get("labels") or {}
        owner = next((session_id for session_id, label in ids.items() if labels.get(label) == session_id), None)
        for volume in (pod["spec"].get("volumes") or ()) if owner is not None else ():
            if claim := (volume.get("persistentVolumeClaim") or {}).get("claimName"):
                users[claim].add(str(owner))
    return [
        f"{' and '.join(sorted(sharers))} share the volume {name}"
        for name, sharers in users.items()
        if len(sharers) > 1
    ]


def _without_claims(sessions: Iterable[Session], pods: Sequence[Json]) -> list[str]:
    """The sessions whose pods have no volume claim."""
    found = []
    for session in sessions:
        key = session.api.profile.session_label
        own = [pod for pod in pods if (pod["metadata"].get("labels") or {}).get(key) == session.id]
        found += [f"{session.id} has no volume claim"] if own and not claims_of(own) else []
    return found


def claims_of(pods: Iterable[Json]) -> frozenset[str]:
    """The names of the volume claims that pods have."""
    volumes = [volume for pod in pods for volume in pod["spec"].get("volumes") or ()]
    used = [(volume.get("persistentVolumeClaim") or {}).get("claimName") for volume in volumes]
    return frozenset(str(name) for name in used if name)


def endangered(session: Session, pods: Iterable[Json], shared: frozenset[str]) -> list[str]:
    """The claims of a session's pods, and its object, that are being deleted although the session goes on.

    A claim in use stays until its last pod ends; only then are its files gone. Claims that are `shared` with the
    session that has ended go with it, and that they are shared is a conflict of its own (1.3-3).
    """
    cluster, obj = session.cluster, session.cluster.session_object(session.id)
    claims = {claim.meta.name: claim for claim in cluster.claims()}
    names = claims_of(pods) - shared
    return [
        *(f"the claim {name} of {session.id} is being deleted" for name in sorted(names & _deleted(claims))),
        *(f"the claim {name} of {session.id} is gone" for name in sorted(names - claims.keys())),
        *([f"{session.id} is being deleted in Kubernetes"] if obj is not None and obj.meta.deleting else []),
    ]


def _deleted(claims: Mapping[str, Claim]) -> set[str]:
    return {name for name, claim in claims.items() if claim.meta.deleting}


def _shown(crowd: ConcurrentRequests, provided: Mapping[str, Provisioned], pods: Iterable[Json]) -> dict[str, object]:
    """The evidence: what each session has, and the volume claims of its pods."""
    claims = (
        {
            pod["metadata"]["name"]: [
                (volume.get("persistentVolumeClaim") or {}).get("claimName")
                for volume in pod["spec"].get("volumes") or ()
                if volume.get("persistentVolumeClaim")
            ]
            for pod in pods
            if (pod["metadata"].get("labels") or {}).get(crowd.sessions[0].api.profile.session_label) in provided
        }
        if crowd.sessions
        else {}
    )
    resources = {
        session: {place: f"cpu {granted.cpu}, memory {granted.memory}" for place, granted in provisioned.said.items()}
        for session, provisioned in provided.items()
    }
    return {"resources of each session": resources, "volume claims of each pod": claims}


def _differences(provisioned: Provisioned, creation: Creation, session: Session) -> list[str]:
    wanted = Provision.of({"resources": session.api.profile.size(creation.asked.size)})
    return [
        f"{session.id} has cpu {granted.cpu} and memory {granted.memory} by {place}, "
        f"not {wanted.cpu} and {wanted.memory}"
        for place, granted in provisioned.by_product.items()
        if not granted.is_as(wanted)
        and ((granted.cpu, granted.memory) != (None, None) or place in provision.PLACES_OF_POD)
    ]


def _overcommitted(cluster: Cluster, pods: Iterable[Json]) -> list[str]:
    """The nodes on which the pods of this namespace alone request more than the node has."""
    try:
        nodes = {raw["metadata"]["name"]: raw["status"]["allocatable"] for raw in cluster.raw_nodes()}
    except ClusterError as error:
        if error.status == FORBIDDEN:
            return []
        raise
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for pod in pods:
        for name, value in requested(pod).items():
            sums[pod["spec"].get("nodeName") or "", name] += value
    return [
        f"{name} of node {node}: {total.normalize():f} requested, {nodes[node][name]} there"
        for (node, name), total in sums.items()
        if node in nodes and total > amount(nodes[node][name])
    ]
