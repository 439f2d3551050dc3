"""Why sessions do not run, and what else goes wrong meanwhile, in the words of the product and of Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from streamspace_acceptance.cluster.image_pulls import pulls
from streamspace_acceptance.cluster.kubernetes import FORBIDDEN, Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json, Pod
from streamspace_acceptance.cluster.taken_pods import scaled_down, taken
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.deployment.own_pods import end_in_words, own_containers, own_pods
from streamspace_acceptance.measuring.node_busy import saturated
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.waiting import Stamped, now

UNSCHEDULABLE_SECONDS = 5.0
"""A pod is unschedulable until its volume is bound; after so many real seconds it has no room."""
PRESSURE = ("MemoryPressure", "DiskPressure", "PIDPressure")
QUOTA = re.compile(r"exceeded quota: \S+, requested: [^.;\n]*")
"""Kubernetes' own words when a quota of the namespace leaves no room for a pod."""
_REASON_CHARACTERS = 200


def unschedulable(changes: Sequence[Stamped[Change]], label: str) -> dict[str, str]:
    """{session: the scheduler's words} for the pods that have had no node for a while."""
    since: dict[str, tuple[float, str]] = {}
    for change in changes:
        pod = change.item.object
        session = (pod["metadata"].get("labels") or {}).get(label)
        words = _scheduler(pod) if change.item.kind != "DELETED" else ""
        if session is None:
            continue
        if words:
            since[session] = since.get(session, (change.at, ""))[0], words
        else:
            since.pop(session, None)
    return {session: words for session, (at, words) in since.items() if now() - at > UNSCHEDULABLE_SECONDS}


def _scheduler(pod: Json) -> str:
    conditions = (pod.get("status") or {}).get("conditions") or []
    refused = [
        condition for condition in conditions if condition["type"] == "PodScheduled" and condition["status"] == "False"
    ]
    return f"{refused[0].get('reason')}: {refused[0].get('message')}" if refused else ""


def reasons(clients: Clients, ids: Collection[str], changes: Sequence[Stamped[Change]]) -> list[str]:
    """The words of the API, the pods and the events about sessions that do not run, each once."""
    events = clients.cluster.events()
    found = [*_messages(clients, ids), *_of_pods(changes, ids, clients.profile.session_label, events)]
    found += [_event(event) for event in events if _is_warning_of(event, ids)]
    return list(dict.fromkeys(" ".join(text.split())[:_REASON_CHARACTERS] for text in found if text))


def quota(clients: Clients, ids: Collection[str], changes: Sequence[Stamped[Change]]) -> str:
    """Kubernetes' words about the quota that kept every one of those sessions from running; empty where none did."""
    said = [QUOTA.search(" ".join(reasons(clients, [session_id], changes))) for session_id in sorted(ids)]
    found = [words.group() for words in said if words is not None]
    return found[0] if found and len(found) == len(said) else ""


def _messages(clients: Clients, ids: Collection[str]) -> Iterator[str]:
    for session_id in sorted(ids):
        try:
            message = clients.api.session(session_id).get(clients.profile.fields["message"])
        except (Unmet, NoAnswer) as error:
            yield f"the API about {session_id}: {error.actual if isinstance(error, Unmet) else error}"
            continue
        if isinstance(message, str) and message:
            yield f"the API: {message}"


def _of_pods(
    changes: Sequence[Stamped[Change]], ids: Collection[str], label: str, events: Sequence[Json]
) -> Iterator[str]:
    last = {change.item.object["metadata"]["uid"]: change.item.object for change in changes}
    for pod in last.values():
        if (pod["metadata"].get("labels") or {}).get(label) in ids:
            words = _scheduler(pod)
            yield f"the scheduler: {words}" if words else ""
            if pulls(pod, events):
                yield f"the image is still pulled on node {pod['spec'].get('nodeName')}"
            for container in (pod.get("status") or {}).get("containerStatuses") or []:
                yield _of_container(container)


def _of_container(container: Json) -> str:
    waiting = (container.get("state") or {}).get("waiting") or {}
    words = f"container {container['name']} waits: {waiting.get('reason')}: {waiting.get('message')}"
    return end_in_words(container) or (words if waiting.get("message") else "")


def _is_warning_of(event: Json, ids: Collection[str]) -> bool:
    name = (event.get("involvedObject") or {}).get("name") or ""
    return event.get("type") == "Warning" and any(name.startswith(session_id) for session_id in ids)


def _event(event: Json) -> str:
    return f"event {event.get('reason')}: {event.get('message')}"


@dataclass(frozen=True)
class ProductPod:
    """One of the product's own pods: how often its own containers were restarted, and how a report puts it."""

    name: str
    node: str | None
    restarts: int
    sentence: str


@dataclass(frozen=True)
class ProductPods:
    """The product's own pods, by uid, at one moment; `over` are pods that were not to stay."""

    pods: dict[str, ProductPod]
    over: frozenset[str] = frozenset()

    @classmethod
    def of(cls, clients: Clients) -> ProductPods:
        """As Kubernetes lists them now. Those that are over may be collected at any time."""
        over = frozenset(pod.meta.uid for pod in map(Pod.of, clients.cluster.raw_pods()) if not pod.stays)
        return cls(_product_pods(clients), over)

    def crashes(self, clients: Clients, busy: Mapping[str, float] | None = None) -> list[str]:
        """A sentence for each pod that was restarted since, and one for those that are not there any more.

        A pod that its controller scaled down, or that the cluster took away, is none of them, nor is one that had no
        time to answer its probe: see `starved`. `busy` is the busy share of each node.
        """
        present = _product_pods(clients)
        starved = self._starved(clients, present, busy or {})
        found = [pod.sentence for uid, pod in self._restarted(present) if uid not in starved]
        lost = [pod.name for uid, pod in self._gone(clients, present) if not taken(clients.cluster, uid, pod.node)]
        words = f"{len(lost)} of the product's own pods are not there any more ({', '.join(lost)})"
        return [*found, *([words] if lost else [])]

    def starved(self, clients: Clients, busy: Mapping[str, float]) -> list[str]:
        """A sentence for each pod that the kubelet restarted on a node without a spare processor, since its liveness
        probe was not answered in time.
        """
        present = _product_pods(clients)
        found = self._starved(clients, present, busy)
        return [f"{present[uid].sentence} by its liveness probe: {words}" for uid, words in found.items()]

    def _starved(
        self, clients: Clients, present: Mapping[str, ProductPod], busy: Mapping[str, float]
    ) -> dict[str, str]:
        full = {
            uid: saturated({node: busy[node]})
            for uid, pod in self._restarted(present)
            if (node := str(pod.node)) in busy and saturated({node: busy[node]})
        }
        ended = {
            str((event.get("involvedObject") or {}).get("uid"))
            for event in (clients.cluster.events() if full else ())
            if event.get("reason") == "Killing" and "failed liveness probe" in str(event.get("message"))
        }
        return {uid: words for uid, words in full.items() if uid in ended}

    def _restarted(self, present: Mapping[str, ProductPod]) -> list[tuple[str, ProductPod]]:
        return [
            (uid, pod)
            for uid, pod in present.items()
            if pod.restarts > (self.pods[uid].restarts if uid in self.pods else 0)
        ]

    def moved(self, clients: Clients) -> list[str]:
        """A sentence for each pod that is not there any more since the cluster took it away."""
        gone = self._gone(clients, _product_pods(clients))
        return [
            f"pod {pod.name} of the product: {why}"
            for uid, pod in gone
            if (why := taken(clients.cluster, uid, pod.node))
        ]

    def _gone(self, clients: Clients, present: Mapping[str, ProductPod]) -> list[tuple[str, ProductPod]]:
        gone = [(uid, pod) for uid, pod in self.pods.items() if uid not in present and uid not in self.over]
        events = clients.cluster.events() if gone else []
        return [(uid, pod) for uid, pod in gone if not scaled_down(events, pod.name)]


def _product_pods(clients: Clients) -> dict[str, ProductPod]:
    found = {}
    for pod in own_pods(clients.cluster.raw_pods(), clients.profile):
        metadata, containers = pod["metadata"], own_containers(pod)
        count = sum(int(container.get("restartCount", 0)) for container in containers)
        why = "; ".join(filter(None, map(_of_container, containers)))
        sentence = f"pod {metadata['name']} of the product was restarted{why and f' ({why})'}"
        node = (pod.get("spec") or {}).get("nodeName")
        found[metadata["uid"]] = ProductPod(metadata["name"], node, count, sentence)
    return found


def node_pressure(cluster: Cluster) -> list[str]:
    """The nodes that are short of something, in a sentence each; none where Kubernetes does not show nodes."""
    try:
        nodes = cluster.raw_nodes()
    except ClusterError as error:
        if error.status == FORBIDDEN:
            return []
        raise
    return [
        f"node {node['metadata']['name']} reports {condition['type']}: {condition.get('message')}"
        for node in nodes
        for condition in node["status"].get("conditions") or []
        if condition["type"] in PRESSURE and condition["status"] == "True"
    ]
