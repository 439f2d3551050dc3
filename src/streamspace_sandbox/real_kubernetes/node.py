"""`python -m streamspace_sandbox.real_kubernetes.node`: the first process of a node, in namespaces of its own.

It starts the components, gives them their objects, and ends when one of them ends. With it ends everything that runs
in its process namespace. It talks to its parent over standard input and output, one line of JSON per message.
"""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from streamspace_sandbox.real_kubernetes import components, storage
from streamspace_sandbox.real_kubernetes.cluster_objects import apply_definitions, apply_objects, are_served
from streamspace_sandbox.real_kubernetes.components import Component
from streamspace_sandbox.real_kubernetes.files import PRIVATE_FOLDERS, NodePlan, write_files
from streamspace_sandbox.real_kubernetes.namespaces import isolated, make_cgroup
from streamspace_sandbox.streamspace.kube.client import UNREACHABLE, Collection, KubeClient, KubeEndpoint, KubeError

log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""For each of: the API server answers, containerd listens, the node is Ready."""
PAUSE = 0.1


class NodeError(Exception):
    """The node cannot start or has ended; the message names the component and the end of its log."""


class Node:
    """The node's processes."""

    def __init__(self, plan: NodePlan) -> None:
        self._plan = plan
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def isolate(self, device: str, gateway: str) -> None:
        """Private folders, and the address on `device`, which the parent moved into this network namespace."""
        for folder in PRIVATE_FOLDERS:
            _run("mount", "-t", "tmpfs", "tmpfs", folder)
        for arguments in (
            ("link", "set", "lo", "up"),
            ("link", "set", device, "name", "eth0"),
            ("addr", "add", f"{self._plan.address}/32", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("route", "add", f"{gateway}/32", "dev", "eth0"),
            ("route", "add", "default", "via", gateway),
        ):
            _run("ip", *arguments)
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")

    async def start(self, report: Callable[[str], None]) -> None:
        """Until the node is Ready, and the further ones that the first one starts. Raises NodeError."""
        write_files(self._plan)
        is_first = self._plan.number == 1
        self._begin([components.containerd(self._plan)])
        if is_first:
            self._begin([components.etcd(self._plan), components.api_server(self._plan)])
        importing = asyncio.create_task(asyncio.to_thread(self._import_images))
        async with self.client() as client:
            await self._until("kube-apiserver", lambda: _answers(client))
            report("the API server answers")
            if is_first:
                await apply_definitions(client, self._plan.definitions)
                await self._until("kube-apiserver", lambda: are_served(client, self._plan.definitions))
                self._begin(components.controllers(self._plan))
                await apply_objects(client, self._plan.address)
            await importing
            report("the images are imported")
            self._begin(components.node_agents(self._plan))
            if is_first:
                self._begin([components.metrics_server(self._plan)])
            await self._until("kubelet", lambda: _is_ready(client, self._plan.name))
            report("the node is Ready")
        if is_first:
            for number in range(2, self._plan.nodes + 1):
                await asyncio.to_thread(self._start_further, self._plan.of_further(number))
                report(f"node {number} is Ready")

    async def serve(self) -> None:
        """Volumes and addresses, until a component ends. Raises NodeError."""
        async with self.client() as client, asyncio.TaskGroup() as group:
            if self._plan.number == 1:
                group.create_task(storage.provide_volumes(client, self._plan.directory / "volumes"))
                group.create_task(storage.give_addresses(client, self._plan.address))
            group.create_task(self._watch_components())

    def client(self) -> KubeClient:
        """A client with the token of the node's own programs."""
        ca_path = str(self._plan.tls / "ca.crt")
        return KubeClient(KubeEndpoint(self._plan.server, self._plan.component_token, ca_path))

    def _begin(self, wanted: Sequence[Component]) -> None:
        for component in wanted:
            with self._log(component.name).open("ab") as output:
                self._processes[component.name] = subprocess.Popen(
                    component.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=os.environ | {"PATH": f"{self._plan.programs}:{os.environ['PATH']}"} | component.environment,
                    cwd=self._plan.directory,
                )

    def _start_further(self, plan: NodePlan) -> None:
        """Another node, in namespaces of its own below those of this one, with a cable to it."""
        plan.directory.mkdir()
        log = self._log(plan.name)
        with log.open("ab") as output:
            process = subprocess.Popen(
                isolated(self._plan.directory),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                cwd=plan.directory,
                preexec_fn=make_cgroup(plan.cgroup),  # noqa: PLW1509 - it only writes into files
            )
        self._processes[plan.name] = process
        assert process.stdin is not None, "it was asked for"  # noqa: S101
        self._expect(process, plan.name, "isolated")
        device, other = f"to-{plan.name}", f"of-{plan.name}"
        for arguments in (
            ("link", "add", device, "type", "veth", "peer", "name", other),
            ("link", "set", other, "netns", str(process.pid)),
            ("addr", "add", f"{self._plan.address}/32", "dev", device),
            ("link", "set", device, "up"),
            ("route", "add", f"{plan.address}/32", "dev", device, "src", self._plan.address),
            ("route", "add", plan.pods, "via", plan.address, "dev", device),
        ):
            _run("ip", *arguments)
        message = {"plan": plan.write(), "device": other, "gateway": self._plan.address}
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        self._expect(process, plan.name, "ready")

    def _expect(self, process: subprocess.Popen[bytes], name: str, state: str) -> None:
        """Wait for this message of another node."""
        assert process.stdout is not None, "it was asked for"  # noqa: S101
        line = process.stdout.readline()
        message = json.loads(line) if line else {"state": "ended"}
        if message["state"] != state:
            raise NodeError(message.get("reason") or self._failure(name, "has ended"))

    def _log(self, component: str) -> Path:
        return self._plan.directory / "log" / f"{component}.log"

    def _import_images(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._plan.containerd_socket.is_socket():
            self._check()
            if time.monotonic() > deadline:
                raise NodeError(self._failure("containerd", f"does not listen after {START_SECONDS:g} s"))
            time.sleep(PAUSE)
        address = f"--address={self._plan.containerd_socket}"
        _run("ctr", address, "--namespace=k8s.io", "images", "import", str(self._plan.archive))

    async def _until(self, component: str, holds: Callable[[], Awaitable[bool]]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not await holds():
            self._check()
            if time.monotonic() > deadline:
                raise NodeError(self._failure(component, f"is not ready after {START_SECONDS:g} s"))
            await asyncio.sleep(PAUSE)

    async def _watch_components(self) -> None:
        """As the first process of its namespace it also reaps the orphans of containers."""
        changed = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, changed.set)
        while True:
            self._check()
            _reap_orphans({process.pid for process in self._processes.values()})
            await changed.wait()
            changed.clear()

    def _check(self) -> None:
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise NodeError(self._failure(name, f"has ended with status {process.returncode}"))

    def _failure(self, component: str, what: str) -> str:
        lines = self._log(component).read_text(errors="replace").strip().splitlines()
        return f"{component} {what}; its log ends with: {lines[-1] if lines else '(nothing)'}"


async def _answers(client: KubeClient) -> bool:
    """Whether the API server is ready to serve: a namespace of its own exists only then."""
    try:
        return await client.find(Collection("v1", "namespaces"), "default") is not None
    except (KubeError, *UNREACHABLE) as error:
        log.info("the API server: %s", error or type(error).__name__)
        return False


async def _is_ready(client: KubeClient, name: str) -> bool:
    node = await client.find(Collection("v1", "nodes"), name)
    conditions = node["status"].get("conditions", []) if node else []
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _reap_orphans(components_of: set[int]) -> None:
    """Reap ended processes that are not components; Python reaps those by `poll`."""
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in components_of:
            return
        os.waitpid(ended.si_pid, 0)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NodeError(f"`{' '.join(command[:4])}` failed: {done.stderr.strip() or done.returncode}")


def _send(message: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """The plan and the device come in the first line of standard input."""
    _send({"state": "isolated"})
    assignment = json.loads(sys.stdin.readline())
    plan = NodePlan.read(assignment["plan"])
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sys.exit, 0)
    node = Node(plan)
    try:
        node.isolate(assignment["device"], assignment["gateway"])
        await node.start(log.info)
        _send({"state": "ready"})
        await node.serve()
    except* NodeError as errors:
        _send({"state": "failed", "reason": str(errors.exceptions[0])})


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(main())
