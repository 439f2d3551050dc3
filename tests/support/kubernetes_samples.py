"""Objects that the tests store."""

from typing import Any

Obj = dict[str, Any]


def pod(name: str, *, labels: dict[str, str] | None = None, node: str | None = "node-1", **container: Any) -> Obj:
    spec: Obj = {"containers": [{"name": "main", "image": "streamspace/firefox:v1", **container}]}
    if node:
        spec["nodeName"] = node
    return {"metadata": {"name": name, "namespace": "default", "labels": labels or {}}, "spec": spec}


def deployment(name: str, *, replicas: int = 1) -> Obj:
    labels = {"app": name}
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": "streamspace-api:local"}]},
            },
        },
    }


def session_definition(group: str = "stream.space") -> Obj:
    """A CustomResourceDefinition of sessions, with most keywords that a structural schema may have."""
    schema = {
        "type": "object",
        "required": ["spec"],
        "properties": {
            "spec": {
                "type": "object",
                "required": ["user"],
                "properties": {
                    "user": {"type": "string", "minLength": 1, "maxLength": 8},
                    "state": {"type": "string", "enum": ["Running", "Hibernated"], "default": "Running"},
                    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            },
            "status": {"type": "object", "properties": {"phase": {"type": "string"}}},
        },
    }
    columns = [
        {"name": "User", "type": "string", "jsonPath": ".spec.user"},
        {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"sessions.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "sessions", "singular": "session", "kind": "Session", "shortNames": ["ss"]},
            "versions": [
                {
                    "name": "v1alpha1",
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": columns,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def session(name: str, **spec: Any) -> Obj:
    return {
        "apiVersion": "stream.space/v1alpha1",
        "kind": "Session",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"user": "testuser", **spec},
    }
