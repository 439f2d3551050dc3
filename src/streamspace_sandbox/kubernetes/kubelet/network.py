"""A pod's own network: a namespace held by a file, a cable to the bridge, one address for the pod's whole life."""

import contextlib
import os
from pathlib import Path

from streamspace_sandbox.host.kernel import unmount
from streamspace_sandbox.host.network_bridge import address, bridge_name, veth_name
from streamspace_sandbox.kubernetes.kubelet.commands import CommandError, run
from streamspace_sandbox.kubernetes.kubelet.network_policy_chain import initial_chain

POD_HOSTS = range(50, 251)
NO_ADDRESS = ["addrgenmode", "none"] if Path("/proc/sys/net/ipv6").exists() else []


class NoAddressError(Exception):
    """All addresses of the pods' range are in use."""


class PodNetworks:
    """The networks of all pods of one instance; `number` is that of its bridge."""

    def __init__(self, directory: Path, number: int) -> None:
        self._directory = directory
        self._number = number
        self._used: set[int] = set()
        self._next = POD_HOSTS.start
        directory.mkdir(exist_ok=True)

    async def make(self, pod_uid: str) -> "PodNetwork":
        """Raises NoAddressError, and CommandError when the kernel refuses."""
        host = self._take()
        network = PodNetwork(self._directory / pod_uid, self._number, host)
        try:
            await network.make()
        except BaseException:
            await self.remove(network)
            raise
        return network

    async def remove(self, network: "PodNetwork") -> None:
        """Remove a network whose containers have ended; its address may be given to another pod."""
        await network.remove()
        self._used.discard(network.host)

    def _take(self) -> int:
        """The free address that was not used for longest: late packets of a dead pod meet no new one."""
        for step in range(len(POD_HOSTS)):
            host = POD_HOSTS.start + (self._next - POD_HOSTS.start + step) % len(POD_HOSTS)
            if host not in self._used:
                self._used.add(host)
                self._next = host + 1
                return host
        raise NoAddressError(f"all {len(POD_HOSTS)} pod addresses are in use")


class PodNetwork:
    """One pod's network namespace; `path` is the file that keeps it."""

    def __init__(self, path: Path, number: int, host: int) -> None:
        self.path = path
        self.host = host
        self._number = number
        self._veth = veth_name(number, host)

    @property
    def ip(self) -> str:
        return address(self._number, self.host)

    def traffic(self) -> tuple[int, int] | None:
        """The bytes that the pod received and sent; None when its cable is gone. The host's end counts the reverse."""
        counters = Path(f"/sys/class/net/{self._veth}/statistics")
        try:
            return int((counters / "tx_bytes").read_text()), int((counters / "rx_bytes").read_text())
        except OSError:
            return None

    async def make(self) -> None:
        self.path.touch()
        inside = [
            "link set lo up",
            f"link add eth0 type veth peer name {self._veth} netns {os.getpid()}",
            f"addr add {self.ip}/24 dev eth0",
            "link set eth0 up",
            f"route add default via {address(self._number, 1)}",
        ]
        await run(["unshare", f"--net={self.path}", "ip", "-batch", "-"], stdin="\n".join(inside) + "\n")
        await run(["nsenter", f"--net={self.path}", "iptables-restore", "--noflush", "--wait"], stdin=initial_chain())
        # Without an address of its own on the host's end: a browser on this machine gives up what it is loading
        # whenever an address comes or goes.
        await run(["ip", "link", "set", self._veth, "master", bridge_name(self._number), *NO_ADDRESS, "up"])

    async def remove(self) -> None:
        # The kernel drops the cable by itself, later; the next pod with this address must not find it.
        with contextlib.suppress(CommandError):
            await run(["ip", "link", "del", self._veth])
        unmount(self.path)
        self.path.unlink(missing_ok=True)
