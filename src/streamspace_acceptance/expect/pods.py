"""Expectations of the pods of a session."""

from __future__ import annotations

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.sessions.lifecycle import SessionLifecycle
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.evidence.judged import Table, judged, table
from streamspace_acceptance.outcomes import Unmet


def named_after(session: Session, pods: list[Pod]) -> None:
    """Every pod of the session has the session's name, alone or with a suffix."""
    session_id = session.id
    judged("pods of the session", pods)
    strangers = [pod for pod in pods if pod.meta.name != session_id and not pod.meta.name.startswith(f"{session_id}-")]
    if strangers or not pods:
        raise Unmet(
            session.subject,
            expected=f"a pod named {session_id} or {session_id}-…",
            actual=", ".join(pod.describe() for pod in strangers) or "no pod",
            likely="the pod's name comes from something other than the session",
        )


def ready(pods: list[Pod]) -> None:
    """Every pod is Ready: each of its containers is, neighbours included (1/1, or 2/2 beside a mesh's sidecar)."""
    judged("pods", _states(pods))
    for pod in pods:
        if not pod.ready:
            raise Unmet(
                f"pod {pod.meta.name}",
                expected=f"Ready, {pod.containers}/{pod.containers}",
                actual=pod.describe(),
                likely="its readiness probe fails, or that of a container beside it",
            )


def replaced(lifecycle: SessionLifecycle, by: Pod) -> float:
    """The pod is Ready, none of the former ones, and like them; no other of the session's pods is there to stay.

    Gives the seconds from the loss of the former pod, or from the wake command, until it was Ready.
    """
    former, pods = lifecycle.former, lifecycle.session.pods()
    judged("former pods, by uid", "\n".join(sorted(former)) or "none")
    judged("pods of the session now", _states(pods))
    if by.meta.uid in former or not by.ready:
        raise Unmet(
            f"pod {by.meta.name}",
            expected="another pod, Ready",
            actual=f"{by.describe()}, {'the same one' if by.meta.uid in former else 'another one'}",
            likely="the pod was not replaced",
        )
    beside = [pod for pod in pods if pod.meta.uid != by.meta.uid and pod.stays]
    if beside:
        raise Unmet(
            f"pod {by.meta.name}",
            expected="the only pod of the session",
            actual=f"beside it {', '.join(pod.describe() for pod in beside)}",
            likely="the former pod was not deleted, or several were started",
        )
    if changes := lifecycle.changes_of(by):
        raise Unmet(
            f"pod {by.meta.name}",
            expected="the image and the resources of the pod that it replaces",
            actual="; ".join(changes),
            likely="the pod is made anew, and not from what the session was given",
        )
    return lifecycle.seconds_until_ready(by)


def none_left(lifecycle: SessionLifecycle, left: list[Pod]) -> float:
    """No pod is left; gives the seconds from the command until the last one was gone."""
    session = lifecycle.session
    judged(
        "pods of the session", "\n".join(pod.describe() for pod in left) or f"no pod of session {session.id} is left"
    )
    if left:
        raise Unmet(
            session.subject,
            expected="no pod",
            actual=", ".join(pod.describe() for pod in left),
            likely="the session's pod was restarted, or it lost its label and still runs",
        )
    return lifecycle.seconds_until_gone()


def _states(pods: list[Pod]) -> Table:
    return table(
        "pod | uid | node | phase | Ready | restarts",
        (
            (pod.meta.name, pod.meta.uid, pod.node, pod.phase, f"{pod.ready_containers}/{pod.containers}", pod.restarts)
            for pod in pods
        ),
    )
