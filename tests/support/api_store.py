"""The objects of a real API server, by the methods of the stand-in's store that the tests use."""

import ssl
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import yaml

from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.resources import Obj, Resource
from streamspace_sandbox.kubernetes.registry.store import Subresource


def http_client_of(kubeconfig: Path) -> httpx.Client:
    """A client with the token of a kubeconfig."""
    content = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
    verify = ssl.create_default_context(cadata=b64decode(cluster["certificate-authority-data"]).decode())
    headers = {"Authorization": f"Bearer {user['token']}"}
    return httpx.Client(base_url=cluster["server"], verify=verify, headers=headers, timeout=10, trust_env=False)


class ApiStore:
    """Each method raises `ApiError` for an answer that is not a success."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def get(self, resource: Resource, namespace: str | None, name: str) -> Obj:
        return self._ask("GET", _path(resource, namespace, name))

    def list(
        self, resource: Resource, namespace: str | None = None, labels: str | None = None
    ) -> tuple[list[Obj], int]:
        """(objects, resourceVersion)"""
        answer = self._ask("GET", _path(resource, namespace), params={"labelSelector": labels} if labels else None)
        return answer["items"], int(answer["metadata"]["resourceVersion"])

    def create(self, resource: Resource, obj: Obj) -> Obj:
        named = {"apiVersion": resource.api_version, "kind": resource.kind, **obj}
        return self._ask("POST", _path(resource, obj["metadata"].get("namespace")), json=named)

    def mutate(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        change: Callable[[Obj], None],
        *,
        subresource: Subresource = None,
    ) -> Obj:
        """The controllers change the object too: the last one wins."""
        new = self.get(resource, namespace, name)
        change(new)
        del new["metadata"]["resourceVersion"]
        path = _path(resource, namespace, name)
        return self._ask("PUT", f"{path}/{subresource}" if subresource else path, json=new)

    def delete(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        *,
        grace_seconds: int | None = None,
        propagation: str = "Background",
        uid: str | None = None,
    ) -> None:
        options: Obj = {"propagationPolicy": propagation, "preconditions": {"uid": uid}}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        self._ask("DELETE", _path(resource, namespace, name), json=options)

    def remove(self, resource: Resource, namespace: str | None, name: str, *, uid: str) -> None:
        """The last step of a deletion, which a kubelet does for its pods."""
        self.delete(resource, namespace, name, grace_seconds=0, uid=uid)

    def delete_all(self, resource: Resource, namespace: str | None) -> None:
        """Delete all objects of a kind, in one namespace or cluster-wide ones, without a grace period."""
        self._ask("DELETE", _path(resource, namespace), json={"gracePeriodSeconds": 0})

    def _ask(self, method: str, path: str, **content: Any) -> Obj:
        response = self.http.request(method, path, **content)
        answer: Obj = response.json()
        if response.is_error:
            raise ApiError(response.status_code, answer.get("reason", ""), answer.get("message", ""))
        return answer


def _path(resource: Resource, namespace: str | None, name: str | None = None) -> str:
    group = f"/apis/{resource.group}" if resource.group else "/api"
    place = f"/namespaces/{namespace}" if resource.namespaced and namespace else ""
    return f"{group}/{resource.version}{place}/{resource.plural}" + (f"/{name}" if name else "")
