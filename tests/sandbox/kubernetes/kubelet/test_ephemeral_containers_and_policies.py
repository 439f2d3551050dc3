"""What is put beside and around pods that run: ephemeral containers, and NetworkPolicies on their networks."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest

from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.resources import NETWORKPOLICIES, PODS, Obj
from streamspace_sandbox.kubernetes.machinery.runtime import LogOptions
from tests.sandbox.kubernetes.kubelet.test_node import on_a_node, ready
from tests.support.node_cluster import NAMESPACE, Cluster

pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(os.geteuid() != 0, reason="containers need root")]
WAITS = "trap 'exit 0' TERM; echo began; sleep 1000 & wait"
ANSWERS = """exec python3 -u -c '
import socketserver
class Echo(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(line)
socketserver.ThreadingTCPServer(("", 7000), Echo).serve_forever()'"""
ASKS = """exec python3 -u -c '
import socket, sys, time
talk = socket.create_connection((sys.argv[1], 7000), 5)
talk.settimeout(0.5)
while True:
    try:
        talk.send(b"x\\n"); talk.recv(9); print("heard", flush=True)
    except TimeoutError:
        print("silent", flush=True)
    time.sleep(0.1)' """


def add(cluster: Cluster, pod: str, **container: Any) -> None:
    def change(obj: Obj) -> None:
        obj["spec"].setdefault("ephemeralContainers", []).append({"image": "nicolaka/netshoot", **container})

    cluster.store.mutate(PODS, NAMESPACE, pod, change, subresource="ephemeralcontainers")


def beside(cluster: Cluster, pod: str, state: str) -> Callable[[], Obj | None]:
    def happened() -> Obj | None:
        found = cluster.find(PODS, pod)
        entries = found["status"].get("ephemeralContainerStatuses") if found else None
        return found if entries and state in entries[0]["state"] else None

    return happened


async def execute(cluster: Cluster, pod: Obj, container: str, *command: str) -> tuple[int, str]:
    assert cluster.kubelet is not None
    session = await cluster.kubelet.exec(pod, container, command, tty=False, stdin=False)
    output = b"".join([part async for part in session.stdout()] + [part async for part in session.stderr()])
    return await session.wait(), output.decode()


def test_an_ephemeral_container_shares_network_and_processes_and_ends_with_its_pod() -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("web", WAITS)
        await cluster.until(ready(cluster, "web"))
        capability = {"capabilities": {"add": ["NET_ADMIN"]}}
        add(cluster, "web", name="dbg", command=["sh", "-c", WAITS], securityContext=capability,
            targetContainerName="main")  # fmt: skip
        pod = await cluster.until(beside(cluster, "web", "running"))
        assert (await execute(cluster, pod, "main", "iptables", "-S"))[0] == 4
        code, rules = await execute(
            cluster, pod, "dbg", "sh", "-c", "iptables -A OUTPUT -p tcp --dport 9 -j DROP; ps ax"
        )
        assert code == 0
        assert rules.count("sleep 1000") >= 2, "the target's processes are not seen"
        _, address = await execute(cluster, pod, "dbg", "hostname", "-I")
        assert pod["status"]["podIP"] in address
        with pytest.raises(ApiError, match="not valid for pod"):
            await execute(cluster, pod, "other", "true")
        cluster.store.delete(PODS, NAMESPACE, "web")
        await cluster.until(lambda: cluster.find(PODS, "web") is None, 4)

    on_a_node(test)


def test_ephemeral_containers_are_started_once_and_end_with_the_ordinary_ones() -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("job", "sleep 2", restartPolicy="Never")
        await cluster.until(ready(cluster, "job"))
        add(cluster, "job", name="stays", command=["sleep", "1000"])
        await cluster.until(beside(cluster, "job", "running"))
        pod = await cluster.until(beside(cluster, "job", "terminated"))
        assert pod["status"]["phase"] == "Succeeded"
        assert pod["status"]["ephemeralContainerStatuses"][0]["restartCount"] == 0

    on_a_node(test)


async def said(cluster: Cluster, pod: str, word: str) -> None:
    """Until the pod's latest lines all are `word`."""
    assert cluster.kubelet is not None
    async with asyncio.timeout(15):
        while True:
            stored = cluster.store.get(PODS, NAMESPACE, pod)
            chunks = await cluster.kubelet.logs(stored, "main", LogOptions(tail_lines=2))
            lines = b"".join([part async for part in chunks]).split()
            if lines == [word.encode()] * 2:
                return
            await asyncio.sleep(0.1)


def isolate(cluster: Cluster, name: str, app: str, **spec: Any) -> None:
    selector = {"matchLabels": {"app": app}}
    cluster.create(NETWORKPOLICIES, name, spec={"podSelector": selector, **spec})


def test_a_policy_cuts_open_connections_both_ways_and_its_end_heals_them() -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("server", ANSWERS)
        server = await cluster.until(ready(cluster, "server"))
        asks = f"{ASKS} {server['status']['podIP']}"
        cluster.run("client", f"sleep 1; {asks}")
        await cluster.until(ready(cluster, "client"))
        await said(cluster, "client", "heard")
        for name in ("client", "server"):
            labels = {"labels": {"app": name}}
            cluster.store.mutate(PODS, NAMESPACE, name, lambda pod, labels=labels: pod["metadata"].update(labels))
        others = [{"ports": [{"port": 1, "endPort": 6999}]}]
        isolate(cluster, "out", "client", policyTypes=["Egress"], egress=others)
        await said(cluster, "client", "silent")
        peer = {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["server"]}]}}
        isolate(cluster, "more", "client", policyTypes=["Egress"], egress=[{"to": [peer]}])
        await said(cluster, "client", "heard")
        isolate(cluster, "in", "server", ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "x"}}}]}])
        await said(cluster, "client", "silent")
        for name in ("out", "more", "in"):
            cluster.store.delete(NETWORKPOLICIES, NAMESPACE, name)
        await said(cluster, "client", "heard")

    on_a_node(test)
