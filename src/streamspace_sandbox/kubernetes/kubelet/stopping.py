"""The stop of a pod: requested first, forced when its grace period is over."""

import asyncio


class Stop:
    """`asked` and then `forced` are set; a later request may only shorten what is left."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.forced = asyncio.Event()
        self._end: asyncio.TimerHandle | None = None

    def ask(self, grace_seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self.asked.set()
        if grace_seconds <= 0:
            self.forced.set()
        elif self._end is None or loop.time() + grace_seconds < self._end.when():
            if self._end is not None:
                self._end.cancel()
            self._end = loop.call_later(grace_seconds, self.forced.set)

    def close(self) -> None:
        """Cancel the timer, after everything has ended."""
        if self._end is not None:
            self._end.cancel()

    async def sleep(self, seconds: float) -> None:
        """Sleep, but not beyond the request to stop."""
        try:
            await asyncio.wait_for(self.asked.wait(), seconds)
        except TimeoutError:
            return
