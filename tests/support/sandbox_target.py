"""A running embedded StreamSpace for tests: its command line, its API and its cluster."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from kubernetes import client, config

STATE = Path("/var/lib/streamspace-sandbox")
TOOL = str(Path(sys.executable).with_name("streamspace-sandbox"))


def sandbox_tool(*arguments: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `streamspace-sandbox` with `arguments`, whatever its exit status."""
    return subprocess.run(
        [TOOL, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env=os.environ | environment,
    )


def wait_until_kubernetes_answers(starting: subprocess.Popen[str]) -> None:
    """Until an `up` says that its control plane answers; before, it may tell of another sandbox's remains."""
    assert starting.stderr is not None
    while "Kubernetes answers" not in (line := starting.stderr.readline()):
        assert line, "`up` ended before its control plane answered"


@dataclass(frozen=True)
class SandboxTarget:
    """A running embedded StreamSpace: its environment, its API, its cluster."""

    environment: dict[str, str]
    api: httpx.Client
    core: client.CoreV1Api

    @property
    def namespace(self) -> str:
        return self.environment["NAMESPACE"]

    def new_core(self) -> client.CoreV1Api:
        """Another client, with a connection of its own."""
        return client.CoreV1Api(config.new_client_from_config(self.environment["KUBECONFIG"]))  # type: ignore[no-untyped-call]


@contextmanager
def sandbox_target(name: str, *options: str, timeout: float = 120) -> Iterator[SandboxTarget]:
    """An embedded StreamSpace while the context lasts; `options` are those of `up`."""
    arguments = ("--name", name, "--format", "json", "--owner-pid", str(os.getpid()), *options)
    up = sandbox_tool("up", *arguments, timeout=timeout)
    assert up.returncode == 0, up.stderr
    environment = json.loads(up.stdout)
    bearer = {"Authorization": f"Bearer {environment['STREAMSPACE_TEST_TOKEN']}"}
    cluster = config.new_client_from_config(environment["KUBECONFIG"])  # type: ignore[no-untyped-call]
    try:
        with httpx.Client(base_url=environment["STREAMSPACE_API_URL"], headers=bearer, timeout=10) as api:
            yield SandboxTarget(environment, api, client.CoreV1Api(cluster))
    finally:
        down = sandbox_tool("down", "--name", name)
        assert down.returncode == 0, down.stderr


def traces(name: str) -> dict[str, list[str]]:
    """Everything on this machine that belongs to the instance `name`, by kind."""
    processes = subprocess.run(["ps", "-ewwo", "pid,args"], capture_output=True, text=True, check=True)
    folder = f"{STATE}/{name}/"
    return {
        "processes": [line for line in processes.stdout.splitlines() if folder in line or f"--name {name}" in line],
        "mounts": [line for line in Path("/proc/mounts").read_text().splitlines() if folder in line],
        "files": [str(path) for path in STATE.glob(f"{name}*")],
    }
