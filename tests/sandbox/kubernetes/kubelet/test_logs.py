"""Container logs, read from files as conmon writes them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from streamspace_sandbox.kubernetes.kubelet.inotify import Inotify
from streamspace_sandbox.kubernetes.kubelet.logs import read
from streamspace_sandbox.kubernetes.machinery.runtime import LogOptions

LOG = b"""2026-01-01T10:00:00.100000000+00:00 stdout F one
2026-01-01T10:00:01.200000000+00:00 stderr P tw
2026-01-01T10:00:01.300000000+00:00 stderr F o
2026-01-01T10:00:02.400000000+00:00 stdout F
2026-01-01T10:00:03.500000000+00:00 stdout F four four
"""


def selected(path: Path, **options: Any) -> str:
    async def main() -> str:
        inotify = Inotify()
        parts = read(path, LogOptions(**options), inotify, lambda: True, set())
        text = b"".join([part async for part in parts])
        inotify.close()
        return text.decode()

    path.write_bytes(LOG)
    return asyncio.run(main())


def test_log_is_read_as_lines_without_marks(tmp_path: Path) -> None:
    assert selected(tmp_path / "log") == "one\ntwo\n\nfour four\n"


@pytest.mark.parametrize(
    ("count", "expected"), [(0, ""), (1, "four four\n"), (3, "two\n\nfour four\n"), (9, "one\ntwo\n\nfour four\n")]
)
def test_tail_counts_whole_lines(tmp_path: Path, count: int, expected: str) -> None:
    assert selected(tmp_path / "log", tail_lines=count) == expected


def test_timestamps_appear_once_in_each_line(tmp_path: Path) -> None:
    lines = selected(tmp_path / "log", timestamps=True, tail_lines=3).splitlines()
    assert lines[0] == "2026-01-01T10:00:01.200000000+00:00 two"
    assert len(lines) == 3


def test_log_is_followed_until_its_container_ends(tmp_path: Path) -> None:
    async def main() -> str:
        path = tmp_path / "log"
        path.write_bytes(LOG)
        running, followers = [True], set[asyncio.Event]()
        inotify = Inotify()
        parts: list[bytes] = []

        async def follow() -> None:
            options = LogOptions(follow=True, tail_lines=0)
            parts.extend([part async for part in read(path, options, inotify, lambda: not running, followers)])

        task = asyncio.create_task(follow())
        for text in ("five", "six"):
            await asyncio.sleep(0.02)
            with path.open("ab") as log:
                # In two writes, as a reader may find it.
                log.write(b"2026-01-01T10:00:04.5+00:00 std")
                log.flush()
                await asyncio.sleep(0.02)
                log.write(f"out F {text}\n".encode())
        assert not task.done()
        running.clear()
        for follower in followers:
            follower.set()
        await asyncio.wait_for(task, 5)
        inotify.close()
        return b"".join(parts).decode()

    assert asyncio.run(main()) == "five\nsix\n"
