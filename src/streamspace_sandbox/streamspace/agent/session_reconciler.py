"""The reconciler of an agent's sessions: it watches each, makes Kubernetes match its spec, and reports its status."""

import asyncio
import logging
import signal
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from streamspace_sandbox.streamspace.agent import objects, observation
from streamspace_sandbox.streamspace.agent.objects import AGENT_LABEL, SESSION_LABEL, Collections
from streamspace_sandbox.streamspace.agent.observation import Observation
from streamspace_sandbox.streamspace.agent.workload import Workload
from streamspace_sandbox.streamspace.kube.client import UNREACHABLE, KubeClient, KubeError, Obj, retry_while_unreachable
from streamspace_sandbox.streamspace.kube.reflector import Reflector

log = logging.getLogger("streamspace.agent")

Report: TypeAlias = Callable[[dict[str, Any]], None]
RETRY_SECONDS = 0.5


class SessionReconciler:
    """Watches the session objects with this agent's label, and their pods."""

    def __init__(self, client: KubeClient, collections: Collections, agent_id: str, report: Report) -> None:
        self.client = client
        self.collections = collections
        self.agent_id = agent_id
        self.report = report
        self.sessions = Reflector(client, collections.sessions, self._on_session)
        self.pods = Reflector(client, collections.pods, self._on_pod, labels=objects.SESSION_PODS)
        self._pods_of: dict[str, dict[str, Obj]] = defaultdict(dict)
        self._session_of: dict[str, str] = {}
        self._trackers: dict[str, SessionTracker] = {}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.sessions.run())
            group.create_task(self.pods.run())

    async def synced(self) -> None:
        await self.sessions.synced.wait()
        await self.pods.synced.wait()

    def pods_of(self, name: str) -> list[Obj]:
        return list(self._pods_of.get(name, {}).values())

    def report_everything(self) -> None:
        """Report every session again: reports on a broken connection may be lost."""
        for tracker in self._trackers.values():
            tracker.report_again()

    async def take_over(self, names: Iterable[str]) -> None:
        """Label the named sessions with this agent's id, and report each again."""
        await asyncio.gather(
            *(retry_while_unreachable(f"taking over {name}", partial(self._take_over, name)) for name in names)
        )

    async def _take_over(self, name: str) -> None:
        session = self.sessions.objects.get(name) or await self.client.find(self.collections.sessions, name)
        if session is not None and session["metadata"].get("labels", {}).get(AGENT_LABEL) != self.agent_id:
            log.info("session %s: taken over", name)
            session = await self._claim(name)
        if session is not None:
            self.sessions.put(session)
        self._tracker(name).report_again()

    async def _claim(self, name: str) -> Obj | None:
        labels = {"metadata": {"labels": {AGENT_LABEL: self.agent_id}}}
        try:
            return await self.client.patch(self.collections.sessions, name, labels)
        except KubeError as error:
            if error.code == 404:
                return None
            raise

    def forget(self, name: str) -> None:
        tracker = self._trackers.pop(name, None)
        if tracker is not None:
            tracker.task.cancel()

    def _on_session(self, name: str, session: Obj | None) -> None:
        if session is None:
            if name in self._trackers:
                self._trackers[name].changed.set()
        elif session["metadata"].get("labels", {}).get(AGENT_LABEL) == self.agent_id:
            if name in self._trackers or not session["metadata"].get("deletionTimestamp"):
                self._tracker(name).changed.set()
        else:
            self.forget(name)

    def _on_pod(self, pod_name: str, pod: Obj | None) -> None:
        if pod is not None:
            self._session_of[pod_name] = pod["metadata"]["labels"].get(SESSION_LABEL, "")
            session = self._session_of[pod_name]
            self._pods_of[session][pod_name] = pod
        else:
            session = self._session_of.pop(pod_name, "")
            self._pods_of[session].pop(pod_name, None)
            if not self._pods_of[session]:
                del self._pods_of[session]
        if session in self._trackers:
            self._trackers[session].changed.set()

    def _tracker(self, name: str) -> "SessionTracker":
        if name not in self._trackers:
            self._trackers[name] = SessionTracker(self, name)
        return self._trackers[name]


class SessionTracker:
    """Follows one session: after every change it observes it, reports news, and updates its objects."""

    def __init__(self, tracking: SessionReconciler, name: str) -> None:
        self._tracking = tracking
        self._name = name
        self._last: Observation | None = None
        self._workload = Workload(tracking.client, tracking.collections)
        self.changed = asyncio.Event()
        self.task = asyncio.create_task(self._run(), name=f"session {name}")
        self.task.add_done_callback(_end_if_broken)

    def report_again(self) -> None:
        """Report even if nothing changed, since the API may have missed the last report."""
        self._last = None
        self.changed.set()

    async def _run(self) -> None:
        while True:
            await self.changed.wait()
            self.changed.clear()
            seen = self._observe()
            if seen != self._last:
                self._last = seen
                self._tracking.report(seen.report())
            if seen.again_after is not None:
                asyncio.get_running_loop().call_later(seen.again_after, self.changed.set)
            if seen.phase == "Gone":
                self._tracking.forget(self._name)
                return
            try:
                await self._follow_up(seen)
            except KubeError as error:
                # 404: deleted in the meantime, which the watch reports as well.
                log.log(logging.INFO if error.code == 404 else logging.ERROR, "session %s: %s", self._name, error)
            except UNREACHABLE as error:
                log.warning("session %s: Kubernetes is unreachable: %s", self._name, error or type(error).__name__)
                self.changed.set()
                await asyncio.sleep(RETRY_SECONDS)

    def _observe(self) -> Observation:
        session = self._tracking.sessions.objects.get(self._name)
        recorded = (session or {}).get("status", {}).get("phase", "")
        before = self._last.phase if self._last else recorded
        seen = observation.observe(self._name, session, self._tracking.pods_of(self._name), before)
        if self._workload.refusal and seen.phase == "Pending":
            return replace(seen, phase="Failed", message=self._workload.refusal)
        return seen

    async def _follow_up(self, seen: Observation) -> None:
        tracking = self._tracking
        session = tracking.sessions.objects.get(self._name)
        if session is None:
            return
        if await self._workload.follow(session):
            self.changed.set()
        await self._write_status(session, seen)
        await self._label_pods()

    async def _label_pods(self) -> None:
        """Keep the agent's label on the pods current after a takeover."""
        tracking = self._tracking
        labels = {"metadata": {"labels": {AGENT_LABEL: tracking.agent_id}}}
        for pod in tracking.pods_of(self._name):
            metadata = pod["metadata"]
            if metadata["labels"].get(AGENT_LABEL) != tracking.agent_id and not metadata.get("deletionTimestamp"):
                await tracking.client.patch(tracking.collections.pods, metadata["name"], labels)

    async def _write_status(self, session: Obj, seen: Observation) -> None:
        tracking = self._tracking
        status = seen.status(tracking.agent_id)
        known = session.get("status", {})
        if any(known.get(key) != value for key, value in status.items()):
            patch = {"status": status}
            written = await tracking.client.patch(
                tracking.collections.sessions, self._name, patch, subresource="status"
            )
            tracking.sessions.put(written)
        if known.get("phase") != seen.phase:
            event = objects.event(session, tracking.agent_id, seen.phase, seen.message)
            await tracking.client.create(tracking.collections.events, event)


def _end_if_broken(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and task.exception() is not None:
        log.critical("%s: the tracker failed", task.get_name(), exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)
