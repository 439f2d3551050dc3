"""Enforcement of NetworkPolicies: the chain in each pod's network follows the stored policies, a moment later."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from streamspace_sandbox.kubernetes.kubelet.commands import run
from streamspace_sandbox.kubernetes.kubelet.network_policy_chain import chain_of
from streamspace_sandbox.kubernetes.machinery.errors import ignore_api_errors
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import NETWORKPOLICIES, PODS, Obj
from streamspace_sandbox.kubernetes.registry.store import Event, Store


@dataclass
class _Network:
    pod: Obj
    path: Path
    chain: str | None = None
    """The chain that is in force; None before the first policy."""


class PolicyEnforcement:
    """Keeps the networks of all pods of the node in step with the policies."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._networks: dict[Path, _Network] = {}
        self._changed = asyncio.Event()
        self._busy = asyncio.Lock()
        self._needed = False
        self._subscriptions = [store.watch(resource, callback=self._note) for resource in (NETWORKPOLICIES, PODS)]

    def add(self, path: Path, pod: Obj) -> None:
        """Enforce the policies in a pod's network, kept by the file `path`, until `discard`."""
        self._networks.setdefault(path, _Network(pod, path))
        self._changed.set()

    async def discard(self, path: Path) -> None:
        """The network is about to be removed: nothing touches it any more once this returns."""
        async with self._busy:
            self._networks.pop(path, None)

    async def run(self) -> None:
        """Follow the changes, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            # Networks stay as they were made until the first policy exists.
            self._needed = self._needed or bool(self._store.list(NETWORKPOLICIES)[0])
            for network in list(self._networks.values()) if self._needed else []:
                async with self._busy:
                    await self._update(network)

    def close(self) -> None:
        """Follow no more changes; what is in force stays until the networks are removed."""
        for subscription in self._subscriptions:
            subscription.close()

    async def _update(self, network: _Network) -> None:
        if network.path not in self._networks:
            return
        with ignore_api_errors(404):
            pod = self._store.get(PODS, namespace_of(network.pod), name_of(network.pod))
            wanted = chain_of(self._store, pod)
            if wanted != network.chain:
                await run(["nsenter", f"--net={network.path}", "iptables-restore", "--noflush", "--wait"], stdin=wanted)
                network.chain = wanted

    def _note(self, _: Event) -> None:
        self._changed.set()
