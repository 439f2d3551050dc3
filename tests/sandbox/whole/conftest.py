"""One embedded StreamSpace for the tests of the whole: started once, spoken to by HTTP and through Kubernetes."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from kubernetes import client, config


def sandbox_tool(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run `streamspace-sandbox` with `arguments`, whatever its exit status."""
    tool = str(Path(sys.executable).with_name("streamspace-sandbox"))
    return subprocess.run([tool, *arguments], capture_output=True, text=True, timeout=timeout, check=False)


@dataclass(frozen=True)
class Target:
    """A running embedded StreamSpace: its environment, its API, its cluster."""

    environment: dict[str, str]
    api: httpx.Client
    core: client.CoreV1Api

    @property
    def namespace(self) -> str:
        return self.environment["NAMESPACE"]


@pytest.fixture(scope="session")
def target() -> Iterator[Target]:
    """An embedded StreamSpace of this test run's own."""
    name = f"whole-{os.getpid()}"
    up = sandbox_tool("up", "--name", name, "--format", "json", "--owner-pid", str(os.getpid()))
    assert up.returncode == 0, up.stderr
    environment = json.loads(up.stdout)
    bearer = {"Authorization": f"Bearer {environment['STREAMSPACE_TEST_TOKEN']}"}
    cluster = config.new_client_from_config(environment["KUBECONFIG"])
    try:
        with httpx.Client(base_url=environment["STREAMSPACE_API_URL"], headers=bearer, timeout=10) as api:
            yield Target(environment, api, client.CoreV1Api(cluster))
    finally:
        down = sandbox_tool("down", "--name", name)
        assert down.returncode == 0, down.stderr
