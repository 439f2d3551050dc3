"""How the suite reaches Kubernetes: by a context of a kubeconfig, or as the service account of the pod that it runs in.

Credentials are loaded once, shared by all clients, and renewed during the run: a plugin is asked for a new token before
the old one expires, and a file with a token is read for each call.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import yaml
from kubernetes import client, config
from kubernetes.config.incluster_config import InClusterConfigLoader

from streamspace_acceptance.cluster.connection import ClusterError, choose_proxy
from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.redaction.redactor import register_secret

IN_CLUSTER = "in-cluster"
"""The name of the service account's way, in the place of a context."""
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_KEY = "BearerToken"


def is_in_a_pod(environment: Mapping[str, str] = os.environ, account: Path = ACCOUNT) -> bool:
    """Whether this process has a service account."""
    return bool(environment.get("KUBERNETES_SERVICE_HOST")) and (account / "token").is_file()


class Access:
    """The server and the credentials. Without kubeconfig files it is the service account in the folder `account`.

    `context` is None for the kubeconfig's current one. Raises ClusterError.
    """

    def __init__(
        self,
        kubeconfig: Sequence[Path],
        context: str | None = None,
        *,
        account: Path = ACCOUNT,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._lock = Lock()
        self._token_file: Path | None = None
        self._loaded: Any = client.Configuration(proxy="", no_proxy="")  # else it reads the environment in its own way
        if kubeconfig:
            self.context = self._use_kubeconfig(kubeconfig, context)
        else:
            self.context = self._use_account(account, environment)
        choose_proxy(self._loaded)
        self._make_renewable()

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return str(self._loaded.host)

    def configuration(self) -> Any:
        """A configuration for a client of its own."""
        return copy.deepcopy(self._loaded)

    def _use_kubeconfig(self, files: Sequence[Path], context: str | None) -> str:
        joined = os.pathsep.join(map(str, files))
        listing: Any = config.list_kube_config_contexts  # untyped
        load: Any = config.load_kube_config
        try:
            contexts, current = listing(config_file=joined)
            if context is not None and context not in (names := [entry["name"] for entry in contexts]):
                raise ClusterError(f"the kubeconfig {joined} has no context {context!r}, but {', '.join(names)}")
            load(config_file=joined, context=context, client_configuration=self._loaded)
            name = context or str(current["name"])
            user = next(entry["context"].get("user") for entry in contexts if entry["name"] == name)
            self._read_user(files, user)
        except (config.ConfigException, yaml.YAMLError, OSError, LookupError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())
            raise ClusterError(f"the kubeconfig {joined} cannot be used: {reason}") from error
        return name

    def _read_user(self, files: Sequence[Path], user: str | None) -> None:
        """Takes the user's token file, which the client reads only once; ClusterError if a plugin gave nothing."""
        found, folder = _user(files, user)
        if "exec" in found and not self._loaded.api_key and not self._loaded.cert_file:
            command = found["exec"].get("command")
            raise ClusterError(f"the kubeconfig's plugin {command!r} gave no credentials: run it in a terminal")
        if "tokenFile" in found and "exec" not in found:
            self._token_file = folder / found["tokenFile"]

    def _use_account(self, account: Path, environment: Mapping[str, str]) -> str:
        token, authority = account / "token", account / "ca.crt"
        make: Any = InClusterConfigLoader  # untyped
        try:
            make(str(token), str(authority), False, environment).load_and_set(self._loaded)
        except (config.ConfigException, OSError) as error:
            raise ClusterError(f"the service account in {account} cannot be used: {error}") from error
        self._token_file = token
        return IN_CLUSTER

    def _make_renewable(self) -> None:
        """The client calls this hook before each request."""
        loader, proxy, registered = self._loaded.refresh_api_key_hook, self._loaded.proxy, set[str]()

        def renew(configuration: Any) -> None:
            with self._lock:
                if self._token_file is not None:
                    configuration.api_key[_KEY] = f"Bearer {self._token_file.read_text().strip()}"
                elif loader is not None:
                    loader(configuration)
                # The loader puts its own hook and the kubeconfig's proxy in their places.
                configuration.refresh_api_key_hook, configuration.proxy = renew, proxy
                token = str(configuration.api_key.get(_KEY, "")).partition(" ")[2]
                if token and token not in registered:
                    registered.add(token)
                    register_secret(token)

        if self._token_file is not None or loader is not None:
            self._loaded.refresh_api_key_hook = renew


def _user(files: Sequence[Path], name: str | None) -> tuple[Json, Path]:
    """The first user of that name in the files, and the folder that its paths start from."""
    for file in files:
        for entry in (yaml.safe_load(file.read_text()) or {}).get("users") or ():
            if entry["name"] == name:
                return entry.get("user") or {}, file.absolute().parent
    return {}, Path()
