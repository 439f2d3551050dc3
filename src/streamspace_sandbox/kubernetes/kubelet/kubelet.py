"""The kubelet of all nodes: a worker for each pod that is bound to one of them, and the API server's `Runtime`."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from streamspace_sandbox.kubernetes.kubelet import host_capacity, logs
from streamspace_sandbox.kubernetes.kubelet.container import log_path
from streamspace_sandbox.kubernetes.kubelet.etc_hosts import HostsFiles
from streamspace_sandbox.kubernetes.kubelet.execution import PipedSession, TerminalSession
from streamspace_sandbox.kubernetes.kubelet.pod import PodWorker
from streamspace_sandbox.kubernetes.kubelet.services import Services
from streamspace_sandbox.kubernetes.kubelet.status import ContainerRecord
from streamspace_sandbox.kubernetes.kubelet.usage import WINDOW_SECONDS, Usage
from streamspace_sandbox.kubernetes.machinery.errors import ApiError, bad_request
from streamspace_sandbox.kubernetes.machinery.objects import name_of, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import PODS, Obj
from streamspace_sandbox.kubernetes.machinery.runtime import (
    ContainerStats,
    ExecSession,
    LogOptions,
    NetworkStats,
    NodeStats,
    Stats,
)
from streamspace_sandbox.kubernetes.registry.store import Event

log = logging.getLogger(__name__)
_PULL_REASONS = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}
"""In the words in which the logs of such a container are refused."""


class Kubelet:
    """Starts, follows and ends the pods of the store; implements `Runtime`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._hosts = HostsFiles(services.store)
        self._workers: dict[str, PodWorker] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._usage = Usage(services.podman.read_usage)
        self._subscription = services.store.watch(PODS, callback=self._pod_changed)

    async def run(self) -> None:
        """Sample the usage of containers and enforce policies, until cancelled; pods run without it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._usage.sample_forever(self._running))
            group.create_task(self._services.policies.run())

    # Pods

    def _pod_changed(self, event: Event) -> None:
        pod = event.object
        worker = self._workers.get(pod["metadata"]["uid"])
        if event.type == "DELETED":
            if worker is not None:
                worker.end(0)
        elif worker is None:
            if pod["spec"].get("nodeName") in host_capacity.NAMES and "deletionTimestamp" not in pod["metadata"]:
                self._start_worker(pod)
        elif "deletionTimestamp" in pod["metadata"]:
            worker.end(pod["metadata"].get("deletionGracePeriodSeconds") or 0)
        else:
            worker.change(pod)

    def _start_worker(self, pod: Obj) -> None:
        worker = PodWorker(self._services, self._hosts, pod)
        uid = pod["metadata"]["uid"]
        self._workers[uid] = worker
        task = asyncio.get_running_loop().create_task(worker.run(), name=f"pod {namespace_of(pod)}/{name_of(pod)}")
        self._tasks.add(task)
        task.add_done_callback(self._worker_ended)
        task.add_done_callback(lambda _: self._workers.pop(uid))

    def _worker_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s failed", task.get_name(), exc_info=error)

    def _running(self) -> set[str]:
        return {
            record.container_id
            for worker in self._workers.values()
            for record in worker.all_records
            if record.is_running
        }

    def _find(self, pod: Obj, container: str) -> tuple[PodWorker, ContainerRecord]:
        """Raises `ApiError` 400 when the pod is not on a node yet, or has no such container."""
        worker = self._workers.get(pod["metadata"]["uid"])
        if worker is None:
            raise bad_request(f"pod {name_of(pod)} does not have a host assigned")
        for record in worker.all_records:
            if record.name == container:
                return worker, record
        raise bad_request(f"container {container} is not valid for pod {name_of(pod)}")

    # The API server's calls

    async def logs(self, pod: Obj, container: str, options: LogOptions) -> AsyncIterator[bytes]:
        worker, record = self._find(pod, container)
        restart = record.restarts
        path = log_path(self._services.logs, pod, container, restart)
        if options.previous or (not path.exists() and restart):
            restart -= 1
            path = log_path(self._services.logs, pod, container, restart)
        if not path.exists():
            if options.previous:
                raise bad_request(f'previous terminated container "{container}" in pod "{name_of(pod)}" not found')
            reason = record.state.get("waiting", {}).get("reason") or "ContainerCreating"
            why = _PULL_REASONS.get(reason, reason)
            raise bad_request(f'container "{container}" in pod "{name_of(pod)}" is waiting to start: {why}')

        def ended() -> bool:
            return record.restarts != restart or not record.is_running

        return logs.read(path, options, self._services.inotify, ended, worker.followers)

    async def exec(self, pod: Obj, container: str, command: Sequence[str], *, tty: bool, stdin: bool) -> ExecSession:
        worker, record = self._find(pod, container)
        runner = worker.runner(container)
        if runner is None or not record.is_running:
            raise ApiError(500, "InternalError", f'unable to upgrade connection: container not found ("{container}")')
        argv, environment = self._services.podman.exec_command(runner.name, command, tty=tty, stdin=stdin or tty)
        if tty:
            return await TerminalSession.start(argv, environment)
        return await PipedSession.start(argv, environment, stdin=stdin)

    async def stats(self) -> Stats:
        now, clock = datetime.now(UTC), time.monotonic()
        containers = []
        totals = {name: [0, 0] for name in host_capacity.NAMES}
        for worker in self._workers.values():
            for record in worker.records:
                used = self._usage.latest(record.container_id) if record.is_running else None
                if used is None:
                    continue
                sample, nanocores = used
                containers.append(
                    ContainerStats(
                        namespace=namespace_of(worker.pod),
                        pod=name_of(worker.pod),
                        container=record.name,
                        cpu_nanoseconds=sample.cpu_nanoseconds,
                        cpu_nanocores=nanocores,
                        memory_bytes=sample.memory_bytes,
                        sampled_at=now - timedelta(seconds=clock - sample.moment),
                    )
                )
                total = totals[worker.pod["spec"]["nodeName"]]
                total[0] += nanocores
                total[1] += sample.memory_bytes
        nodes = [NodeStats(name, cpu, memory) for name, (cpu, memory) in totals.items()]
        networks = [
            NetworkStats(namespace_of(worker.pod), name_of(worker.pod), *traffic)
            for worker in self._workers.values()
            if (traffic := worker.traffic()) is not None
        ]
        return Stats(now, WINDOW_SECONDS, containers, nodes, networks)

    async def close(self) -> None:
        """Stop following pods; the removal of the instance removes the containers."""
        self._subscription.close()
        self._hosts.close()
        self._services.policies.close()
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)
