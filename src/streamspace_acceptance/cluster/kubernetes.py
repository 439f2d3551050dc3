"""One namespace of a Kubernetes cluster: lists, deletion of a pod, exec, logs, and what it says of itself.

Answers are read as plain JSON and typed here; each call has a total deadline.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import urllib3
import yaml
from kubernetes import client, config
from kubernetes.stream import stream
from kubernetes.stream.ws_client import STDERR_CHANNEL, STDOUT_CHANNEL
from websocket import WebSocketException

from streamspace_acceptance import waiting
from streamspace_acceptance.cluster.objects import Claim, Json, Pod, SessionObject

CALL_SECONDS = 10.0
CONNECT_SECONDS = 3.0
FORBIDDEN = 403
GROUP, VERSION = "stream.space", "v1alpha1"


class ClusterError(Exception):
    """Kubernetes cannot be reached, refuses, or does not answer in time. `status` is its HTTP status, if any."""

    def __init__(self, sentence: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(sentence)


@dataclass(frozen=True)
class Executed:
    """What a command in a pod left: its output as text, and its exit code."""

    stdout: str
    stderr: str
    code: int


class Cluster:
    """The objects of one namespace."""

    def __init__(self, kubeconfig: Sequence[Path], namespace: str) -> None:
        self.namespace = namespace
        self._files = os.pathsep.join(map(str, kubeconfig))
        self._client = self.new_client()
        self._core = client.CoreV1Api(self._client)
        self._apps = client.AppsV1Api(self._client)
        self._custom = client.CustomObjectsApi(self._client)

    def new_client(self) -> Any:
        """A client of its own for a watch or an exec, which keep a connection to themselves."""
        try:
            configuration = client.Configuration()
            load: Any = config.load_kube_config  # untyped
            load(config_file=self._files, client_configuration=configuration)
        except (config.ConfigException, yaml.YAMLError, OSError, KeyError, TypeError) as error:
            reason = " ".join(str(error).split())
            raise ClusterError(f"the kubeconfig {self._files} cannot be used: {reason}") from error
        configuration.retries = urllib3.Retry(0)
        return client.ApiClient(configuration)

    def pods(self, **labels: str) -> list[Pod]:
        """The pods that carry all of `labels`."""
        return [Pod.of(each) for each in self.raw_pods(**labels)]

    def raw_pods(self, **labels: str) -> list[Json]:
        """The same as JSON, for the evidence."""
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        items: list[Json] = self._json("list pods", self._core.list_namespaced_pod, label_selector=selector)["items"]
        return items

    def claims(self, **labels: str) -> list[Claim]:
        """The volume claims that carry all of `labels`."""
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        what = "list volume claims"
        found = self._json(what, self._core.list_namespaced_persistent_volume_claim, label_selector=selector)
        return [Claim.of(each) for each in found["items"]]

    def session_objects(self) -> list[SessionObject]:
        """The sessions that `kubectl get sessions` lists."""
        return [SessionObject.of(each) for each in self.raw_sessions()]

    def raw_sessions(self) -> list[Json]:
        """The same as JSON, for the evidence."""
        what = "list sessions"
        call = self._custom.list_namespaced_custom_object
        items: list[Json] = self._json(what, call, group=GROUP, version=VERSION, plural="sessions")["items"]
        return items

    def session_object(self, name: str) -> SessionObject | None:
        """The session of that name, None when there is none."""
        call = self._custom.get_namespaced_custom_object
        which = {"group": GROUP, "version": VERSION, "plural": "sessions", "name": name}
        found = self._json_or_none(f"get session {name}", call, **which)
        return None if found is None else SessionObject.of(found)

    def raw_templates(self) -> list[Json] | None:
        """The templates that `kubectl get templates` lists, as JSON; None where Kubernetes knows no such kind."""
        call = self._custom.list_namespaced_custom_object
        which = {"group": GROUP, "version": VERSION, "plural": "templates"}
        found = self._json_or_none("list templates", call, **which)
        return None if found is None else list(found["items"])

    def events(self) -> list[Json]:
        """The events of the namespace as JSON, in the order in which Kubernetes keeps them."""
        items: list[Json] = self._json("list events", self._core.list_namespaced_event)["items"]
        return items

    def raw_nodes(self) -> list[Json]:
        """The cluster's nodes as JSON."""
        call = self._core.list_node
        items: list[Json] = json.loads(self._call("list nodes", lambda: call(**self._options())))["items"]
        return items

    def delete_pod(self, name: str, uid: str) -> None:
        """Deletes the pod of that name provided that it is still the one with that uid."""
        options = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid=uid))
        self._json(f"delete pod {name}", self._core.delete_namespaced_pod, name=name, body=options)

    def replicas(self, deployment: str) -> int:
        """How many pods a Deployment is to have."""
        found = self._json(f"get deployment {deployment}", self._apps.read_namespaced_deployment, name=deployment)
        return int(found["spec"]["replicas"])

    def scale(self, deployment: str, replicas: int) -> None:
        """Sets how many pods a Deployment is to have, as `kubectl scale` does."""
        what, body = f"scale deployment {deployment}", {"spec": {"replicas": replicas}}
        self._json(what, self._apps.patch_namespaced_deployment_scale, name=deployment, body=body)

    def allocatable(self) -> list[dict[str, str]] | None:
        """What each node has to give to pods, as quantities by resource; None where Kubernetes does not let one look.

        A node that takes no new pods is not among them.
        """
        try:
            raw = self._call("list nodes", lambda: self._core.list_node(**self._options()))
        except ClusterError as error:
            if error.status == FORBIDDEN:
                return None
            raise
        nodes = [each for each in json.loads(raw)["items"] if not (each.get("spec") or {}).get("unschedulable")]
        return [dict(each["status"]["allocatable"]) for each in nodes]

    def logs(self, pod: str, *, since_seconds: int, tail_lines: int = 200) -> str:
        """The end of what a pod logged in the last `since_seconds`."""
        call = self._core.read_namespaced_pod_log
        raw = self._bytes(f"logs of {pod}", call, name=pod, since_seconds=since_seconds, tail_lines=tail_lines)
        return raw.decode("utf-8", "replace")

    def stamped_lines(self, pod: str, *, since_seconds: int, tail_lines: int = 5000) -> list[tuple[float, str]]:
        """What a pod logged in the last `since_seconds`: (seconds since the epoch on the node's clock, line)."""
        call, what = self._core.read_namespaced_pod_log, f"logs of {pod}"
        options = {"since_seconds": max(since_seconds, 1), "tail_lines": tail_lines, "timestamps": True}
        text = self._bytes(what, call, name=pod, **options).decode("utf-8", "replace")
        parts = (line.partition(" ") for line in text.splitlines())
        return [(datetime.fromisoformat(stamp).timestamp(), line) for stamp, _, line in parts]

    def config_map(self, name: str) -> dict[str, str]:
        """The data of a ConfigMap; empty when there is none."""
        found = self._json_or_none(f"get configmap {name}", self._core.read_namespaced_config_map, name=name)
        return {} if found is None else dict(found.get("data") or {})

    def context(self) -> tuple[str, str]:
        """The name of the kubeconfig's current context, and the URL of its server."""
        listed: Any = config.list_kube_config_contexts  # untyped
        return str(listed(config_file=self._files)[1]["name"]), str(self._client.configuration.host)

    def namespace_uid(self) -> str:
        """The identity of the namespace, which no other of any cluster has."""
        call = self._core.read_namespace
        found = self._call(f"get namespace {self.namespace}", lambda: call(self.namespace, **self._options()))
        return str(json.loads(found)["metadata"]["uid"])

    def has_namespace(self) -> bool:
        """Whether the namespace exists."""
        what = f"get namespace {self.namespace}"
        call = self._core.read_namespace
        return self._or_none(lambda: self._call(what, lambda: call(self.namespace, **self._options()))) is not None

    def version(self) -> str:
        """The version that Kubernetes gives for itself, `v1.32.0`; `unknown` where it does not say."""
        call = client.VersionApi(self._client).get_code
        found = self._or_none(lambda: self._call("version", lambda: call(**self._options())))
        return "unknown" if found is None else str(json.loads(found)["gitVersion"])

    def raw(self, path: str, **query: str) -> bytes:
        """What the API server answers to a GET of `path`, as it is; ClusterError for anything but a 2xx."""
        return self._call(f"get {path}", lambda: self._get(path, query))

    def _get(self, path: str, query: dict[str, str]) -> Any:
        asked = self._client.param_serialize(
            "GET", path, query_params=list(query.items()), auth_settings=["BearerToken"]
        )
        response = self._client.call_api(*asked, _request_timeout=(CONNECT_SECONDS, CALL_SECONDS))
        response.read()
        if not 200 <= response.status < 300:
            raise client.ApiException(http_resp=response)
        return response

    def execute(self, pod: Pod, command: Sequence[str], *, seconds: float = CALL_SECONDS) -> Executed:
        """Runs `command` in the pod's first container; done within `seconds` or ClusterError."""
        what = f"exec in pod {pod.meta.name}"
        executed: Executed = self._guarded(what, lambda: self._execute(pod, command, seconds), seconds + 1.0)
        return executed

    def _execute(self, pod: Pod, command: Sequence[str], seconds: float) -> Executed:
        session = stream(
            client.CoreV1Api(self.new_client()).connect_get_namespaced_pod_exec,
            pod.meta.name,
            self.namespace,
            container=pod.first_container,
            command=list(command),
            stdin=False,
            stdout=True,
            stderr=True,
            tty=False,
            _preload_content=False,
            _request_timeout=seconds,
        )
        session.run_forever(timeout=seconds)
        if session.is_open():
            session.close()
            raise ClusterError(f"exec in pod {pod.meta.name}: still running after {seconds:g} s: {list(command)}")
        return Executed(session.read_channel(STDOUT_CHANNEL), session.read_channel(STDERR_CHANNEL), _exit_code(session))

    def _options(self) -> Json:
        return {"_preload_content": False, "_request_timeout": (CONNECT_SECONDS, CALL_SECONDS)}

    def _json(self, what: str, call: Any, **arguments: Any) -> Json:
        found: Json = json.loads(self._bytes(what, call, **arguments))
        return found

    def _json_or_none(self, what: str, call: Any, **arguments: Any) -> Json | None:
        found = self._or_none(lambda: self._bytes(what, call, **arguments))
        return None if found is None else json.loads(found)

    def _bytes(self, what: str, call: Any, **arguments: Any) -> bytes:
        return self._call(what, lambda: call(namespace=self.namespace, **arguments, **self._options()))

    @staticmethod
    def _or_none(call: Any) -> Any:
        try:
            return call()
        except ClusterError as error:
            if error.status == 404:
                return None
            raise

    def _call(self, what: str, call: Any) -> bytes:
        data: bytes = self._guarded(what, lambda: call().data, CALL_SECONDS)
        return data

    @staticmethod
    def _guarded(what: str, call: Any, seconds: float) -> Any:
        try:
            return waiting.within(seconds, call, what=what)
        except client.ApiException as error:
            raise ClusterError(f"{what}: {error.status} {error.reason}: {error.body!r:.300}", error.status) from error
        except (urllib3.exceptions.HTTPError, WebSocketException, waiting.Silence, OSError) as error:
            raise ClusterError(f"{what}: {error}") from error


def _exit_code(session: Any) -> int:
    """The exit code that Kubernetes told at the end of an exec; ClusterError when it told none."""
    try:
        code = session.returncode
    except (TypeError, KeyError, ValueError, IndexError) as error:  # as the client reads a status that never came
        raise ClusterError("exec: the connection ended before Kubernetes told what came of the command") from error
    if not isinstance(code, int):
        raise ClusterError(f"exec: Kubernetes told {code!r} as exit code")
    return code
