"""A real API server in the place of the stand-in's, for the contract tests that both must pass.

It is the one of `streamspace-sandbox up --kubernetes real`, alone with its etcd: without controllers, scheduler and
kubelet, as the stand-in of these tests is. So nothing changes an object but the test. `running_controllers` adds the
controllers and the scheduler.
"""

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from streamspace_sandbox.lifecycle.credentials import write_kubeconfig
from streamspace_sandbox.real_kubernetes import certificates, components
from streamspace_sandbox.real_kubernetes.cache import folder
from streamspace_sandbox.real_kubernetes.files import API_PORT, NodePlan, write_files

VARIABLE = "CONTRACT_KUBERNETES"
ADDRESS = "127.0.0.1"
START_SECONDS = 300.0
PODS = "/api/v1/namespaces/default/pods"


def is_wanted() -> bool:
    """Whether the tests are to run against the real one."""
    return os.environ.get(VARIABLE) == "real"


class RealCluster:
    """The attributes of the stand-in's `Cluster`. A test that reaches into the stand-in is skipped."""

    is_real = True

    def __init__(self, plan: NodePlan, url: str, kubeconfig: Path) -> None:
        self.plan = plan
        self.kubeconfig = kubeconfig
        self.url = url
        self.certificate = plan.tls / "ca.crt"
        self.token = plan.admin_token
        self.component_token = plan.component_token
        self.audit = plan.directory / "log" / "audit.jsonl"

    def client(self) -> httpx.Client:
        """A client with the administrator's token."""
        verify = ssl.create_default_context(cafile=str(self.certificate))
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, verify=verify, headers=headers, timeout=10, trust_env=False)

    def purge_pods(self) -> None:
        """Deletes all pods of the namespace `default` at once."""
        with self.client() as http:
            http.delete(PODS, params={"gracePeriodSeconds": 0}).raise_for_status()

    @property
    def store(self) -> Any:
        return self._skip()

    @property
    def runtime(self) -> Any:
        return self._skip()

    @property
    def loop(self) -> Any:
        return self._skip()

    def call(self, _function: object) -> Any:
        return self._skip()

    @staticmethod
    def _skip() -> NoReturn:
        pytest.skip("the test sets or reads the stand-in's own state, which a real Kubernetes does not give away")


@contextmanager
def running_real_cluster(directory: Path) -> Iterator[RealCluster]:
    """The API server and its etcd as processes of this machine, until the block ends."""
    programs = folder() / "bin"
    if not (programs / "kube-apiserver").exists():
        pytest.skip(f"{programs} has no kube-apiserver: `streamspace-sandbox up --kubernetes real` builds it")
    plan = NodePlan(
        directory=directory,
        programs=programs,
        address=ADDRESS,
        admin_token="token-of-the-tests",
        component_token="token-of-components",
        node_token="token-of-nodes",
        cgroup="/none",
        shown_cores=1,
        archive=directory / "none",
    )
    certificates.issue(plan.tls, [ADDRESS, "10.96.0.1"])
    write_files(plan)
    # A node has a network of its own, but this machine's may have such servers already.
    ports = {port: str(free_port()) for port in (str(API_PORT), "2379", "2380")}
    kubeconfig, url = directory / "kubeconfig", plan.server.replace(str(API_PORT), ports[str(API_PORT)])
    write_kubeconfig(kubeconfig, server=url, authority=plan.tls / "ca.crt", token=plan.admin_token, namespace="default")
    # Service accounts come from a controller, and without them no pod is admitted. A controller takes the taint of a
    # new node away, once its kubelet reports.
    admission = "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition"
    server = components.api_server(plan).argv
    with ExitStack() as stack:
        for name, argv in (("etcd", components.etcd(plan).argv), ("kube-apiserver", [*server, admission])):
            moved = [_replaced(word, ports) for word in argv]
            process = stack.enter_context(running(moved, directory, directory / "log" / f"{name}.log"))
        cluster = RealCluster(plan, url, kubeconfig)
        _await_answer(cluster, process)
        yield cluster


@contextmanager
def running_controllers(cluster: RealCluster) -> Iterator[None]:
    """The controllers and the scheduler of a cluster without kubelets, until the block ends."""
    plan = cluster.plan
    write_kubeconfig(
        plan.kubeconfig,
        server=cluster.url,
        authority=plan.tls / "ca.crt",
        token=plan.component_token,
        namespace="default",
    )
    manager, scheduler = (component for component in components.controllers(plan) if component.name.startswith("kube-"))
    # They would take pods from nodes without a kubelet.
    manager_argv = [*manager.argv, "--controllers=*,-node-lifecycle-controller,-taint-eviction-controller"]
    with ExitStack() as stack:
        for name, argv in ((manager.name, manager_argv), (scheduler.name, scheduler.argv)):
            log = plan.directory / "log" / f"{name}.log"
            stack.enter_context(running([*argv, "--secure-port=0"], plan.directory, log))
        yield


@contextmanager
def running(argv: Sequence[str], directory: Path, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that is killed when the block ends, and by the kernel when this process ends in any other way."""
    with log.open("ab") as output:
        mortal = ["setpriv", "--pdeathsig", "KILL", *argv]
        process = subprocess.Popen(mortal, stdout=output, stderr=output, cwd=directory)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port that nobody uses by now."""
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


def _replaced(word: str, ports: Mapping[str, str]) -> str:
    for before, after in ports.items():
        word = word.replace(before, after)
    return word


def _await_answer(cluster: RealCluster, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    with cluster.client() as http:
        while True:
            try:
                if http.get("/api/v1/namespaces/default").is_success and http.get("/readyz").is_success:
                    return
            except httpx.HTTPError as error:
                assert server.poll() is None, f"kube-apiserver has ended: {error}"
            assert time.monotonic() < deadline, "kube-apiserver does not answer"
            time.sleep(0.2)
