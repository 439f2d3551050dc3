"""The status of a pod, made from the states of its containers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from streamspace_sandbox.kubernetes.machinery.objects import timestamp
from streamspace_sandbox.kubernetes.machinery.resources import Obj


@dataclass
class ContainerRecord:
    """The state of one container of a pod; `exit_code` is that of its last end, None while it runs or before."""

    name: str
    image: str
    state: Obj = field(default_factory=lambda: {"waiting": {"reason": "ContainerCreating"}})
    last_state: Obj = field(default_factory=dict)
    restarts: int = 0
    ready: bool = False
    started: bool = False
    has_run: bool = False
    is_final: bool = False
    """It has ended and will not be started again."""
    container_id: str = ""

    @property
    def is_running(self) -> bool:
        return "running" in self.state

    @property
    def exit_code(self) -> int | None:
        code: int | None = self.state.get("terminated", {}).get("exitCode")
        return code

    def begin(self, container_id: str) -> None:
        self.container_id = container_id
        self.has_run = True
        self.state = {"running": {"startedAt": timestamp()}}

    def wait(self, reason: str, message: str = "") -> None:
        """Not running, for this reason. A termination that was the state until now becomes the last state."""
        if "terminated" in self.state:
            self.last_state = self.state
        waiting = {"reason": reason} | ({"message": message} if message else {})
        self.state, self.ready, self.started = {"waiting": waiting}, False, False

    def end(self, code: int, reason: str, message: str = "") -> None:
        started = self.state.get("running", {}).get("startedAt") or timestamp()
        terminated = {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": timestamp()}
        terminated |= {"message": message} if message else {}
        terminated |= {"containerID": f"podman://{self.container_id}"} if self.container_id else {}
        self.state, self.ready, self.started = {"terminated": terminated}, False, False

    def status(self) -> Obj:
        """The entry of `containerStatuses`."""
        image_id = f"docker.io/{self.image}" if self.has_run else ""
        entry = {
            "name": self.name,
            "image": self.image,
            "imageID": image_id,
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
            "state": self.state,
            "lastState": self.last_state,
        }
        return entry | ({"containerID": f"podman://{self.container_id}"} if self.container_id else {})


def pod_phase(containers: Sequence[ContainerRecord]) -> Literal["Pending", "Running", "Succeeded", "Failed"]:
    if containers and all(record.is_final for record in containers):
        return "Failed" if any(record.exit_code for record in containers) else "Succeeded"
    return "Running" if all(record.has_run for record in containers) else "Pending"


def pod_status(
    previous: Obj,
    *,
    pod: Obj,
    containers: Sequence[ContainerRecord],
    sidecars: Sequence[ContainerRecord] = (),
    ephemeral_containers: Sequence[ContainerRecord],
    host_ip: str,
    pod_ip: str | None,
    started: str,
) -> Obj:
    """The whole `.status`; conditions that did not change keep the time of their last transition."""
    phase = pod_phase(containers)
    status = {
        "phase": phase,
        "conditions": _conditions(previous, phase, [*containers, *sidecars], has_network=pod_ip is not None),
        "hostIP": host_ip,
        "hostIPs": [{"ip": host_ip}],
        "startTime": started,
        "qosClass": qos_class(pod),
        "containerStatuses": [record.status() for record in containers],
    }
    if sidecars:
        status["initContainerStatuses"] = [record.status() for record in sidecars]
    if ephemeral_containers:
        status["ephemeralContainerStatuses"] = [record.status() for record in ephemeral_containers]
    if pod_ip:
        status |= {"podIP": pod_ip, "podIPs": [{"ip": pod_ip}]}
    return status


def _conditions(previous: Obj, phase: str, containers: Sequence[ContainerRecord], *, has_network: bool) -> list[Obj]:
    finished = phase in ("Succeeded", "Failed")
    unready = [record.name for record in containers if not record.ready]
    reason: Obj = {}
    if phase == "Succeeded":
        reason = {"reason": "PodCompleted"}
    elif unready:
        reason = {"reason": "ContainersNotReady", "message": f"containers with unready status: [{' '.join(unready)}]"}
    ready = not unready and not finished
    return [
        _condition(previous, "PodReadyToStartContainers", has_network and not finished, {}),
        _condition(previous, "Initialized", True, {}),
        _condition(previous, "Ready", ready, reason),
        _condition(previous, "ContainersReady", ready, reason),
        _condition(previous, "PodScheduled", True, {}),
    ]


def _condition(previous: Obj, kind: str, holds: bool, reason: Obj) -> Obj:
    state = "True" if holds else "False"
    present = previous.get("conditions") or []
    before = next((condition for condition in present if condition["type"] == kind), None)
    since = before["lastTransitionTime"] if before and before["status"] == state else timestamp()
    return {"type": kind, "status": state, "lastProbeTime": None, "lastTransitionTime": since, **reason}


def _lasting(pod: Obj) -> list[Obj]:
    """The specifications of the containers that run beside one another."""
    return [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or [])]


def qos_class(pod: Obj) -> Literal["Guaranteed", "Burstable", "BestEffort"]:
    containers = [container.get("resources") or {} for container in _lasting(pod)]
    if not any(resources.get("limits") or resources.get("requests") for resources in containers):
        return "BestEffort"
    for resources in containers:
        limits = resources.get("limits") or {}
        if set(limits) < {"cpu", "memory"} or (resources.get("requests") or limits) != limits:
            return "Burstable"
    return "Guaranteed"
