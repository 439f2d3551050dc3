"""A Kubernetes API client: JSON over HTTPS with a bearer token."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeAlias, TypeVar

import aiohttp
import orjson

log = logging.getLogger("streamspace.kube")

T = TypeVar("T")
Obj: TypeAlias = dict[str, Any]

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
CALL_DEADLINE = aiohttp.ClientTimeout(total=30, connect=5)
# The server decides how long a watch lasts; only connecting has a deadline.
WATCH_DEADLINE = aiohttp.ClientTimeout(total=None, connect=5)
WATCH_SECONDS = 290


class KubeError(Exception):
    """A Status that the API server returned instead of an object."""

    def __init__(self, code: int, reason: str, message: str) -> None:
        super().__init__(f"{message} (HTTP {code} {reason})")
        self.code = code
        self.reason = reason
        self.message = message


@dataclass(frozen=True)
class KubeEndpoint:
    """The address and credentials of a Kubernetes API. `ca_path` is a PEM file, None for the system's authorities.

    The credentials are a bearer token, or else PEM files with a client's certificate and key.
    """

    url: str
    token: str
    ca_path: str | None
    certificate: tuple[str, str] | None = None

    @classmethod
    def in_cluster(cls, environment: Mapping[str, str]) -> "KubeEndpoint":
        """The endpoint from a pod's environment and service-account mount."""
        host, port = environment["KUBERNETES_SERVICE_HOST"], environment["KUBERNETES_SERVICE_PORT"]
        token = (SERVICE_ACCOUNT / "token").read_text().strip()
        return cls(f"https://{host}:{port}", token, str(SERVICE_ACCOUNT / "ca.crt"))


@dataclass(frozen=True)
class Collection:
    """The objects of one kind in one namespace (or, without a namespace, in the cluster)."""

    group_version: str
    plural: str
    namespace: str | None = None

    @property
    def path(self) -> str:
        root = f"/api/{self.group_version}" if "/" not in self.group_version else f"/apis/{self.group_version}"
        scope = f"/namespaces/{self.namespace}" if self.namespace else ""
        return f"{root}{scope}/{self.plural}"


class KubeClient:
    """One connection pool to one API server. Every call raises `KubeError` for a Status and `aiohttp.ClientError` or
    `TimeoutError` when the server cannot be reached."""

    def __init__(self, endpoint: KubeEndpoint) -> None:
        self._endpoint = endpoint
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        context = ssl.create_default_context(cafile=self._endpoint.ca_path)
        if self._endpoint.certificate is not None:
            context.load_cert_chain(*self._endpoint.certificate)
        credentials = {"Authorization": f"Bearer {self._endpoint.token}"} if self._endpoint.token else {}
        self._session = aiohttp.ClientSession(
            base_url=self._endpoint.url,
            connector=aiohttp.TCPConnector(ssl=context, limit=32),
            headers={**credentials, "Accept": "application/json"},
            json_serialize=lambda value: orjson.dumps(value).decode(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, collection: Collection, name: str) -> Obj:
        return await self._call("GET", f"{collection.path}/{name}")

    async def find(self, collection: Collection, name: str) -> Obj | None:
        """The object, or None if it does not exist."""
        try:
            return await self.get(collection, name)
        except KubeError as error:
            if error.code == 404:
                return None
            raise

    async def list(self, collection: Collection, *, labels: str | None = None) -> Obj:
        return await self._call("GET", collection.path, params=_selector(labels))

    async def create(self, collection: Collection, obj: Obj) -> Obj:
        return await self._call("POST", collection.path, body=obj)

    async def patch(self, collection: Collection, name: str, patch: Obj, *, subresource: str = "") -> Obj:
        """Apply a merge patch."""
        path = f"{collection.path}/{name}" + (f"/{subresource}" if subresource else "")
        return await self._call("PATCH", path, body=patch, content_type="application/merge-patch+json")

    async def delete(self, collection: Collection, name: str, *, dependents_first: bool = False) -> None:
        """Delete an object and its dependents. A missing object is fine."""
        propagation = "Foreground" if dependents_first else "Background"
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
        try:
            await self._call("DELETE", f"{collection.path}/{name}", body=body)
        except KubeError as error:
            if error.code != 404:
                raise

    async def post_to_service(self, services: Collection, name: str, port: int, path: str, body: Obj) -> Obj:
        """POST to a Service's HTTP server by way of the API server, and its JSON answer."""
        return await self._call("POST", f"{services.path}/{name}:{port}/proxy{path}", body=body)

    async def last_log_line(self, pods: Collection, name: str) -> str:
        """The last log line of a pod's only container. May be ""."""
        async with self._http.get(
            f"{pods.path}/{name}/log", params={"tailLines": "1"}, timeout=CALL_DEADLINE
        ) as response:
            await _raise_for_status(response)
            return (await response.text()).strip()

    async def watch(self, collection: Collection, *, since: str, labels: str | None = None) -> AsyncIterator[Obj]:
        """The events after version `since`, until the server ends the watch. ERROR events raise `KubeError`."""
        params = _selector(labels) | {
            "watch": "1",
            "resourceVersion": since,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        async with self._http.get(collection.path, params=params, timeout=WATCH_DEADLINE) as response:
            await _raise_for_status(response)
            async for line in _lines(response.content):
                event: Obj = orjson.loads(line)
                if event["type"] == "ERROR":
                    raise _as_error(event["object"], response.status)
                yield event

    @property
    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("KubeClient is used outside of its context")
        return self._session

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> Obj:
        data = None if body is None else orjson.dumps(body)
        headers = {"Content-Type": content_type} if data is not None else {}
        async with self._http.request(
            method, path, params=params, data=data, headers=headers, timeout=CALL_DEADLINE
        ) as response:
            await _raise_for_status(response)
            answer: Obj = orjson.loads(await response.read())
            return answer


UNREACHABLE = (aiohttp.ClientError, asyncio.TimeoutError, OSError)
RETRY_SECONDS = 0.5
TOO_MANY_REQUESTS = 429


async def retry_while_unreachable(what: str, call: Callable[[], Awaitable[T]]) -> T:
    """The result of `call`, repeated while Kubernetes is unreachable. Raises KubeError when Kubernetes refuses."""
    while True:
        try:
            return await call()
        except KubeError as error:
            if error.code < 500 and error.code != TOO_MANY_REQUESTS:
                raise
            log.warning("%s: %s", what, error)
        except UNREACHABLE as error:
            log.warning("%s: Kubernetes is unreachable: %s", what, error or type(error).__name__)
        await asyncio.sleep(RETRY_SECONDS)


def _selector(labels: str | None) -> dict[str, str]:
    return {"labelSelector": labels} if labels else {}


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    # StreamReader.readline refuses lines over its buffer limit; objects may be longer.
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line


async def _raise_for_status(response: aiohttp.ClientResponse) -> None:
    if response.status < 400:
        return
    raw = await response.read()
    try:
        status = orjson.loads(raw)
    except orjson.JSONDecodeError:
        status = {"message": raw.decode(errors="replace")[:500]}
    raise _as_error(status, response.status)


def _as_error(status: Obj, http_status: int) -> KubeError:
    code = int(status.get("code") or http_status)
    return KubeError(code, str(status.get("reason") or ""), str(status.get("message") or "no message"))
