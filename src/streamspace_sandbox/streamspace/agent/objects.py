"""The Kubernetes objects of a session: the Session itself, its home's claim, its Deployment."""

import time
from datetime import UTC, datetime
from typing import Any

from streamspace_sandbox.streamspace.kube.client import Collection, Obj

GROUP_VERSION = "stream.space/v1alpha1"
SESSION_LABEL = "session"
AGENT_LABEL = "stream.space/agent"
USER_LABEL = "stream.space/user"
COMPONENT_LABEL = "app.kubernetes.io/component"
COMMAND_ANNOTATION = "stream.space/command"
VNC_PORT_ANNOTATION = "stream.space/vnc-port"
SESSION_PODS = f"{COMPONENT_LABEL}=session"
HOME = "/home/user"
HOME_SIZE = "1Gi"
DESKTOP_USER = 1000
DEFAULT_VNC_PORT = 5900


class Collections:
    """Where the agent's objects live in the namespace that it serves."""

    def __init__(self, namespace: str) -> None:
        self.sessions = Collection(GROUP_VERSION, "sessions", namespace)
        self.templates = Collection(GROUP_VERSION, "templates", namespace)
        self.deployments = Collection("apps/v1", "deployments", namespace)
        self.pods = Collection("v1", "pods", namespace)
        self.claims = Collection("v1", "persistentvolumeclaims", namespace)
        self.events = Collection("v1", "events", namespace)
        self.nodes = Collection("v1", "nodes")


def session(command: Obj, agent_id: str, command_id: str) -> Obj:
    """The session of a create command: {name, user, template, image, cpu, memory, vncPort}."""
    return {
        "apiVersion": GROUP_VERSION,
        "kind": "Session",
        "metadata": {
            "name": command["name"],
            "labels": {SESSION_LABEL: command["name"], USER_LABEL: command["user"], AGENT_LABEL: agent_id},
            "annotations": {COMMAND_ANNOTATION: command_id, VNC_PORT_ANNOTATION: str(command["vncPort"])},
        },
        "spec": {
            "user": command["user"],
            "template": command["template"],
            "image": command["image"],
            "resources": {"cpu": command["cpu"], "memory": command["memory"]},
            "state": "running",
        },
    }


def claim(owner: Obj) -> Obj:
    """The volume claim for a session's home."""
    name = owner["metadata"]["name"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": f"{name}-home",
            "labels": {SESSION_LABEL: name, USER_LABEL: owner["spec"]["user"]},
            "ownerReferences": [_owned_by(owner)],
        },
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": HOME_SIZE}}},
    }


def deployment(owner: Obj) -> Obj:
    """The Deployment that keeps one pod of a session running."""
    name = owner["metadata"]["name"]
    labels = {
        SESSION_LABEL: name,
        COMPONENT_LABEL: "session",
        USER_LABEL: owner["spec"]["user"],
        AGENT_LABEL: owner["metadata"]["labels"][AGENT_LABEL],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels, "ownerReferences": [_owned_by(owner)]},
        "spec": {
            "replicas": replicas(owner),
            # Two pods must never write to the same home.
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {SESSION_LABEL: name}},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(owner)},
        },
    }


def event(session: Obj, agent_id: str, phase: str, message: str) -> Obj:
    """The event of a session that enters a phase, as `kubectl describe session` shows it."""
    metadata = session["metadata"]
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{metadata['name']}.{time.time_ns():x}", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": GROUP_VERSION,
            "kind": "Session",
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        "type": "Warning" if phase == "Failed" else "Normal",
        "reason": phase,
        "message": message or f"The session is {phase}.",
        "source": {"component": agent_id},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }


def replicas(session: Obj) -> int:
    return 0 if session["spec"]["state"] == "hibernated" else 1


def pod_spec(owner: Obj) -> Obj:
    name = owner["metadata"]["name"]
    return {
        "terminationGracePeriodSeconds": 2,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsUser": DESKTOP_USER, "runAsGroup": DESKTOP_USER, "fsGroup": DESKTOP_USER},
        "containers": [desktop_container(owner)],
        "volumes": [
            {"name": "home", "persistentVolumeClaim": {"claimName": f"{name}-home"}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }


def desktop_container(owner: Obj) -> Obj:
    vnc_port = int(owner["metadata"].get("annotations", {}).get(VNC_PORT_ANNOTATION, DEFAULT_VNC_PORT))
    resources: dict[str, Any] = owner["spec"]["resources"]
    return {
        "name": "desktop",
        "image": owner["spec"]["image"],
        "imagePullPolicy": "IfNotPresent",
        "env": [
            {"name": "HOME", "value": HOME},
            {"name": "USER", "value": "user"},
            {"name": "STREAMSPACE_USER", "value": owner["spec"]["user"]},
            {"name": "STREAMSPACE_SESSION", "value": owner["metadata"]["name"]},
            {"name": "VNC_PORT", "value": str(vnc_port)},
        ],
        "ports": [{"name": "vnc", "containerPort": vnc_port}],
        "resources": {"requests": dict(resources), "limits": dict(resources)},
        "readinessProbe": {
            "tcpSocket": {"port": vnc_port},
            "periodSeconds": 1,
            "timeoutSeconds": 5,
            "failureThreshold": 3,
        },
        "volumeMounts": [{"name": "home", "mountPath": HOME}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108
    }


def _owned_by(owner: Obj) -> Obj:
    return {
        "apiVersion": GROUP_VERSION,
        "kind": "Session",
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
