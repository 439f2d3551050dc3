"""A Ctrl-C while a load waits for its own threads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def interrupted_load() -> Iterator[None]:
    """The code of the block raises KeyboardInterrupt once it waits for a thread of its load."""
    join = threading.Thread.join

    def interrupt(thread: threading.Thread, timeout: float | None = None) -> None:
        if thread.name.startswith("load "):
            raise KeyboardInterrupt
        join(thread, timeout)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(threading.Thread, "join", interrupt)
        yield
