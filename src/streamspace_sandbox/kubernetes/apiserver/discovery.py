"""What the API serves, told to clients: `/api`, `/apis`, one list for each group, and the version."""

import platform
from collections import defaultdict
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from streamspace_sandbox.kubernetes.apiserver.responses import accepted, json_answer
from streamspace_sandbox.kubernetes.machinery.errors import path_not_found
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Registry, Resource

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
_SUBRESOURCE_VERBS: dict[str, tuple[str, ...]] = {
    "status": ("get", "patch", "update"),
    "scale": ("get", "patch", "update"),
    "log": ("get",),
    "exec": ("create", "get"),
    "ephemeralcontainers": ("get", "patch", "update"),
    "binding": ("create",),
    "eviction": ("create",),
    "finalize": ("update",),
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
    """The subresources of a kind."""
    extra = {"pods": ["log", "exec", "ephemeralcontainers", "binding", "eviction"], "namespaces": ["finalize"]}
    found = [] if resource.custom or resource.group == "metrics.k8s.io" else extra.get(resource.plural, [])
    return found + ["status"] * resource.has_status + ["scale"] * (resource.scale is not None)


def _groups(registry: Registry) -> dict[str, dict[str, list[Resource]]]:
    """group -> version -> resources."""
    groups: dict[str, dict[str, list[Resource]]] = defaultdict(lambda: defaultdict(list))
    for resource in registry:
        groups[resource.group][resource.version].append(resource)
    return groups


def _group(name: str, versions: Iterable[str]) -> Obj:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _scale_kind(name: str) -> Obj:
    return {"group": "autoscaling", "version": "v1", "kind": "Scale"} if name == "scale" else {}


def _resource_entries(resource: Resource) -> list[Obj]:
    main: Obj = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        main["shortNames"] = list(resource.short_names)
    if resource.categories:
        main["categories"] = list(resource.categories)
    return [main] + [
        {
            "name": f"{resource.plural}/{name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            **({"kind": resource.kind} | _scale_kind(name)),
            "verbs": list(_SUBRESOURCE_VERBS[name]),
        }
        for name in subresources(resource)
    ]


def _aggregated_entry(resource: Resource) -> Obj:
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    return {
        "resource": resource.plural,
        "responseKind": kind,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
        "shortNames": list(resource.short_names),
        "categories": list(resource.categories),
        "subresources": [
            {"subresource": name, "responseKind": _scale_kind(name) or kind, "verbs": list(_SUBRESOURCE_VERBS[name])}
            for name in subresources(resource)
        ],
    }


def _aggregated(groups: dict[str, dict[str, list[Resource]]], version: str) -> Response:
    items = [
        {
            "metadata": {"name": name, "creationTimestamp": None},
            "versions": [
                {"version": v, "resources": [_aggregated_entry(r) for r in found], "freshness": "Current"}
                for v, found in versions.items()
            ],
        }
        for name, versions in sorted(groups.items())
    ]
    content = {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }
    answer = json_answer(content)
    answer.headers["content-type"] = _AGGREGATED.format(version=version)
    return answer


def _wanted_aggregate(request: Request) -> str | None:
    """The version of the aggregated form that the client prefers, None for the plain one."""
    for choice in accepted(request):
        if choice["type"] == "application/json":
            return choice.get("v") if choice.get("as") == "APIGroupDiscoveryList" else None
    return None


def discovery_answer(request: Request, registry: Registry, parts: list[str]) -> Response:
    """`api`, `api/v1`, `apis`, `apis/GROUP` or `apis/GROUP/VERSION`. Raises `ApiError` 404."""
    groups = _groups(registry)
    core = parts[0] == "api"
    shown = {name: versions for name, versions in groups.items() if (name == "") is core}
    if len(parts) == 1:
        if version := _wanted_aggregate(request):
            return _aggregated(shown, version)
        if core:
            return json_answer({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        listed = [_group(name, versions) for name, versions in sorted(shown.items())]
        return json_answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed})
    group, version = ("", parts[1]) if core else (parts[1], parts[2] if len(parts) > 2 else None)
    versions = groups.get(group, {})
    if version is None and versions:
        return json_answer({"kind": "APIGroup", "apiVersion": "v1", **_group(group, versions)})
    found = versions.get(version or "")
    if not found:
        raise path_not_found()
    return json_answer(
        {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": found[0].api_version,
            "resources": [entry for resource in found for entry in _resource_entries(resource)],
        }
    )
