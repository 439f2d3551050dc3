"""A real cluster in the place of the stand-in's `Cluster`, for the contract tests that both must pass."""

import asyncio
import os
import pty
import subprocess
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from streamspace_sandbox.kubernetes.kubelet import host_capacity
from streamspace_sandbox.kubernetes.machinery.errors import ApiError, bad_request
from streamspace_sandbox.kubernetes.machinery.resources import (
    CONFIGMAPS,
    DEPLOYMENTS,
    EVENTS,
    NAMESPACES,
    NODES,
    PERSISTENTVOLUMECLAIMS,
    PODS,
    REPLICASETS,
    SECRETS,
    Obj,
)
from streamspace_sandbox.kubernetes.registry.store import Store
from tests.support.api_store import ApiStore
from tests.support.contract_cluster import LONGEST_WAIT, NAMESPACE, TERMINAL_SIZE, Cluster, NodeParts

POLL_SECONDS = 0.1
QUIET_SECONDS = 1.0
"""Controllers that change nothing for so long have nothing left to do."""
REMOTE_ERROR = "error from server"
EXIT_CODE = "command terminated with exit code"


class ApiCluster(Cluster):
    """A cluster that is reached over its API. A test that reaches into the stand-in is skipped."""

    def __init__(self, store: ApiStore, kubeconfig: Path, node: str) -> None:
        super().__init__(store, node)
        self.api = store
        self._kubeconfig = kubeconfig

    async def until(self, happened: Callable[[], Any], seconds: float = LONGEST_WAIT) -> Any:
        async with asyncio.timeout(seconds):
            while not (result := happened()):  # noqa: ASYNC110 - nothing tells this process of a change
                await asyncio.sleep(POLL_SECONDS)
            return result

    async def settle(self) -> None:
        """Each list gives the version of the latest change of any object."""
        before = None
        async with asyncio.timeout(LONGEST_WAIT):
            while before != (now := self.store.list(NODES)[1]):
                before = now
                await asyncio.sleep(QUIET_SECONDS)

    async def log(
        self, name: str, *, follow: bool = False, previous: bool = False, tail_lines: int | None = None
    ) -> str:
        limit = [] if tail_lines is None else [f"--tail={tail_lines}"]
        switches = [*(["--follow"] if follow else []), *(["--previous"] if previous else []), *limit]
        done = await asyncio.to_thread(self._kubectl, "logs", name, "--container=main", *switches)
        return done.stdout.decode()

    async def execute(
        self, name: str, *command: str, container: str = "main", stdin: bytes = b"", tty: bool = False
    ) -> tuple[int, str]:
        arguments = ("exec", name, f"--container={container}", "--stdin")
        if tty:
            return await asyncio.to_thread(self._execute_in_terminal, [*arguments, "--tty", "--", *command], stdin)
        done = await asyncio.to_thread(self._kubectl, *arguments, "--", *command, stdin=stdin, check=False)
        lines = [line for line in done.stderr.decode().splitlines(keepends=True) if not line.startswith(EXIT_CODE)]
        return done.returncode, done.stdout.decode() + "".join(lines)

    def _kubectl(self, *arguments: str, stdin: bytes = b"", check: bool = True) -> "subprocess.CompletedProcess[bytes]":
        """Raises `ApiError` for what the API refuses."""
        done = subprocess.run(
            self._argv(arguments), input=stdin, capture_output=True, timeout=LONGEST_WAIT, check=False
        )
        if REMOTE_ERROR in (message := done.stderr.decode()).lower():
            raise bad_request(message)
        assert done.returncode == 0 or not check, message
        return done

    def _execute_in_terminal(self, arguments: list[str], stdin: bytes) -> tuple[int, str]:
        terminal, end = pty.openpty()
        termios.tcsetwinsize(end, (TERMINAL_SIZE[1], TERMINAL_SIZE[0]))
        process = subprocess.Popen(self._argv(arguments), stdin=end, stdout=end, stderr=end)
        os.close(end)
        os.write(terminal, stdin)
        output = b""
        with suppress(OSError):  # the end of a terminal
            while data := os.read(terminal, 65536):
                output += data
        os.close(terminal)
        return process.wait(LONGEST_WAIT), output.decode()

    def _argv(self, arguments: "tuple[str, ...] | list[str]") -> list[str]:
        return ["kubectl", f"--kubeconfig={self._kubeconfig}", f"--namespace={NAMESPACE}", *arguments]

    @property
    def parts(self) -> NodeParts:
        pytest.skip("the test reads the stand-in's own state, which a real Kubernetes does not give away")

    async def clear(self) -> None:
        """Delete what the tests make."""
        for resource in (DEPLOYMENTS, REPLICASETS, PODS, PERSISTENTVOLUMECLAIMS, CONFIGMAPS, SECRETS, EVENTS):
            self.api.delete_all(resource, NAMESPACE)
        with suppress(ApiError):
            self.store.delete(NAMESPACES, None, "demo")
        await self.until(lambda: not self.store.list(PODS, NAMESPACE)[0])


def register_nodes(store: ApiStore) -> None:
    """The stand-in's virtual nodes. Without a kubelet pods on them stay as the test leaves them."""
    stand_in = Store()
    host_capacity.register(stand_in, "10.231.0.1", [])

    for node in stand_in.list(NODES)[0]:
        name = node["metadata"]["name"]

        def report(obj: Obj, status: Obj = node["status"]) -> None:
            obj["status"] = status

        store.create(NODES, {"metadata": {"name": name, "labels": node["metadata"]["labels"]}})
        store.mutate(NODES, None, name, report, subresource="status")
