"""File changes as callbacks on the event loop, so that exits and log lines are seen without asking again and again."""

import asyncio
import ctypes
import os
import struct
from collections.abc import Callable
from pathlib import Path

IN_MODIFY = 0x2
IN_MOVED_TO = 0x80
_HEADER = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)

Callback = Callable[[str], None]
"""Called with the name of the file in the watched directory; "" when the watched path is a file."""


class Inotify:
    """All watches of this process, over one descriptor. Several callbacks may watch one path."""

    def __init__(self) -> None:
        self._descriptor = _checked(_libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK), "inotify")
        self._callbacks: dict[int, list[Callback]] = {}
        asyncio.get_running_loop().add_reader(self._descriptor, self._read)

    def watch(self, path: Path, mask: int, callback: Callback) -> Callable[[], None]:
        """Call `callback` at each change from now on, until the returned function is called. Raises OSError."""
        number = _checked(_libc.inotify_add_watch(self._descriptor, os.fsencode(path), mask), str(path))
        self._callbacks.setdefault(number, []).append(callback)

        def unwatch() -> None:
            callbacks = self._callbacks.get(number, [])
            if callback in callbacks:
                callbacks.remove(callback)
            if not callbacks and self._callbacks.pop(number, None) is not None:
                # Fails when the path has been removed, which ends its watch.
                _libc.inotify_rm_watch(self._descriptor, number)

        return unwatch

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)

    def _read(self) -> None:
        try:
            buffer = os.read(self._descriptor, 65536)
        except BlockingIOError:
            return
        offset = 0
        while offset < len(buffer):
            number, _, _, length = _HEADER.unpack_from(buffer, offset)
            offset += _HEADER.size
            name = os.fsdecode(buffer[offset : offset + length].rstrip(b"\0"))
            offset += length
            for callback in tuple(self._callbacks.get(number, ())):
                callback(name)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result
