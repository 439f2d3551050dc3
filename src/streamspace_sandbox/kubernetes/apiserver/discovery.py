"""Discovery: `/api`, `/apis`, the list of each group and version, and the server's version.

Clients that ask for the aggregated form get the plain one, which all of them understand.
"""

import platform
from collections import defaultdict
from collections.abc import Iterable

from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.responses import json_answer
from streamspace_sandbox.kubernetes.machinery.errors import path_not_found
from streamspace_sandbox.kubernetes.machinery.resources import METRICS, Obj, Registry, Resource

_SUBRESOURCE_VERBS: dict[str, tuple[str, ...]] = {
    "status": ("get", "patch", "update"),
    "scale": ("get", "patch", "update"),
    "log": ("get",),
    "exec": ("create", "get"),
    "portforward": ("create", "get"),
    "ephemeralcontainers": ("get", "patch", "update"),
    "finalize": ("update",),
    "proxy": ("get",),
}
VERSION = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.4",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2025-04-22T16:00:00Z",
    "goVersion": "go1.23.6",
    "compiler": "gc",
    "platform": f"linux/{'arm64' if platform.machine() == 'aarch64' else 'amd64'}",
}


def subresources(resource: Resource) -> list[str]:
    """The names of a kind's subresources."""
    special = {
        "pods": ["log", "exec", "portforward", "ephemeralcontainers"],
        "namespaces": ["finalize"],
        "nodes": ["proxy"],
    }
    names = [] if resource.custom or resource in METRICS else special.get(resource.plural, [])
    return names + ["status"] * resource.has_status + ["scale"] * resource.has_scale


def discovery_answer(registry: Registry, parts: list[str]) -> Response:
    """`api`, `api/v1`, `apis`, `apis/GROUP` or `apis/GROUP/VERSION`. Raises `ApiError` 404."""
    groups = _groups(registry)
    core = parts[0] == "api"
    if len(parts) == 1:
        if core:
            return json_answer({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        named = [_group(name, versions) for name, versions in sorted(groups.items()) if name]
        return json_answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": named})
    group, version = ("", parts[1]) if core else (parts[1], parts[2] if len(parts) > 2 else None)
    versions = groups.get(group, {})
    if version is None and versions:
        return json_answer({"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions)})
    resources = versions.get(version or "")
    if not resources:
        raise path_not_found()
    return json_answer(
        {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": resources[0].api_version,
            "resources": [entry for resource in resources for entry in _resource_entries(resource)],
        }
    )


def _groups(registry: Registry) -> dict[str, dict[str, list[Resource]]]:
    """group -> version -> resources."""
    groups: dict[str, dict[str, list[Resource]]] = defaultdict(lambda: defaultdict(list))
    for resource in registry:
        groups[resource.group][resource.version].append(resource)
    return groups


def _group(name: str, versions: Iterable[str]) -> Obj:
    entries = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": entries, "preferredVersion": entries[0]}


def _resource_entries(resource: Resource) -> list[Obj]:
    entries: list[Obj] = [
        {
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": list(resource.verbs),
            "shortNames": list(resource.short_names),
            "categories": list(resource.categories),
        }
    ]
    scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    for name in subresources(resource):
        entry = {"name": f"{resource.plural}/{name}", "singularName": "", "namespaced": resource.namespaced}
        entry |= scale if name == "scale" else {"kind": resource.kind}
        entries.append(entry | {"verbs": list(_SUBRESOURCE_VERBS[name])})
    return entries
