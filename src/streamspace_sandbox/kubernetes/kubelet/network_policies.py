"""NetworkPolicies on this node: the rules in each pod's network follow what is stored, a moment later."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from streamspace_sandbox.kubernetes.kubelet.commands import run
from streamspace_sandbox.kubernetes.kubelet.iptables_chains import rules
from streamspace_sandbox.kubernetes.machinery.expected_errors import ignoring
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import (
    ENDPOINTS,
    NAMESPACES,
    NETWORKPOLICIES,
    PODS,
    SERVICES,
    Obj,
)
from streamspace_sandbox.kubernetes.registry.store import Event, Store

_CONCERNED = (NETWORKPOLICIES, NAMESPACES, PODS, SERVICES, ENDPOINTS)


@dataclass
class _Network:
    pod: Obj
    path: Path
    rules: str | None = None
    """What was put into it; None when nothing was."""


class Enforcement:
    """Keeps the networks of all pods of the node in step with the policies."""

    def __init__(self, store: Store, host_ip: str) -> None:
        self._store = store
        self._host_ip = host_ip
        self._networks: dict[Path, _Network] = {}
        self._changed = asyncio.Event()
        self._busy = asyncio.Lock()
        self._needed = False
        self._subscriptions = [store.watch(resource, callback=self._note) for resource in _CONCERNED]

    def add(self, path: Path, pod: Obj) -> None:
        """A pod's network, held by the file `path`, is there until `discard`."""
        self._networks.setdefault(path, _Network(pod, path))
        self._changed.set()

    async def discard(self, path: Path) -> None:
        """The network is about to go: nothing is done to it any more once this returns."""
        async with self._busy:
            self._networks.pop(path, None)

    async def run(self) -> None:
        """Follow the changes, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            # Until there is a first policy, nothing has to be put into any network.
            self._needed = self._needed or bool(self._store.list(NETWORKPOLICIES)[0])
            for network in list(self._networks.values()) if self._needed else []:
                async with self._busy:
                    await self._bring_up_to_date(network)

    def close(self) -> None:
        """Follow nothing any more; what is in force goes with the networks."""
        for subscription in self._subscriptions:
            subscription.close()

    async def _bring_up_to_date(self, network: _Network) -> None:
        if network.path not in self._networks:
            return
        with ignoring(404):
            stored = self._store.get(PODS, namespace_of(network.pod), name_of(network.pod))
            wanted = rules(self._store, stored, self._host_ip)
            if wanted != network.rules:
                await run(["nsenter", f"--net={network.path}", "iptables-restore", "--noflush", "--wait"], stdin=wanted)
                network.rules = wanted

    def _note(self, _: Event) -> None:
        self._changed.set()
