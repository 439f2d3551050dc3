"""The probes of one running container, and what their results mean for it."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from streamspace_sandbox.kubernetes.kubelet.probes import Exec, ProbeFailed, attempt, attempt_until_success
from streamspace_sandbox.kubernetes.kubelet.status import ContainerRecord
from streamspace_sandbox.kubernetes.machinery.resources import Obj

GiveUp = Callable[[], Awaitable[None]]


class Prober:
    """Keeps `record.started` and `record.ready` true to what the container's startup and readiness probes find."""

    def __init__(
        self,
        spec: Obj,
        record: ContainerRecord,
        *,
        ip: str,
        execute: Exec,
        changed: Callable[[], None],
        warn: Callable[[str, str], None],
    ) -> None:
        self._spec = spec
        self._record = record
        self._ip = ip
        self._exec = execute
        self._changed = changed
        self._warn = warn
        self._started = asyncio.Event()

    def loops(self, give_up: GiveUp) -> list[Coroutine[Any, Any, None]]:
        """What is to run beside the container. `give_up` ends it, when its liveness or startup probe says so."""
        spec, loops = self._spec, []
        if "startupProbe" in spec:
            loops.append(self._startup(spec["startupProbe"], give_up))
        else:
            self._begin()
        if "readinessProbe" in spec:
            loops.append(self._readiness(spec["readinessProbe"]))
        if "livenessProbe" in spec:
            loops.append(self._liveness(spec["livenessProbe"], give_up))
        return loops

    def _begin(self) -> None:
        self._record.started = True
        self._record.ready = "readinessProbe" not in self._spec
        self._started.set()

    async def _startup(self, probe: Obj, give_up: GiveUp) -> None:
        await asyncio.sleep(probe.get("initialDelaySeconds") or 0)
        failures = 0
        while not await self._succeeds_soon("Startup", probe):
            failures += 1
            if failures >= (probe.get("failureThreshold") or 3):
                return await give_up()
        self._begin()
        self._changed()
        return None

    async def _readiness(self, probe: Obj) -> None:
        await self._started.wait()
        await asyncio.sleep(probe.get("initialDelaySeconds") or 0)
        failures = successes = 0
        while True:
            if self._record.ready or successes:
                await asyncio.sleep(_period(probe))
                succeeded = await self._succeeds("Readiness", probe)
            else:
                succeeded = await self._succeeds_soon("Readiness", probe)
            failures, successes = (0, successes + 1) if succeeded else (failures + 1, 0)
            if succeeded and successes >= (probe.get("successThreshold") or 1):
                self._set_ready(True)
            elif failures >= (probe.get("failureThreshold") or 3):
                self._set_ready(False)

    async def _liveness(self, probe: Obj, give_up: GiveUp) -> None:
        await self._started.wait()
        await asyncio.sleep(probe.get("initialDelaySeconds") or 0)
        failures = 0
        while failures < (probe.get("failureThreshold") or 3):
            await asyncio.sleep(_period(probe))
            failures = 0 if await self._succeeds("Liveness", probe) else failures + 1
        await give_up()

    def _set_ready(self, ready: bool) -> None:
        if self._record.ready != ready:
            self._record.ready = ready
            self._changed()

    async def _succeeds(self, kind: str, probe: Obj) -> bool:
        try:
            await attempt(probe, self._spec, self._ip, self._exec)
        except ProbeFailed as error:
            self._warn("Unhealthy", f"{kind} probe failed: {error}")
            return False
        return True

    async def _succeeds_soon(self, kind: str, probe: Obj) -> bool:
        """As `_succeeds`, trying for one period."""
        try:
            await attempt_until_success(probe, self._spec, self._ip, self._exec, _period(probe))
        except ProbeFailed as error:
            self._warn("Unhealthy", f"{kind} probe failed: {error}")
            return False
        return True


def _period(probe: Obj) -> float:
    seconds: float = probe.get("periodSeconds") or 10
    return seconds
