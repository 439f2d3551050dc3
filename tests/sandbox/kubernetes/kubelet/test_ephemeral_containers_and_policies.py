"""Ephemeral containers in running pods, and NetworkPolicies on their networks."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest

from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.resources import NETWORKPOLICIES, PODS, Obj
from tests.support.contract_cluster import NAMESPACE, Cluster, RunTest, ready

pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(os.geteuid() != 0, reason="containers need root")]
NETSHOOT = {"image": "nicolaka/netshoot", "imagePullPolicy": "IfNotPresent"}
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
        obj["spec"].setdefault("ephemeralContainers", []).append({**NETSHOOT, **container})

    cluster.store.mutate(PODS, NAMESPACE, pod, change, subresource="ephemeralcontainers")


def beside(cluster: Cluster, pod: str, state: str) -> Callable[[], Obj | None]:
    def happened() -> Obj | None:
        found = cluster.find(PODS, pod)
        entries = found["status"].get("ephemeralContainerStatuses") if found else None
        return found if entries and state in entries[0]["state"] else None

    return happened


def test_sidecar_runs_beside_its_pod_and_ends_with_it(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        sidecar = {"name": "mesh", "restartPolicy": "Always", **NETSHOOT}
        cluster.run("web", WAITS, initContainers=[sidecar | {"command": ["sh", "-c", WAITS]}])
        await cluster.until(ready(cluster, "web"))
        [status] = cluster.store.get(PODS, NAMESPACE, "web")["status"]["initContainerStatuses"]
        assert (status["name"], status["restartCount"]) == ("mesh", 0)
        code, address = await cluster.execute("web", "hostname", "-I", container="mesh")
        assert (code, cluster.store.get(PODS, NAMESPACE, "web")["status"]["podIP"] in address) == (0, True)
        cluster.store.delete(PODS, NAMESPACE, "web")
        await cluster.until(lambda: cluster.find(PODS, "web") is None, 4)

    on_a_node(test)


def test_init_container_that_ends_is_refused(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        with pytest.raises(ApiError, match="only Always is supported"):
            cluster.run("web", WAITS, initContainers=[{"name": "once", "image": "nicolaka/netshoot"}])

    on_a_node(test)


def test_ephemeral_container_shares_its_pods_network_and_end(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("web", WAITS)
        await cluster.until(ready(cluster, "web"))
        capability = {"capabilities": {"add": ["NET_ADMIN"]}}
        add(cluster, "web", name="dbg", command=["sh", "-c", WAITS], securityContext=capability)
        pod = await cluster.until(beside(cluster, "web", "running"))
        assert (await cluster.execute("web", "iptables", "-S"))[0] == 4
        rule = ("iptables", "-A", "OUTPUT", "-p", "tcp", "--dport", "9", "-j", "DROP")
        assert (await cluster.execute("web", *rule, container="dbg"))[0] == 0
        _, address = await cluster.execute("web", "hostname", "-I", container="dbg")
        assert pod["status"]["podIP"] in address
        with pytest.raises(ApiError, match="not valid for pod"):
            await cluster.execute("web", "true", container="other")
        cluster.store.delete(PODS, NAMESPACE, "web")
        await cluster.until(lambda: cluster.find(PODS, "web") is None, 4)

    on_a_node(test)


def test_ephemeral_container_starts_once_and_ends_with_its_pod(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("job", "sleep 2", restartPolicy="Never")
        await cluster.until(ready(cluster, "job"))
        add(cluster, "job", name="stays", command=["sleep", "1000"])
        await cluster.until(beside(cluster, "job", "running"))
        pod = await cluster.until(beside(cluster, "job", "terminated"))
        assert pod["status"]["phase"] == "Succeeded"
        assert pod["status"]["ephemeralContainerStatuses"][0]["restartCount"] == 0

    on_a_node(test)


async def logged(cluster: Cluster, pod: str, word: str) -> None:
    """Until the pod's latest two lines both are `word`."""
    async with asyncio.timeout(15):
        while True:
            if (await cluster.log(pod, tail_lines=2)).split() == [word] * 2:
                return
            await asyncio.sleep(0.1)


def test_policy_cuts_open_connections_until_it_is_deleted(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("server", ANSWERS)
        server = await cluster.until(ready(cluster, "server"))
        cluster.run("client", f"sleep 1; {ASKS} {server['status']['podIP']}")
        await cluster.until(ready(cluster, "client"))
        await logged(cluster, "client", "heard")
        labels = {"labels": {"app": "client"}}
        cluster.store.mutate(PODS, NAMESPACE, "client", lambda pod: pod["metadata"].update(labels))
        ports = {"closed": {"port": 1, "endPort": 6999}, "open": {"port": 7000}}
        for name, word in (("closed", "silent"), ("open", "heard")):
            egress = [{"ports": [ports[name]]}]
            spec = {"podSelector": {"matchLabels": labels["labels"]}, "policyTypes": ["Egress"], "egress": egress}
            cluster.create(NETWORKPOLICIES, name, spec=spec)
            await logged(cluster, "client", word)
        cluster.store.delete(NETWORKPOLICIES, NAMESPACE, "open")
        await logged(cluster, "client", "silent")
        cluster.store.delete(NETWORKPOLICIES, NAMESPACE, "closed")
        await logged(cluster, "client", "heard")

    on_a_node(test)
