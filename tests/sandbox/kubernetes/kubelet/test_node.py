"""Pods that really run: their life, their surroundings, and what clients see of them."""

import asyncio
import base64
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streamspace_sandbox.host.kernel import cgroup_hierarchies
from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.resources import (
    CONFIGMAPS,
    PERSISTENTVOLUMECLAIMS,
    PODS,
    SECRETS,
    SERVICES,
    Obj,
)
from tests.support.node_cluster import NAMESPACE, Cluster, container_status, ended, execute, log, on_a_node, ready

pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(os.geteuid() != 0, reason="containers need root")]


def test_what_a_container_sees() -> None:
    async def test(cluster: Cluster) -> None:
        cluster.create(CONFIGMAPS, "settings", data={"colour": "blue"})
        cluster.create(SECRETS, "hidden", data={"word": base64.b64encode(b"xyzzy").decode()})
        service = {"selector": {"app": "none"}, "ports": [{"port": 80}], "clusterIP": "10.231.9.9"}
        cluster.create(SERVICES, "neighbour", spec=service)
        sources: list[tuple[str, Obj]] = [
            ("PLAIN", {"value": "$(COLOUR)-ish $$x"}),
            ("COLOUR", {"valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}}}),
            ("WORD", {"valueFrom": {"secretKeyRef": {"name": "hidden", "key": "word"}}}),
            ("ME", {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
            ("IP", {"valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}),
            ("LATE", {"value": "$(COLOUR)"}),
        ]
        container = {
            "env": [{"name": name, **source} for name, source in sources],
            "workingDir": "/tmp",  # noqa: S108 - in the container
        }
        script = """
            echo "plain=$PLAIN late=$LATE colour=$COLOUR word=$WORD me=$ME ip=$IP"
            echo "host=$(hostname) pwd=$PWD"
            echo "token=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)"
            echo "service=$(getent hosts neighbour.default.svc | cut -d' ' -f1) own=$(getent hosts $ME | cut -d' ' -f1)"
            echo "processes=$(ls /proc | grep -c '^[0-9]') api=$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT"
        """
        cluster.run("viewer", script, container=container, restartPolicy="Never")
        pod = await cluster.until(ended(cluster, "viewer"))
        ip = pod["status"]["podIP"]
        said = await log(cluster, "viewer")
        # A reference to a variable that is only defined later stays as it is written.
        assert f"plain=$(COLOUR)-ish $x late=blue colour=blue word=xyzzy me=viewer ip={ip}\n" in said
        assert "host=viewer pwd=/tmp" in said
        assert "token=secret" in said
        assert f"service=10.231.9.9 own={ip}" in said
        assert re.search(r"processes=[1-6] ", said), "the container sees other processes than its own"
        assert f"api={pod['status']['hostIP']}:6443" in said

    on_a_node(test)


def test_the_life_of_a_pod() -> None:
    async def test(cluster: Cluster) -> None:
        phases: list[str] = []
        cluster.store.watch(PODS, callback=lambda event: phases.append(event.object["status"].get("phase", "")))
        script = "trap 'echo bye; exit 7' TERM; echo hello; sleep 0.3; python3 -m http.server 5900 >/dev/null & wait"
        probe = {"readinessProbe": {"tcpSocket": {"port": 5900}, "periodSeconds": 5}}
        cluster.run("mortal", script, container=probe, terminationGracePeriodSeconds=20)
        begun = time.monotonic()
        await cluster.until(ready(cluster, "mortal"))
        # The first try finds nobody; the next is not put off for a whole period.
        assert time.monotonic() - begun < 4
        follower = asyncio.create_task(log(cluster, "mortal", follow=True))
        begun = time.monotonic()
        cluster.store.delete(PODS, NAMESPACE, "mortal")
        await cluster.until(lambda: cluster.find(PODS, "mortal") is None)
        assert time.monotonic() - begun < 4, "a container that ends at SIGTERM was waited for"
        assert await follower == "hello\nbye\n"
        assert phases[0] == "Pending"
        assert "Running" in phases
        expected = {"Pulled", "Created", "Started", "Killing"}
        assert expected <= cluster.reasons("mortal")

    on_a_node(test)


def test_container_that_ignores_sigterm_is_killed_after_grace() -> None:
    async def test(cluster: Cluster) -> None:
        script = "trap '' TERM; touch /home/trapped; while true; do sleep 0.1; done"
        cluster.run("stubborn", script, terminationGracePeriodSeconds=1)
        await cluster.until(ready(cluster, "stubborn"))
        # A started container may not ignore the signal yet.
        await execute(cluster, "stubborn", "sh", "-c", "until test -e /home/trapped; do sleep 0.05; done")
        begun = time.monotonic()
        cluster.store.delete(PODS, NAMESPACE, "stubborn")
        await cluster.until(lambda: cluster.find(PODS, "stubborn") is None)
        assert 0.9 < time.monotonic() - begun < 5

    on_a_node(test)


def test_a_container_that_crashes_is_restarted_with_back_off() -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("crashing", "echo once; exit 3")

        def backs_off() -> Obj | None:
            pod = cluster.find(PODS, "crashing")
            return (
                pod
                if pod and container_status(pod).get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff"
                else None
            )

        entry = container_status(await cluster.until(backs_off))
        assert entry["restartCount"] >= 1
        assert entry["lastState"]["terminated"]["exitCode"] == 3
        assert await log(cluster, "crashing") == "once\n"
        again = entry["restartCount"]
        await cluster.until(
            lambda: container_status(cluster.store.get(PODS, NAMESPACE, "crashing"))["restartCount"] > again
        )
        assert "BackOff" in cluster.reasons("crashing")

    on_a_node(test)


def test_a_pod_keeps_its_address_when_its_container_restarts() -> None:
    async def test(cluster: Cluster) -> None:
        probe = {"readinessProbe": {"tcpSocket": {"port": 8000}, "periodSeconds": 1}}
        cluster.run("phoenix", "hostname -I; exec python3 -m http.server 8000 >/dev/null", container=probe)
        before = await cluster.until(ready(cluster, "phoenix"))
        os.kill(await pid_of(cluster, "phoenix"), 9)

        def restarted() -> Obj | None:
            pod = cluster.find(PODS, "phoenix")
            return (
                pod if pod and container_status(pod)["restartCount"] == 1 and container_status(pod)["ready"] else None
            )

        after = await cluster.until(restarted)
        assert after["status"]["podIP"] == before["status"]["podIP"]
        assert container_status(after)["lastState"]["terminated"]["exitCode"] == 137
        assert (await log(cluster, "phoenix")).split() == [before["status"]["podIP"]]
        assert (await log(cluster, "phoenix", previous=True)).split() == [before["status"]["podIP"]]

    on_a_node(test)


async def pid_of(cluster: Cluster, name: str) -> int:
    assert cluster.directory is not None
    uid = cluster.store.get(PODS, NAMESPACE, name)["metadata"]["uid"]
    return int((cluster.directory / "pods" / uid / "main.pid").read_text())


def test_limits_are_enforced() -> None:
    async def test(cluster: Cluster) -> None:
        limits = {"resources": {"limits": {"cpu": "250m", "memory": "50Mi"}}}
        cluster.run("greedy", "python3 -c 'bytearray(200_000_000)'", container=limits, restartPolicy="Never")
        cluster.run("busy", "while true; do :; done", container=limits)
        terminated = container_status(await cluster.until(ended(cluster, "greedy")))["state"]["terminated"]
        assert terminated["reason"] == "OOMKilled"
        await cluster.until(ready(cluster, "busy"))
        assert cluster.kubelet is not None
        used = None
        deadline = time.monotonic() + 10
        while used is None or used.cpu_nanoseconds < 5e8:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)
            used = next(
                (container for container in (await cluster.kubelet.stats()).containers if container.pod == "busy"), None
            )
        assert 0 < used.cpu_nanocores < 0.30e9
        assert 0 < used.memory_bytes < 50 * 2**20

    on_a_node(test)


def test_commands_in_a_container() -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("host", "sleep 100", container={"env": [{"name": "X", "value": "y"}]})
        await cluster.until(ready(cluster, "host"))
        code, output = await execute(cluster, "host", "sh", "-c", "cat; echo $X; exit 5", stdin=b"given\n")
        assert (code, output) == (5, "given\ny\n")
        code, output = await execute(
            cluster, "host", "sh", "-c", "stty size; read a; echo got $a", stdin=b"it\n", tty=True
        )
        assert code == 0
        assert "37 101" in output
        assert "got it" in output
        code, output = await execute(cluster, "host", "/no/such/program")
        assert code != 0

    on_a_node(test)


def test_an_agent_s_network_can_be_cut_from_within() -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run(
            "server", "exec python3 -m http.server 8080", container={"readinessProbe": {"tcpSocket": {"port": 8080}}}
        )
        server = (await cluster.until(ready(cluster, "server")))["status"]["podIP"]
        capability = {"securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}
        cluster.run("client", "sleep 100", container=capability)
        await cluster.until(ready(cluster, "client"))
        connect = ("timeout", "1", "bash", "-c", f"echo > /dev/tcp/{server}/8080")
        assert (await execute(cluster, "client", *connect))[0] == 0
        rule = ("OUTPUT", "-p", "tcp", "--dport", "8080", "-j", "DROP")
        assert (await execute(cluster, "client", "iptables", "-A", *rule))[0] == 0
        assert (await execute(cluster, "client", *connect))[0] != 0
        assert (await execute(cluster, "client", "iptables", "-F", "OUTPUT"))[0] == 0
        assert (await execute(cluster, "client", *connect))[0] == 0

    on_a_node(test)


def test_files_on_a_claim_outlive_their_pod() -> None:
    async def test(cluster: Cluster) -> None:
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        cluster.create(PERSISTENTVOLUMECLAIMS, "home", spec=spec)
        await cluster.settle()
        more = {
            "restartPolicy": "Never",
            "volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": "home"}}],
            "securityContext": {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000},
        }
        mount = {"volumeMounts": [{"name": "home", "mountPath": "/home/user"}]}
        cluster.run("first", "echo data > /home/user/f; id -u", container=mount, **more)
        await cluster.until(ended(cluster, "first"))
        assert await log(cluster, "first") == "1000\n"
        cluster.store.delete(PODS, NAMESPACE, "first")
        cluster.run("second", "stat -c '%u %g' /home/user/f; cat /home/user/f", container=mount, **more)
        await cluster.until(ended(cluster, "second"))
        assert await log(cluster, "second") == "1000 1000\ndata\n"
        volumes = list((cluster.directory or Path()).glob("volumes/*"))
        cluster.store.delete(PERSISTENTVOLUMECLAIMS, NAMESPACE, "home")
        await cluster.settle()
        assert volumes[0].exists(), "the volume was deleted under a pod that has it mounted"
        cluster.store.delete(PODS, NAMESPACE, "second")
        await cluster.until(lambda: not cluster.pods())
        await asyncio.to_thread(await_absence, volumes[0])

    on_a_node(test)


def await_absence(path: Path) -> None:
    deadline = time.monotonic() + 5
    while path.exists():
        assert time.monotonic() < deadline, f"{path} stays"
        time.sleep(0.02)


def test_containers_of_a_pod_share_network_and_volumes() -> None:
    async def test(cluster: Cluster) -> None:
        shell = {"image": "streamspace-api:local", "volumeMounts": [{"name": "d", "mountPath": "/d"}]}
        spec = {
            "nodeName": "streamspace-node-1",
            "containers": [
                {
                    "name": "main",
                    "command": ["bash", "-c", "echo made > /d/x; cd /d; exec python3 -m http.server 8000"],
                    **shell,
                },
                {
                    "name": "second",
                    "command": ["sleep", "100"],
                    "readinessProbe": {"httpGet": {"path": "/x", "port": 8000}, "periodSeconds": 1},
                    **shell,
                },
            ],
            "volumes": [{"name": "d", "emptyDir": {}}],
        }
        cluster.create(PODS, "pair", spec=spec)

        def both() -> bool:
            entries = cluster.store.get(PODS, NAMESPACE, "pair")["status"].get("containerStatuses") or []
            return len(entries) == 2 and all(entry["ready"] for entry in entries)

        await cluster.until(both)
        assert await execute(cluster, "pair", "cat", "/d/x", container="second") == (0, "made\n")

    on_a_node(test)


def test_readiness_probe_that_fails_makes_a_container_unready() -> None:
    async def test(cluster: Cluster) -> None:
        probe = {"tcpSocket": {"port": 8000}, "periodSeconds": 1, "failureThreshold": 1}
        script = "python3 -m http.server 8000 & echo $! > /server; sleep 100"
        cluster.run("watched", script, container={"readinessProbe": probe}, terminationGracePeriodSeconds=1)
        await cluster.until(ready(cluster, "watched"))
        await execute(cluster, "watched", "sh", "-c", "kill $(cat /server)")
        await cluster.until(lambda: not ready(cluster, "watched")())
        assert container_status(cluster.store.get(PODS, NAMESPACE, "watched"))["restartCount"] == 0
        assert "Unhealthy" in cluster.reasons("watched")

    on_a_node(test)


def test_what_cannot_be_started_says_why() -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("typo", "true", container={"image": "nosuch/image:1"})
        source = {"secretKeyRef": {"name": "nowhere", "key": "k"}}
        cluster.run("unset", "true", container={"env": [{"name": "X", "valueFrom": source}]})
        cluster.run("absent", "true", container={"command": ["/no/such/program"]}, restartPolicy="Never")
        cluster.run("unmounted", "true", volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "gone"}}])

        def waits(name: str, reason: str) -> Callable[[], bool]:
            def happened() -> bool:
                waiting = container_status(cluster.store.get(PODS, NAMESPACE, name)).get("state", {}).get("waiting", {})
                return bool(waiting.get("reason") == reason)

            return happened

        await cluster.until(waits("typo", "ErrImagePull"))
        await cluster.until(waits("typo", "ImagePullBackOff"))
        await cluster.until(waits("unset", "CreateContainerConfigError"))
        await cluster.until(lambda: "FailedMount" in cluster.reasons("unmounted"))
        terminated = container_status(await cluster.until(ended(cluster, "absent")))["state"]["terminated"]
        assert (terminated["reason"], terminated["exitCode"]) == ("StartError", 128)
        assert "/no/such/program" in terminated["message"]
        with pytest.raises(ApiError, match=r"is waiting to start: (ImagePullBackOff|ErrImagePull)") as refused:
            await log(cluster, "typo")
        assert refused.value.code == 400

    on_a_node(test)


def test_a_removed_pod_leaves_nothing() -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("guest", "sleep 100")
        await cluster.until(ready(cluster, "guest"))
        directory = cluster.directory or Path()
        uid = cluster.store.get(PODS, NAMESPACE, "guest")["metadata"]["uid"]

        def traces() -> list[str]:
            mounts = [
                line
                for line in Path("/proc/mounts").read_text().splitlines()
                if "overlay-containers" in line or uid in line
            ]
            # Not by a walk of all cgroups: those of other sandboxes come and go meanwhile.
            groups = [
                str(path)
                for hierarchy in cgroup_hierarchies()
                for path in (hierarchy / "streamspace-sandbox" / directory.name).glob("libpod-*")
            ]
            files = [str(path) for place in ("pods", "networks", "logs") for path in (directory / place).iterdir()]
            return [*(line for line in mounts if f"/{directory.name}/" in line), *groups, *files]

        assert len(traces()) > 3, "a running pod's traces are not found: this test could not fail"
        # By force: the object goes first, its containers after it.
        cluster.store.delete(PODS, NAMESPACE, "guest", grace_seconds=0)
        assert cluster.find(PODS, "guest") is None
        deadline = time.monotonic() + 10
        while left := traces():
            assert time.monotonic() < deadline, left
            await asyncio.sleep(0.05)

    on_a_node(test)
