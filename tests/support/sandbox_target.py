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
def sandbox_target(name: str) -> Iterator[SandboxTarget]:
    """An embedded StreamSpace while the context lasts."""
    up = sandbox_tool("up", "--name", name, "--format", "json", "--owner-pid", str(os.getpid()))
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
