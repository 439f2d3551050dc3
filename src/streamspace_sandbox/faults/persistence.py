"""Faults of test 1.2: a session keeps its user's files."""

from pathlib import Path
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap
from streamspace_sandbox.faults.support.pod_volumes import SESSION_LABEL, on_claims, wipe_homes

OBJECTS = "streamspace_sandbox.streamspace.agent.objects"
SHARED_CLAIM = "streamspace-homes"


def _mount_home_read_only(desktop_container: Any, owner: Any) -> Any:
    container = desktop_container(owner)
    container["volumeMounts"][0]["readOnly"] = True
    return container


def _ignore_lost_pods(pod_changed: Any, controller: Any, event: Any) -> None:
    leaving = event.type == "DELETED" or "deletionTimestamp" in event.object["metadata"]
    if not leaving or SESSION_LABEL not in event.object["metadata"].get("labels", {}):
        pod_changed(controller, event)


def _shared_claim(claim: Any, owner: Any) -> Any:
    return claim(owner) | {"metadata": {"name": SHARED_CLAIM}}


def _pod_on_shared_claim(pod_spec: Any, owner: Any) -> Any:
    pod = pod_spec(owner)
    pod["volumes"][0]["persistentVolumeClaim"]["claimName"] = SHARED_CLAIM
    pod["containers"][0]["volumeMounts"][0]["subPath"] = owner["metadata"]["name"]
    return pod


def _stumble_over_unreadable(pod: Any, home: Path) -> None:
    """The desktop does not start on a home in which there is a file that its user may not read."""
    if any(not path.is_symlink() and path.stat().st_mode & 0o777 == 0 for path in home.rglob("*")):
        pod["spec"]["containers"][0]["command"] = ["false"]


register_fault(
    "unreadable-file-in-home",
    breaks="1.2-2",
    description="A desktop does not start again if its home has a file that nobody may read",
    kubernetes=on_claims(_stumble_over_unreadable),
)
register_fault(
    "home-read-only",
    breaks="1.2-1",
    description="A session's home is mounted read-only",
    agent=wrap(f"{OBJECTS}:desktop_container", _mount_home_read_only),
)
register_fault(
    "pod-not-replaced",
    breaks="1.2-2",
    description="Kubernetes does not replace a session's deleted pod",
    kubernetes=wrap(
        "streamspace_sandbox.kubernetes.controllers.replicasets:ReplicaSetController._pod_changed", _ignore_lost_pods
    ),
)
register_fault(
    "home-lost-with-pod",
    breaks="1.2-3",
    description="The storage empties the home when another pod replaces a lost one",
    kubernetes=wipe_homes(when=lambda replicaset: bool(replicaset["status"].get("replicas"))),
)
register_fault(
    "homes-on-one-volume",
    breaks="1.2-4",
    description="The homes of all sessions are folders of one shared volume",
    agent=[wrap(f"{OBJECTS}:claim", _shared_claim), wrap(f"{OBJECTS}:pod_spec", _pod_on_shared_claim)],
)
