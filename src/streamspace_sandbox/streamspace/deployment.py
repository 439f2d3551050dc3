"""Deploys StreamSpace: applies its manifests through the Kubernetes API and waits until all pods are Ready."""

import asyncio
import base64
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson
import yaml

from streamspace_sandbox.streamspace import pod_cause
from streamspace_sandbox.streamspace.agent import observation
from streamspace_sandbox.streamspace.api.auth import ADMIN_ROLE, API_AUDIENCE, Tokens
from streamspace_sandbox.streamspace.kube.client import (
    UNREACHABLE,
    Collection,
    KubeClient,
    KubeEndpoint,
    KubeError,
    Obj,
)

MANIFESTS = Path(__file__).parent / "manifests"
NAMESPACE = "streamspace"
COMPONENTS = ("streamspace-postgres", "streamspace-redis", "streamspace-api", "streamspace-k8s-agent")
CREDENTIALS = "streamspace-admin-credentials"
SECRETS = "streamspace-secrets"
ADMIN = "admin"
CLUSTER_SCOPED = {"Namespace", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}
EVENTS = Collection("v1", "events", NAMESPACE)
DEADLINE = 60.0
LOGIN_DEADLINE = 10.0
GONE_PAUSE = 0.3
ANSWER_DEADLINE = 8.0
API_PORT = 8080
EXPIRED_SECONDS = 3600.0
HOPELESS_RESTARTS = 4
"""No component ends because it misses another one, so one that ended this often will not recover."""


class DeploymentError(Exception):
    """StreamSpace did not become ready; the message says which part is missing and why."""


@dataclass(frozen=True)
class DeployedStreamSpace:
    """A running StreamSpace: its base URL, None if the cluster gives it none, and a token of its administrator.

    `expired_token` is one that was valid until an hour ago, as somebody who logged in the day before has one.
    """

    api_url: str | None
    token: str
    expired_token: str


async def is_deployed(endpoint: KubeEndpoint) -> bool:
    """Whether the namespace is there. Raises DeploymentError when Kubernetes does not answer."""
    try:
        async with KubeClient(endpoint) as client, asyncio.timeout(ANSWER_DEADLINE):
            return await client.find(Collection("v1", "namespaces"), NAMESPACE) is not None
    except (KubeError, *UNREACHABLE) as error:
        reason = f"Kubernetes does not answer ({error or type(error).__name__})"
        raise DeploymentError(f"{reason}; run `streamspace-sandbox down`, then `up`.") from error


async def deploy(
    endpoint: KubeEndpoint,
    *,
    time_scale: float,
    deadline: float = DEADLINE,
    no_limits: str | None = None,
    from_images: bool = False,
) -> DeployedStreamSpace:
    """Deploy into namespace `streamspace`. Raises DeploymentError, at the latest after `deadline` seconds.

    `no_limits` says why the cluster's nodes enforce no limits, as part of a sentence; None where they do.
    `from_images`: whether its containers have images, as on any Kubernetes but the stand-in.
    """
    try:
        async with KubeClient(endpoint) as client:
            await _apply_all(client, list(manifests(time_scale, no_limits, from_images=from_images)))
            readiness = Readiness(client)
            try:
                async with asyncio.timeout(deadline):
                    await readiness.wait()
            except TimeoutError:
                raise DeploymentError(f"After {deadline:g} s, {await readiness.missing()}.") from None
            return await _log_in(client)
    except KubeError as error:
        raise DeploymentError(f"Kubernetes refused the deployment: {error}.") from error
    except UNREACHABLE as error:
        raise DeploymentError(
            f"Kubernetes or the API became unreachable during the deployment ({type(error).__name__}):"
            " another process stopped the sandbox; try `up` again."
        ) from error


async def undeploy(endpoint: KubeEndpoint) -> bool:
    """Delete what `deploy` created, and wait until the namespace is gone. Returns whether it was there.

    Raises DeploymentError.
    """
    namespaces = Collection("v1", "namespaces")
    try:
        async with KubeClient(endpoint) as client:
            was_there = await client.find(namespaces, NAMESPACE) is not None
            # The namespace goes first, while the definition of its sessions still exists.
            await client.delete(namespaces, NAMESPACE)
            async with asyncio.timeout(DEADLINE):
                while True:
                    if await client.find(namespaces, NAMESPACE) is None:
                        break
                    await asyncio.sleep(GONE_PAUSE)
            for manifest in manifests(1):
                if manifest["kind"] in CLUSTER_SCOPED:
                    await client.delete(_collection(manifest), manifest["metadata"]["name"])
            return was_there
    except TimeoutError:
        raise DeploymentError(f"Namespace {NAMESPACE} is still being deleted after {DEADLINE:g} s.") from None
    except (KubeError, *UNREACHABLE) as error:
        raise DeploymentError(f"Kubernetes did not delete StreamSpace ({error or type(error).__name__}).") from error


async def _apply_all(client: KubeClient, deployed: Sequence[Obj]) -> None:
    for manifest in deployed:
        await _apply(client, manifest)
        if manifest["kind"] == "Namespace":
            for secret in _secrets():
                await _create_unless_there(client, secret)


def manifests(time_scale: float, no_limits: str | None = None, *, from_images: bool = False) -> Iterator[Obj]:
    """Every object of the deployment but the secrets, in the order of creation."""
    for path in sorted(MANIFESTS.glob("*.yaml")):
        for manifest in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            if manifest["metadata"]["name"] == "streamspace-config":
                manifest["data"] |= {"time-scale": f"{time_scale:g}"}
                manifest["data"] |= {"no-limits": no_limits} if no_limits else {}
                manifest["data"] |= {"runs-from": "images"} if from_images else {}
            yield manifest


def _secrets() -> Iterator[Obj]:
    yield _secret(CREDENTIALS, username=ADMIN, password=secrets.token_urlsafe(18))
    names = ("postgres-password", "redis-password", "signing-key", "agent-token")
    yield _secret(SECRETS, **{name: secrets.token_urlsafe(32) for name in names})


def _secret(name: str, **data: str) -> Obj:
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": data}


async def _apply(client: KubeClient, manifest: Obj) -> None:
    try:
        await client.create(_collection(manifest), manifest)
    except KubeError as error:
        if error.code != 409:
            raise
        await client.patch(_collection(manifest), manifest["metadata"]["name"], manifest)


async def _create_unless_there(client: KubeClient, obj: Obj) -> None:
    try:
        await client.create(_collection(obj), obj)
    except KubeError as error:
        if error.code != 409:
            raise


def _collection(obj: Obj) -> Collection:
    namespace = None if obj["kind"] in CLUSTER_SCOPED else obj["metadata"]["namespace"]
    return Collection(obj["apiVersion"], f"{obj['kind'].lower()}s", namespace)


class Readiness:
    """Watches the pods of the deployment until every component has a Ready one."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self._collection = Collection("v1", "pods", NAMESPACE)
        self._pods: dict[str, Obj] = {}

    async def wait(self) -> None:
        answer = await self._client.list(self._collection)
        self._pods = {pod["metadata"]["name"]: pod for pod in answer["items"]}
        if self._complete():
            return
        async for event in self._client.watch(self._collection, since=answer["metadata"]["resourceVersion"]):
            if event["type"] == "BOOKMARK":
                continue
            pod = event["object"]
            self._pods[pod["metadata"]["name"]] = pod
            if event["type"] == "DELETED":
                del self._pods[pod["metadata"]["name"]]
            if self._complete():
                return
            if _restarts(pod) >= HOPELESS_RESTARTS:
                raise DeploymentError(f"StreamSpace does not start: {await self.missing()}.")
        raise DeploymentError("The API server ended the watch before StreamSpace was ready.")

    async def missing(self) -> str:
        """The components that are not ready, and why, as part of a sentence."""
        return ", ".join([await self._state(component) for component in COMPONENTS if not self._is_ready(component)])

    def _complete(self) -> bool:
        return all(self._is_ready(component) for component in COMPONENTS)

    def _is_ready(self, component: str) -> bool:
        return any(observation.is_ready(pod) for pod in self._of(component))

    async def _state(self, component: str) -> str:
        pods = self._of(component)
        if not pods:
            return f"{component} has no pod"
        pod = pods[-1]
        name, log_line, events = pod["metadata"]["name"], None, list[Obj]()
        # What cannot be read is left out: the sentence says what else is known.
        with suppress(KubeError, *UNREACHABLE):
            events = (await self._client.list(EVENTS))["items"]
        if pod_cause.has_started(pod):
            with suppress(KubeError, *UNREACHABLE):
                log_line = await self._client.last_log_line(self._collection, name)
        return f"pod {name} is not ready ({pod_cause.describe(pod, events, log_line)})"

    def _of(self, component: str) -> list[Obj]:
        return [pod for pod in self._pods.values() if pod["metadata"].get("labels", {}).get("app") == component]


def _restarts(pod: Obj) -> int:
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return sum(container.get("restartCount", 0) for container in statuses)


async def _log_in(client: KubeClient) -> DeployedStreamSpace:
    """The administrator's token, and the API's address: None without one outside the cluster."""
    service = await client.get(Collection("v1", "services", NAMESPACE), "streamspace-api")
    url = _address(service)
    credentials = await client.get(Collection("v1", "secrets", NAMESPACE), CREDENTIALS)
    login = {key: base64.b64decode(credentials["data"][key]).decode() for key in ("username", "password")}
    kept = await client.get(Collection("v1", "secrets", NAMESPACE), SECRETS)
    tokens = Tokens(base64.b64decode(kept["data"]["signing-key"]))
    expired = tokens.issue(API_AUDIENCE, ADMIN, ADMIN_ROLE, -EXPIRED_SECONDS).text
    if url is None:
        path, services = "/api/v1/auth/login", Collection("v1", "services", NAMESPACE)
        answer = await client.post_to_service(services, "streamspace-api", API_PORT, path, login)
        return DeployedStreamSpace(None, answer["token"], expired)
    timeout = aiohttp.ClientTimeout(total=LOGIN_DEADLINE)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.post(f"{url}/api/v1/auth/login", data=orjson.dumps(login)) as response,
    ):
        answer = orjson.loads(await response.read())
        if response.status != 200:
            raise DeploymentError(f"The API refused the login: {answer.get('message', response.status)}")
    return DeployedStreamSpace(url, answer["token"], expired)


def _address(service: Obj) -> str | None:
    """The Service's address outside the cluster. Some clusters have none to give."""
    ingress = service.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    if not ingress:
        return None
    ports = ingress[0].get("ports") or [{"port": API_PORT}]
    return f"http://{ingress[0].get('ip') or ingress[0]['hostname']}:{ports[0]['port']}"
