"""Commands that clients run in containers, through `podman exec`."""

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import termios
from collections.abc import AsyncIterator, Mapping, Sequence

CHUNK = 65536


class PipedSession:
    """A command with three pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, argv: Sequence[str], environment: Mapping[str, str], *, stdin: bool) -> "PipedSession":
        return cls(
            await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
            )
        )

    async def write(self, data: bytes) -> None:
        if self._process.stdin is None:
            return
        # The command may have closed its input or ended: unread data is lost, as in a shell's pipe.
        with contextlib.suppress(ConnectionError):
            self._process.stdin.write(data)
            await self._process.stdin.drain()

    async def close_stdin(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()

    def stdout(self) -> AsyncIterator[bytes]:
        return _chunks(self._process.stdout)

    def stderr(self) -> AsyncIterator[bytes]:
        return _chunks(self._process.stderr)

    async def resize(self, columns: int, rows: int) -> None:
        """Without a terminal, nothing to do."""

    async def wait(self) -> int:
        return await self._process.wait()

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class TerminalSession:
    """A command on a terminal of its own; all output is its standard output."""

    def __init__(self, process: asyncio.subprocess.Process, terminal: int) -> None:
        self._process = process
        self._terminal = terminal
        self._output: asyncio.Queue[bytes] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        os.set_blocking(terminal, False)
        self._loop.add_reader(terminal, self._read)

    @classmethod
    async def start(cls, argv: Sequence[str], environment: Mapping[str, str]) -> "TerminalSession":
        ours, theirs = os.openpty()
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                env={"TERM": "xterm", **environment},
                start_new_session=True,
            )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        return cls(process, ours)

    async def write(self, data: bytes) -> None:
        while data and self._terminal >= 0:
            try:
                data = data[os.write(self._terminal, data) :]
            except BlockingIOError:
                await self._writable()
            except OSError:
                return

    async def close_stdin(self) -> None:
        """Send the terminal's end-of-input character."""
        await self.write(b"\x04")

    async def stdout(self) -> AsyncIterator[bytes]:
        while data := await self._output.get():
            yield data

    async def stderr(self) -> AsyncIterator[bytes]:
        nothing: tuple[bytes, ...] = ()
        for data in nothing:
            yield data

    async def resize(self, columns: int, rows: int) -> None:
        if self._terminal >= 0:
            fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            # The kernel signals only processes whose controlling terminal this is.
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGWINCH)

    async def wait(self) -> int:
        return await self._process.wait()

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._close()

    def _read(self) -> None:
        try:
            data = os.read(self._terminal, CHUNK)
        except BlockingIOError:
            return
        except OSError:
            # The last process on the terminal has ended.
            data = b""
        self._output.put_nowait(data)
        if not data:
            self._close()

    def _close(self) -> None:
        if self._terminal >= 0:
            self._loop.remove_reader(self._terminal)
            os.close(self._terminal)
            self._terminal = -1
            self._output.put_nowait(b"")

    async def _writable(self) -> None:
        ready = asyncio.Event()
        self._loop.add_writer(self._terminal, ready.set)
        try:
            await ready.wait()
        finally:
            if self._terminal >= 0:
                self._loop.remove_writer(self._terminal)


async def _chunks(stream: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    while stream is not None and (data := await stream.read(CHUNK)):
        yield data
