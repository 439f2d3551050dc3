"""The readiness of one running container, kept by its probe."""

import asyncio
from collections.abc import Callable

from streamspace_sandbox.kubernetes.kubelet.probes import ProbeError, attempt, attempt_until_success
from streamspace_sandbox.kubernetes.kubelet.status import ContainerRecord
from streamspace_sandbox.kubernetes.machinery.resources import Obj


class Prober:
    """Keeps `record.ready` true to what the container's readiness probe finds; without a probe it is ready at once."""

    def __init__(
        self,
        spec: Obj,
        record: ContainerRecord,
        *,
        ip: str,
        changed: Callable[[], None],
        warn: Callable[[str, str], None],
    ) -> None:
        self._spec = spec
        self._record = record
        self._ip = ip
        self._changed = changed
        self._warn = warn
        record.started = True
        record.ready = "readinessProbe" not in spec

    async def run(self) -> None:
        """Probe until cancelled; return at once without a probe."""
        probe = self._spec.get("readinessProbe")
        if probe is None:
            return
        await asyncio.sleep(probe.get("initialDelaySeconds") or 0)
        failures = successes = 0
        while True:
            # A container that is not ready yet is tried often within each period.
            if self._record.ready or successes:
                await asyncio.sleep(_period(probe))
                succeeded = await self._succeeds(probe, seconds=0)
            else:
                succeeded = await self._succeeds(probe, seconds=_period(probe))
            failures, successes = (0, successes + 1) if succeeded else (failures + 1, 0)
            if succeeded and successes >= (probe.get("successThreshold") or 1):
                self._set_ready(True)
            elif failures >= (probe.get("failureThreshold") or 3):
                self._set_ready(False)

    def _set_ready(self, ready: bool) -> None:
        if self._record.ready != ready:
            self._record.ready = ready
            self._changed()

    async def _succeeds(self, probe: Obj, *, seconds: float) -> bool:
        """Whether one try succeeds, or one of those within `seconds`."""
        try:
            if seconds:
                await attempt_until_success(probe, self._spec, self._ip, seconds)
            else:
                await attempt(probe, self._spec, self._ip)
        except ProbeError as error:
            self._warn("Unhealthy", f"Readiness probe failed: {error}")
            return False
        return True


def _period(probe: Obj) -> float:
    seconds: float = probe.get("periodSeconds") or 10
    return seconds
