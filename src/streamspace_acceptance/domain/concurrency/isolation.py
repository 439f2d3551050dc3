"""Whether each of several sessions has a pod of its own, apart from the others down to the kernel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.cluster.objects import Json, Pod, serving_objects
from streamspace_acceptance.domain.concurrency.check_result import CheckResult
from streamspace_acceptance.domain.sessions.concurrent_requests import ConcurrentRequests
from streamspace_acceptance.domain.sessions.session import Session

SHARED_WITH_THE_NODE = {"hostPID": "processes", "hostIPC": "shared memory", "hostNetwork": "network"}
KINDS = {"pid": "processes", "ipc": "shared memory", "net": "network", "mnt": "mounts"}

# The kernel first: namespaces of different kernels (nodes, virtual machines) may bear the same number.
NAMESPACES = "cat /proc/sys/kernel/random/boot_id && cd /proc/self/ns && readlink " + " ".join(KINDS)


def isolated(crowd: ConcurrentRequests, cluster: Cluster) -> CheckResult:
    """By the pods' labels and specifications, and by the kernel's namespaces as seen inside each."""
    pods = {owner.id: served(cluster.raw_pods(**label(owner))) for owner in crowd.sessions}
    troubles = [
        f"{session} has {len(served_pods)} pods: {', '.join(pod['metadata']['name'] for pod in served_pods)}"
        for session, served_pods in pods.items()
        if len(served_pods) > 1
    ]
    every = [pod for served_pods in pods.values() for pod in served_pods]
    troubles += [
        f"pod {pod['metadata']['name']} has the node's {what}"
        for pod in every
        for field, what in SHARED_WITH_THE_NODE.items()
        if pod["spec"].get(field)
    ]
    troubles += shared_namespaces(cluster, map(Pod.of, every))
    podless = [owner for owner in crowd.sessions if not pods[owner.id]]
    running = {owner.id for owner in podless if owner.api.status(owner.id) == owner.api.profile.statuses["running"]}
    for session in podless:
        session.check_label()  # a pod that nobody can find by its label is another criterion's matter
    troubles += [f"{session_id} is Running and has no pod of its own" for session_id in sorted(running)]
    missing = [f"{owner.id} has no pod" for owner in podless if owner.id not in running]
    shown = {
        "pods of each session": {session: [Pod.of(pod).describe() for pod in own] for session, own in pods.items()}
    }
    return CheckResult(crowd.subject, tuple(troubles), (*missing, *lacking(crowd)), shown=shown)


def lacking(crowd: ConcurrentRequests) -> list[str]:
    """The number of users without a session of their own, as a sentence; empty if all have one."""
    count = len(crowd.creations) - len({session.id for session in crowd.sessions})
    return [f"{count} of the users have no session of their own"] if count else []


def label(session: Session) -> dict[str, str]:
    """The label by which the session's pods are found."""
    return {session.api.profile.session_label: session.id}


def served(pods: Sequence[Json]) -> list[Json]:
    """Those of the pods that are there to stay, without those of Jobs beside them."""
    return [pod for pod in serving_objects(pods) if Pod.of(pod).stays]


def shared_namespaces(cluster: Cluster, pods: Iterable[Pod], kinds: Iterable[str] = KINDS) -> list[str]:
    """The kernel's namespaces that pods share; pods whose namespaces cannot be read are left out."""
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for pod in (candidate for candidate in pods if candidate.running):
        kernel, *found = cluster.execute(pod, ["sh", "-c", NAMESPACES]).stdout.split() or [""]
        for namespace in found:
            holders[kernel, namespace].append(pod.meta.name)
    return [
        f"{' and '.join(sorted(names))} share {KINDS[kind]}"
        for (_, namespace), names in holders.items()
        if len(names) > 1 and (kind := namespace.partition(":")[0]) in kinds
    ]
