"""The tools that the plan builds and deploys with. Each is called, and its answer is read strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from streamspace_acceptance.domain.deployment.commands import CommandResult, call
from streamspace_acceptance.strict_json import NotJson, read_object

RECOMMENDED_HELM = "3.18.0"
_TRIED_HELM = ((3, 16), (3, 18))
_KUBECTL = re.compile(r"v1\.\d+\.\d+\S*")
# `v3.18.0+gcc36c9d`, or `v3.18` where it was built without its release's flags; plain `helm version` wraps it, and
# Helm 2 puts "Client: " before it.
_HELM = re.compile(
    r"(?:Client: )?(?:&?version\.(?:BuildInfo|Version)\{(?:Version|SemVer):\")?"
    r"(?P<version>v(?P<major>\d+)\.(?P<minor>\d+)(?:\.\d+)?(?:[-+][\w.+-]*)?)(?:\".*\})?"
)
_FORBIDDEN = "Error from server (Forbidden)"
_DOCKER = re.compile(r"\d+\.\d+(?:\.\d+)?[\w.+~-]*")


@dataclass(frozen=True)
class Tool:
    """A tool as it answered: its version, or the trouble with it."""

    name: str
    command: str
    version: str | None
    trouble: str | None

    def describe(self) -> str:
        """For the evidence: `helm version --short: v3.18.0`."""
        return f"{self.command}: {self.version or self.trouble}"


def kubectl(seconds: float) -> Tool:
    """The Kubernetes client by its own version; it asks no cluster."""
    called = call("kubectl", "version", "--client", "-o", "json", seconds=seconds)
    try:
        version = read_object(called.output.encode())["clientVersion"]["gitVersion"]
    except (NotJson, KeyError, TypeError):
        version = None
    return _tool("kubectl", called, version if isinstance(version, str) and _KUBECTL.fullmatch(version) else None)


def helm(seconds: float) -> Tool:
    """Helm by its own version, `v3.18.0+g…`."""
    called = call("helm", "version", "--short", seconds=seconds)
    lines = called.output.strip().splitlines()
    found = _HELM.fullmatch(lines[0].strip()) if lines else None
    return _tool("helm", called, found["version"] if found else None)


def docker(seconds: float) -> Tool:
    """The Docker engine's version, which the client gets from it: without an engine there is none."""
    called = call("docker", "version", "--format", "{{.Server.Version}}", seconds=seconds)
    version = called.output.strip()
    return _tool("docker", called, version if _DOCKER.fullmatch(version) else None)


def cluster_info(seconds: float, context: str | None) -> CommandResult:
    """The answer of `kubectl cluster-info`, in the run's own context.

    It also lists the services of kube-system. A user who may not do that has an answer of the cluster all the same.
    """
    called = call("kubectl", "cluster-info", *(["--context", context] if context else []), seconds=seconds)
    return replace(called, trouble=None) if _FORBIDDEN in f"{called.errors}{called.output}" else called


def helm_release(version: str) -> tuple[int, int]:
    """(major, minor) of a version that `helm` has given."""
    major, minor, *_ = version.removeprefix("v").split(".")
    return int(major), int(re.split(r"\D", minor)[0])


def helm_advice(tool: Tool) -> str | None:
    """Advice about a Helm that the plan allows but does not name; None where there is nothing to advise."""
    if tool.version is None or helm_release(tool.version) in _TRIED_HELM or helm_release(tool.version)[0] != 3:
        return None
    return f"The plan was written with Helm 3.16 and {RECOMMENDED_HELM}, which is recommended; this is {tool.version}."


def _tool(name: str, called: CommandResult, version: str | None) -> Tool:
    """The tool by its answer. A call that failed gives no version, whatever it printed."""
    if called.trouble is not None:
        return Tool(name, called.command, None, called.trouble)
    output = " ".join(called.output.split())[:100]
    return Tool(name, called.command, version, None if version else f"it says {output!r}, which is not a version")
