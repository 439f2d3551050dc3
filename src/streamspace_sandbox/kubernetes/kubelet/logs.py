"""Container logs: files that conmon writes, one line `<time> <stream> <F|P> <text>` for each line or part of one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from streamspace_sandbox.kubernetes.kubelet.inotify import IN_MODIFY, Inotify
from streamspace_sandbox.kubernetes.machinery.runtime import LogOptions

CHUNK = 65536


async def read(
    path: Path, options: LogOptions, inotify: Inotify, ended: Callable[[], bool], followers: set[asyncio.Event]
) -> AsyncIterator[bytes]:
    """The log as `options` want it, in chunks; with `follow`, until `ended()` is true and all has been read.

    An event among `followers` is set whenever `ended()` may have become true.
    """
    grown = asyncio.Event()
    followers.add(grown)
    unwatch = inotify.watch(path, IN_MODIFY, lambda _: grown.set())
    try:
        with path.open("rb") as file:
            text, rest = _selected(file.read(), options)
            if text:
                yield text
            while options.follow:
                grown.clear()
                # Asked before reading: what is written before the end is read after this answer.
                last = ended()
                while data := file.read(CHUNK):
                    lines, _, rest = (rest + data).rpartition(b"\n")
                    if text := _formatted(lines, options.timestamps):
                        yield text
                if last:
                    return
                await grown.wait()
    finally:
        unwatch()
        followers.discard(grown)


def _selected(content: bytes, options: LogOptions) -> tuple[bytes, bytes]:
    """(what is wanted of the log so far, the unfinished line at its end)"""
    whole, _, rest = content.rpartition(b"\n")
    lines = whole.split(b"\n") if whole else []
    since = options.since_time
    if options.since_seconds is not None:
        since = datetime.now(UTC) - timedelta(seconds=options.since_seconds)
    if since is not None:
        lines = [line for line in lines if _time(line) >= since]
    if options.tail_lines is not None:
        lines = _last(lines, options.tail_lines)
    return _formatted(b"\n".join(lines), options.timestamps), rest


def _last(lines: list[bytes], count: int) -> list[bytes]:
    """The last `count` whole lines with all their parts."""
    ends = [number for number, line in enumerate(lines) if line.split(b" ", 3)[2:3] == [b"F"]]
    unfinished = bool(lines) and (not ends or ends[-1] != len(lines) - 1)
    wanted = count - unfinished
    if wanted < 0 or count == 0:
        return []
    return lines[ends[-wanted - 1] + 1 :] if len(ends) > wanted else lines


def _time(line: bytes) -> datetime:
    # Nanoseconds, of which datetime takes six digits.
    text = line.split(b" ", 1)[0].decode()
    seconds, _, rest = text.partition(".")
    fraction, zone = rest[:9], rest[9:]
    return datetime.fromisoformat(f"{seconds}.{fraction[:6]}{zone}")


def _formatted(lines: bytes, timestamps: bool) -> bytes:
    parts: list[bytes] = []
    begins = True
    for line in lines.split(b"\n") if lines else []:
        time, _, tag, text = (line.split(b" ", 3) + [b""] * 3)[:4]
        if timestamps and begins:
            parts.append(time + b" ")
        begins = tag == b"F"
        parts.append(text + b"\n" if begins else text)
    return b"".join(parts)
