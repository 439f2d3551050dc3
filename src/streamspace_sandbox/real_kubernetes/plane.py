"""`python -m streamspace_sandbox.real_kubernetes.plane`: the process of an instance on a real Kubernetes.

It makes the node's namespaces and its cable to this machine, and ends with a signal, its owner, or the node.
"""

import asyncio
import json
import logging
import os
import secrets
import subprocess
import sys
from signal import SIGINT, SIGTERM

from streamspace_sandbox.host import network_bridge
from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.lifecycle import channel, removal
from streamspace_sandbox.lifecycle.channel import INSTANCE_VARIABLE, OWNER_VARIABLE, StartChannel
from streamspace_sandbox.lifecycle.credentials import write_kubeconfig
from streamspace_sandbox.lifecycle.instance import Instance, InstanceState, root_locked
from streamspace_sandbox.real_kubernetes import certificates, folders, layers
from streamspace_sandbox.real_kubernetes.cache import folder
from streamspace_sandbox.real_kubernetes.files import API_PORT, NodePlan
from streamspace_sandbox.real_kubernetes.image_set import write_images
from streamspace_sandbox.real_kubernetes.namespaces import isolated, make_cgroup
from streamspace_sandbox.streamspace.deployment import manifests

NAMESPACE = "streamspace"
NODE_HOST = 2
SHOWN_CORES = 16
"""So that the requests of all sessions of the plan fit; the machine's own number decides how fast they start."""
log = logging.getLogger(__name__)


class Plane:
    """Runs the node of an instance from its network to its removal."""

    def __init__(self, instance: Instance, state: InstanceState, up: StartChannel | None) -> None:
        self._instance = instance
        self._state = state
        self._up = up
        self._address = network_bridge.address(state.number, NODE_HOST)

    async def run(self, owner: int | None) -> None:
        """Until a signal, the owner's end, or the node's end."""
        task = asyncio.current_task()
        assert task is not None, "run by asyncio.run"  # noqa: S101
        loop = asyncio.get_running_loop()
        for number in (SIGTERM, SIGINT):
            loop.add_signal_handler(number, task.cancel)
        try:
            if owner is not None:
                loop.add_reader(os.pidfd_open(owner), task.cancel)
            await self._serve()
        except (StartError, OSError) as failure:
            log.exception("the node does not start")
            if self._up is not None:
                await self._up.send({"failed": f"{failure}"})
        except asyncio.CancelledError:
            log.info("ended")
        finally:
            with root_locked():
                folders.remove(self._instance.directory)
                removal.remove(self._instance)
            removal.remove_root()

    async def _serve(self) -> None:
        plan = self._plan()
        certificates.issue(plan.tls, [self._address, "127.0.0.1", "10.96.0.1"])
        write_images(plan.archive, layers.paths(), layers.pause_path())
        write_kubeconfig(
            self._instance.kubeconfig,
            server=plan.server,
            authority=plan.tls / "ca.crt",
            token=self._state.token,
            namespace=NAMESPACE,
        )
        process = await self._begin_node(plan)
        try:
            await self._follow(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def _plan(self) -> NodePlan:
        directory = self._instance.directory
        return NodePlan(
            directory=directory,
            programs=folder() / "bin",
            address=self._address,
            admin_token=self._state.token,
            component_token=secrets.token_urlsafe(32),
            node_token=secrets.token_urlsafe(32),
            cgroup=self._instance.cgroup,
            shown_cores=SHOWN_CORES,
            archive=directory / "images.tar",
            nodes=self._state.nodes,
            definitions=[manifest for manifest in manifests(1) if manifest["kind"] == "CustomResourceDefinition"],
        )

    async def _begin_node(self, plan: NodePlan) -> asyncio.subprocess.Process:
        folders.make(self._instance.directory)
        join = make_cgroup(self._instance.cgroup)
        process = await asyncio.create_subprocess_exec(
            *isolated(self._instance.directory),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self._instance.directory,
            preexec_fn=join,
        )
        await self._expect(process, "isolated")
        device = network_bridge.join_namespace(self._state.number, self._state.token, process.pid)
        gateway = network_bridge.address(self._state.number, 1)
        assert process.stdin is not None, "it was asked for"  # noqa: S101
        message = {"plan": plan.write(), "device": device, "gateway": gateway}
        process.stdin.write(json.dumps(message).encode() + b"\n")
        await process.stdin.drain()
        return process

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        """Tell `up` that Kubernetes answers; then wait for the node's end."""
        await self._expect(process, "ready")
        if self._up is not None:
            await self._up.send({"kubernetes_host": self._address, "kubernetes_port": API_PORT})
            if await self._up.receive() is None:
                log.info("`up` has ended before StreamSpace was deployed")
                return
        await self._expect(process, "ended")

    async def _expect(self, process: asyncio.subprocess.Process, state: str) -> None:
        """Wait for this message of the node. Raises StartError when another one comes, or none any more."""
        assert process.stdout is not None, "it was asked for"  # noqa: S101
        line = await process.stdout.readline()
        message = json.loads(line) if line else {"state": "ended"}
        if message["state"] != state:
            reason = message.get("reason") or f"its process has ended, and its log ends with: {self._last_words()}"
            raise StartError(f"The Kubernetes node failed: {reason}.")

    def _last_words(self) -> str:
        """The end of the log, which goes with the instance."""
        lines = self._instance.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "(nothing)"


async def main() -> None:
    """The instance that the environment names."""
    instance = Instance(os.environ[INSTANCE_VARIABLE])
    state = instance.read()
    if state is None:
        sys.exit(f"there is no instance {instance.name!r}; start one with `streamspace-sandbox up`")
    owner = os.environ.get(OWNER_VARIABLE)
    await Plane(instance, state, await channel.inherited()).run(int(owner) if owner else None)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    asyncio.run(main())
