"""Why a cluster kept sessions from running: it had no room for them, or a node still pulled their image."""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.cluster.watch import Change
from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.domain.performance.room import room
from streamspace_acceptance.domain.performance.session_moments import SessionMoments
from streamspace_acceptance.domain.performance.session_troubles import quota, unschedulable
from streamspace_acceptance.product.profile import Size
from streamspace_acceptance.waiting import Stamped


def image_pull(clients: Clients, sessions: Sequence[SessionMoments], changes: Sequence[Stamped[Change]]) -> str:
    """That each session that never ran waits for its image, which a node did not have yet; empty where one does not."""
    missing = {session.session for session in sessions if session.session is not None and session.never_ran}
    label = clients.profile.session_label
    pods = {(change.item.object["metadata"].get("labels") or {}).get(label): change.item.object for change in changes}
    events = clients.cluster.events() if missing else []
    waiting = [pods[name] for name in missing if name in pods and _pulls(pods[name], events)]
    nodes = sorted({str(pod["spec"].get("nodeName")) for pod in waiting})
    return f"the image is still pulled on {', '.join(nodes)}" if waiting and len(waiting) == len(missing) else ""


def _pulls(pod: Json, events: Sequence[Json]) -> bool:
    """Whether the kubelet pulls an image for the pod, and has neither ended nor failed."""
    uid = pod["metadata"]["uid"]
    reasons = [event.get("reason") for event in events if (event.get("involvedObject") or {}).get("uid") == uid]
    return "Pulling" in reasons and not {"Pulled", "Failed", "BackOff"} & set(reasons)


def crowded_out(
    clients: Clients, size: Size, sessions: Sequence[SessionMoments], changes: Sequence[Stamped[Change]]
) -> str:
    """Why the cluster had no room for any of the sessions that never ran; empty if it had.

    The nodes had room for all before. If they have room for all now, but for the burst's own pods, then the sessions
    took more than they asked for, and that is the product's doing.
    """
    missing = {session.session for session in sessions if session.session is not None and session.never_ran}
    if not missing:
        return ""
    label = clients.profile.session_label
    if missing <= unschedulable(changes, label).keys():
        ids = {session.session for session in sessions}
        ours = {pod.meta.uid for pod in clients.cluster.pods() if pod.meta.labels.get(label) in ids}
        found = room(clients.cluster, size, ours)
        if found.sessions is not None and found.sessions < len(sessions):
            return f"{found.sentence} beside other pods, and {len(sessions)} are needed"
    return quota(clients, [session for session in missing if session is not None], changes)
