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
from tests.support.contract_cluster import NAMESPACE, Cluster, RunTest, container_status, ended, ready

pytestmark = [pytest.mark.sandbox, pytest.mark.skipif(os.geteuid() != 0, reason="containers need root")]


SERVICE_ADDRESS = "10.96.9.9"
"""Of a Service; a real node gives addresses of this network only."""
LIMITS = {"resources": {"limits": {"cpu": "250m", "memory": "50Mi"}}}
ON_THE_CLAIM: Obj = {"volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": "home"}}]}


def test_what_a_container_sees(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        cluster.create(CONFIGMAPS, "settings", data={"colour": "blue"})
        cluster.create(SECRETS, "hidden", data={"word": base64.b64encode(b"xyzzy").decode()})
        service = {"selector": {"app": "none"}, "ports": [{"port": 80}], "clusterIP": SERVICE_ADDRESS}
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
            echo "service=$(getent hosts neighbour.default.svc | cut -d' ' -f1) own=$(getent hosts $ME | cut -d' ' -f1)"
            echo "processes=$(ls /proc | grep -c '^[0-9]')"
        """
        cluster.run("viewer", script, container=container, restartPolicy="Never")
        pod = await cluster.until(ended(cluster, "viewer"))
        ip = pod["status"]["podIP"]
        said = await cluster.log("viewer")
        # A reference to a variable that is only defined later stays as it is written.
        assert f"plain=$(COLOUR)-ish $x late=blue colour=blue word=xyzzy me=viewer ip={ip}\n" in said
        assert "host=viewer pwd=/tmp" in said
        assert f"service={SERVICE_ADDRESS} own={ip}" in said
        assert re.search(r"processes=[1-6]\n", said), "the container sees other processes than its own"

    on_a_node(test)


def test_container_finds_the_api_and_its_token(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        script = """
            echo "token=$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)"
            echo "api=$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT"
        """
        cluster.run("caller", script, restartPolicy="Never")
        pod = await cluster.until(ended(cluster, "caller"))
        assert await cluster.log("caller") == f"token=secret\napi={pod['status']['hostIP']}:6443\n"

    on_a_node(test)


def test_the_life_of_a_pod(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        script = "trap 'echo bye; exit 7' TERM; echo hello; sleep 0.3; python3 -m http.server 5900 >/dev/null & wait"
        probe = {"readinessProbe": {"tcpSocket": {"port": 5900}, "periodSeconds": 30}}
        pod = cluster.run("mortal", script, container=probe, terminationGracePeriodSeconds=20)
        assert pod["status"]["phase"] == "Pending"
        begun = time.monotonic()
        pod = await cluster.until(ready(cluster, "mortal"))
        assert pod["status"]["phase"] == "Running"
        # The first try finds nobody; the next is not put off for a whole period.
        assert time.monotonic() - begun < 20
        follower = asyncio.create_task(cluster.log("mortal", follow=True))
        begun = time.monotonic()
        cluster.store.delete(PODS, NAMESPACE, "mortal")
        await cluster.until(lambda: cluster.find(PODS, "mortal") is None)
        assert time.monotonic() - begun < 10, "a container that ends at SIGTERM was waited for"
        assert await follower == "hello\nbye\n"
        expected = {"Pulled", "Created", "Started", "Killing"}
        assert expected <= cluster.reasons("mortal")

    on_a_node(test)


def test_container_that_ignores_sigterm_is_killed_after_grace(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        script = "trap '' TERM; touch /home/trapped; while true; do sleep 0.1; done"
        cluster.run("stubborn", script, terminationGracePeriodSeconds=1)
        await cluster.until(ready(cluster, "stubborn"))
        # A started container may not ignore the signal yet.
        await cluster.execute("stubborn", "sh", "-c", "until test -e /home/trapped; do sleep 0.05; done")
        begun = time.monotonic()
        cluster.store.delete(PODS, NAMESPACE, "stubborn")
        await cluster.until(lambda: cluster.find(PODS, "stubborn") is None)
        assert 0.9 < time.monotonic() - begun < 5

    on_a_node(test)


def test_a_container_that_crashes_is_restarted_with_back_off(on_a_node: RunTest) -> None:
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
        assert await cluster.log("crashing") == "once\n"
        again = entry["restartCount"]
        await cluster.until(
            lambda: container_status(cluster.store.get(PODS, NAMESPACE, "crashing"))["restartCount"] > again
        )
        assert "BackOff" in cluster.reasons("crashing")

    on_a_node(test)


def test_a_pod_keeps_its_address_when_its_container_restarts(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        probe = {"readinessProbe": {"tcpSocket": {"port": 8000}, "periodSeconds": 1}}
        script = (
            "exec 2>/dev/null; hostname -I; python3 -m http.server 8000 >/dev/null & echo $! > /home/server; wait $!"
        )
        cluster.run("phoenix", script, container=probe)
        before = await cluster.until(ready(cluster, "phoenix"))
        await cluster.execute("phoenix", "sh", "-c", "kill -9 $(cat /home/server)")

        def restarted() -> Obj | None:
            pod = cluster.find(PODS, "phoenix")
            return (
                pod if pod and container_status(pod)["restartCount"] == 1 and container_status(pod)["ready"] else None
            )

        after = await cluster.until(restarted)
        assert after["status"]["podIP"] == before["status"]["podIP"]
        assert container_status(after)["lastState"]["terminated"]["exitCode"] == 137
        assert (await cluster.log("phoenix")).split() == [before["status"]["podIP"]]
        assert (await cluster.log("phoenix", previous=True)).split() == [before["status"]["podIP"]]

    on_a_node(test)


def test_container_beyond_its_memory_limit_is_killed(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("greedy", "python3 -c 'bytearray(200_000_000)'", container=LIMITS, restartPolicy="Never")
        terminated = container_status(await cluster.until(ended(cluster, "greedy")))["state"]["terminated"]
        assert terminated["reason"] == "OOMKilled"

    on_a_node(test)


def test_usage_of_a_busy_container_is_its_limit(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        kubelet = cluster.parts.kubelet
        cluster.run("busy", "while true; do :; done", container=LIMITS)
        await cluster.until(ready(cluster, "busy"))
        used = None
        deadline = time.monotonic() + 10
        while used is None or used.cpu_nanoseconds < 5e8:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)
            used = next(
                (container for container in (await kubelet.stats()).containers if container.pod == "busy"), None
            )
        assert 0 < used.cpu_nanocores < 0.30e9
        assert 0 < used.memory_bytes < 50 * 2**20

    on_a_node(test)


def test_commands_in_a_container(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("host", "sleep 100", container={"env": [{"name": "X", "value": "y"}]})
        await cluster.until(ready(cluster, "host"))
        code, output = await cluster.execute("host", "sh", "-c", "cat; echo $X; exit 5", stdin=b"given\n")
        assert (code, output) == (5, "given\ny\n")
        # A terminal gets its size a moment after the start of its command.
        script = "until stty size | grep '37 101'; do sleep 0.1; done; read a; echo got $a"
        code, output = await cluster.execute("host", "sh", "-c", script, stdin=b"it\n", tty=True)
        assert (code, "got it" in output) == (0, True)
        code, output = await cluster.execute("host", "/no/such/program")
        assert code != 0

    on_a_node(test)


def test_an_agent_s_network_can_be_cut_from_within(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run(
            "server", "exec python3 -m http.server 8080", container={"readinessProbe": {"tcpSocket": {"port": 8080}}}
        )
        server = (await cluster.until(ready(cluster, "server")))["status"]["podIP"]
        capability = {"securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}
        cluster.run("client", "sleep 100", container=capability)
        await cluster.until(ready(cluster, "client"))
        connect = ("timeout", "1", "bash", "-c", f"echo > /dev/tcp/{server}/8080")
        assert (await cluster.execute("client", *connect))[0] == 0
        rule = ("OUTPUT", "-p", "tcp", "--dport", "8080", "-j", "DROP")
        assert (await cluster.execute("client", "iptables", "-A", *rule))[0] == 0
        assert (await cluster.execute("client", *connect))[0] != 0
        assert (await cluster.execute("client", "iptables", "-F", "OUTPUT"))[0] == 0
        assert (await cluster.execute("client", *connect))[0] == 0

    on_a_node(test)


async def claim(cluster: Cluster, name: str) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    cluster.create(PERSISTENTVOLUMECLAIMS, name, spec=spec)
    await cluster.settle()


def test_files_on_a_claim_outlive_their_pod(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        await claim(cluster, "home")
        security = {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}
        more = {"restartPolicy": "Never", "securityContext": security, **ON_THE_CLAIM}
        mount = {"volumeMounts": [{"name": "home", "mountPath": "/home/user"}]}
        cluster.run("first", "echo data > /home/user/f; id -u", container=mount, **more)
        await cluster.until(ended(cluster, "first"))
        assert await cluster.log("first") == "1000\n"
        cluster.store.delete(PODS, NAMESPACE, "first")
        cluster.run("second", "stat -c '%u %g' /home/user/f; cat /home/user/f", container=mount, **more)
        await cluster.until(ended(cluster, "second"))
        assert await cluster.log("second") == "1000 1000\ndata\n"

    on_a_node(test)


def test_volume_outlives_its_claim_until_its_pod_ends(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        volume_folder = cluster.parts.directory / "volumes"
        await claim(cluster, "home")
        cluster.run("user", "sleep 100", **ON_THE_CLAIM, terminationGracePeriodSeconds=1)
        await cluster.until(ready(cluster, "user"))
        volumes = list(volume_folder.iterdir())
        cluster.store.delete(PERSISTENTVOLUMECLAIMS, NAMESPACE, "home")
        await cluster.settle()
        assert volumes[0].exists(), "the volume was deleted under a pod that has it mounted"
        cluster.store.delete(PODS, NAMESPACE, "user")
        await cluster.until(lambda: not cluster.pods())
        await asyncio.to_thread(await_absence, volumes[0])

    on_a_node(test)


def await_absence(path: Path) -> None:
    deadline = time.monotonic() + 5
    while path.exists():
        assert time.monotonic() < deadline, f"{path} stays"
        time.sleep(0.02)


def test_containers_of_a_pod_share_network_and_volumes(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        shell = {"image": "streamspace-api:local", "volumeMounts": [{"name": "d", "mountPath": "/d"}]}
        spec = {
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
        assert await cluster.execute("pair", "cat", "/d/x", container="second") == (0, "made\n")

    on_a_node(test)


def test_readiness_probe_that_fails_makes_a_container_unready(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        probe = {"tcpSocket": {"port": 8000}, "periodSeconds": 1, "failureThreshold": 1}
        script = "python3 -m http.server 8000 & echo $! > /server; sleep 100"
        cluster.run("watched", script, container={"readinessProbe": probe}, terminationGracePeriodSeconds=1)
        await cluster.until(ready(cluster, "watched"))
        await cluster.execute("watched", "sh", "-c", "kill $(cat /server)")
        await cluster.until(lambda: not ready(cluster, "watched")())
        assert container_status(cluster.store.get(PODS, NAMESPACE, "watched"))["restartCount"] == 0
        assert "Unhealthy" in cluster.reasons("watched")

    on_a_node(test)


def test_what_cannot_be_started_says_why(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("typo", "true", container={"image": "nosuch/image:1"})
        source = {"secretKeyRef": {"name": "nowhere", "key": "k"}}
        cluster.run("unset", "true", container={"env": [{"name": "X", "valueFrom": source}]})
        cluster.run("absent", "true", container={"command": ["/no/such/program"]}, restartPolicy="Never")

        def waits(name: str, reason: str) -> Callable[[], bool]:
            def happened() -> bool:
                waiting = container_status(cluster.store.get(PODS, NAMESPACE, name)).get("state", {}).get("waiting", {})
                return bool(waiting.get("reason") == reason)

            return happened

        await cluster.until(waits("typo", "ErrImagePull"))
        await cluster.until(waits("typo", "ImagePullBackOff"))
        await cluster.until(waits("unset", "CreateContainerConfigError"))
        terminated = container_status(await cluster.until(ended(cluster, "absent")))["state"]["terminated"]
        assert (terminated["reason"], terminated["exitCode"]) == ("StartError", 128)
        assert "/no/such/program" in terminated["message"]
        reasons = r"is waiting to start: (image can't be pulled|trying and failing to pull image)"
        with pytest.raises(ApiError, match=reasons) as refused:
            await cluster.log("typo")
        assert refused.value.code == 400

    on_a_node(test)


def test_missing_claim_is_reported_by_the_node(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        cluster.run("unmounted", "true", **ON_THE_CLAIM, nodeName=cluster.node)
        await cluster.until(lambda: "FailedMount" in cluster.reasons("unmounted"))

    on_a_node(test)


def test_a_removed_pod_leaves_nothing(on_a_node: RunTest) -> None:
    async def test(cluster: Cluster) -> None:
        directory = cluster.parts.directory
        cluster.run("guest", "sleep 100")
        await cluster.until(ready(cluster, "guest"))
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
