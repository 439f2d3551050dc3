"""Faults of test 1.2: a session keeps its user's files."""

from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap
from streamspace_sandbox.faults.support.pod_volumes import wipe_homes

SHARED_CLAIM = "streamspace-homes"


def _mount_home_read_only() -> None:
    def make(desktop: Any) -> Any:
        def read_only(owner: Any) -> Any:
            container = desktop(owner)
            container["volumeMounts"][0]["readOnly"] = True
            return container

        return read_only

    wrap("streamspace_sandbox.streamspace.agent.objects:_desktop", make)


def _do_not_replace_pods() -> None:
    def make(pod_changed: Any) -> Any:
        def unless_it_goes(controller: Any, event: Any) -> None:
            going = event.type == "DELETED" or "deletionTimestamp" in event.object["metadata"]
            if not going or "session" not in event.object["metadata"].get("labels", {}):
                pod_changed(controller, event)

        return unless_it_goes

    wrap("streamspace_sandbox.kubernetes.controllers.replicasets:ReplicaSetController._pod_changed", make)


def _empty_home_of_a_replacement() -> None:
    wipe_homes(when=lambda replicaset: bool(replicaset["status"].get("replicas")))


def _keep_all_homes_on_one_volume() -> None:
    def make_claim(claim: Any) -> Any:
        def shared(owner: Any) -> Any:
            made = claim(owner)
            return {**made, "metadata": {"name": SHARED_CLAIM}}

        return shared

    def make_pod(pod: Any) -> Any:
        def on_shared_claim(owner: Any) -> Any:
            made = pod(owner)
            made["volumes"][0]["persistentVolumeClaim"]["claimName"] = SHARED_CLAIM
            made["containers"][0]["volumeMounts"][0]["subPath"] = owner["metadata"]["name"]
            return made

        return on_shared_claim

    wrap("streamspace_sandbox.streamspace.agent.objects:claim", make_claim)
    wrap("streamspace_sandbox.streamspace.agent.objects:_pod", make_pod)


register_fault(
    "home-read-only",
    breaks="1.2-1",
    description="A session's home is mounted for reading only",
    agent=_mount_home_read_only,
)
register_fault(
    "pod-not-replaced",
    breaks="1.2-2",
    description="A session's pod that is deleted is not replaced",
    kubernetes=_do_not_replace_pods,
)
register_fault(
    "home-lost-with-pod",
    breaks="1.2-3",
    description="The home is emptied when another pod takes the place of a lost one",
    kubernetes=_empty_home_of_a_replacement,
)
register_fault(
    "homes-on-one-volume",
    breaks="1.2-4",
    description="The homes of all sessions are folders of one shared volume",
    agent=_keep_all_homes_on_one_volume,
)
