"""Which tests may run at the same time, across the workers of pytest-xdist: those that are alone, and all others."""

import fcntl
from contextlib import ExitStack
from pathlib import Path


class Turns:
    """Two locks in `folder`: everybody passes the door, one at a time, and is then in the room.

    A test that runs alone blocks new ones first, and then waits for the running ones to end.
    """

    def __init__(self, folder: Path) -> None:
        self._door = folder / "door"
        self._room = folder / "room"
        self._held: ExitStack | None = None

    def enter(self, *, alone: bool) -> None:
        """Wait for the turn: nothing else runs until `leave`, or nothing that is `alone`. No-op while it is held."""
        if self._held is not None:
            return
        self._held = ExitStack()
        if alone:
            self._lock(self._held, self._door, fcntl.LOCK_EX)
            self._lock(self._held, self._room, fcntl.LOCK_EX)
            return
        with ExitStack() as door:
            self._lock(door, self._door, fcntl.LOCK_EX)
            self._lock(self._held, self._room, fcntl.LOCK_SH)

    def leave(self) -> None:
        """Let the others in."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _lock(self, stack: ExitStack, path: Path, how: int) -> None:
        """Held until the stack closes the file."""
        fcntl.flock(stack.enter_context(path.open("w")), how)
