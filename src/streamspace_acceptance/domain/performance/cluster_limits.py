"""Why a cluster kept sessions from running: it had no room, a node still pulled the image, or it took pods away."""

from __future__ import annotations

from collections.abc import Sequence

from streamspace_acceptance.cluster.image_pulls import pulls
from streamspace_acceptance.cluster.taken_pods import taken
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
    waiting = [pods[name] for name in missing if name in pods and pulls(pods[name], events)]
    nodes = sorted({str(pod["spec"].get("nodeName")) for pod in waiting})
    return f"the image is still pulled on {', '.join(nodes)}" if waiting and len(waiting) == len(missing) else ""


def taken_away(clients: Clients, sessions: Sequence[SessionMoments]) -> str:
    """Why the cluster took away the pods of all sessions that did not stay; empty where it did not."""
    missing = [session for session in sessions if session.session is not None and session.never_ran]
    why = [taken(clients.cluster, session.uid, session.node) if session.ended else "" for session in missing]
    return f"the pod of {missing[0].session} was taken away: {why[0]}" if why and all(why) else ""


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
