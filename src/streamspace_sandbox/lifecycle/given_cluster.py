"""Puts the embedded StreamSpace on a cluster that the user has, and removes it again."""

import asyncio
import base64
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.streamspace.deployment import DeployedStreamSpace, DeploymentError, deploy, undeploy
from streamspace_sandbox.streamspace.kube.client import KubeEndpoint

DEPLOY_SECONDS = 300.0
"""A cluster of the user's may have to pull or start slowly."""


def deploy_on(kubeconfig: Path, context: str | None, *, time_scale: float) -> DeployedStreamSpace:
    """Deploy on the cluster of `context`, or of the current one. Raises StartError."""
    with _endpoint(kubeconfig, context) as endpoint:
        try:
            return asyncio.run(deploy(endpoint, time_scale=time_scale, deadline=DEPLOY_SECONDS, from_images=True))
        except DeploymentError as failure:
            raise StartError(str(failure)) from failure


def undeploy_from(kubeconfig: Path, context: str | None) -> bool:
    """Remove it. Returns whether it was there. Raises StartError."""
    with _endpoint(kubeconfig, context) as endpoint:
        try:
            return asyncio.run(undeploy(endpoint))
        except DeploymentError as failure:
            raise StartError(str(failure)) from failure


@contextmanager
def _endpoint(kubeconfig: Path, context: str | None) -> Iterator[KubeEndpoint]:
    """The API that the kubeconfig names. Credentials that it holds inline lie in files meanwhile."""
    try:
        content = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        chosen = _named(content, "contexts", context or content["current-context"])["context"]
        cluster = _named(content, "clusters", chosen["cluster"])["cluster"]
        user = _named(content, "users", chosen["user"])["user"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise StartError(f"{kubeconfig} is not a kubeconfig with a usable context ({error}).") from error
    if "exec" in user or "auth-provider" in user:
        raise StartError(f"{kubeconfig} gets its credentials from a program; use one with a token or a certificate.")
    with tempfile.TemporaryDirectory(prefix="streamspace-sandbox-") as folder:
        files = Path(folder)
        authority = _file(cluster, "certificate-authority", kubeconfig, files)
        certificate, key = (_file(user, name, kubeconfig, files) for name in ("client-certificate", "client-key"))
        pair = (certificate, key) if certificate and key else None
        if pair is None and "token" not in user:
            raise StartError(f"{kubeconfig} has neither a token nor a client certificate for its user.")
        yield KubeEndpoint(cluster["server"], user.get("token", ""), authority, pair)


def _named(content: Mapping[str, Any], kind: str, name: str) -> Mapping[str, Any]:
    for entry in content[kind]:
        if entry["name"] == name:
            return dict(entry)
    raise KeyError(f"no {name!r} in its {kind}")


def _file(holder: Mapping[str, str], name: str, kubeconfig: Path, folder: Path) -> str | None:
    """The path of a file that the kubeconfig names, or of a new one with the content that it holds."""
    if f"{name}-data" in holder:
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(base64.b64decode(holder[f"{name}-data"]))
        return str(path)
    return str(kubeconfig.parent / holder[name]) if name in holder else None
