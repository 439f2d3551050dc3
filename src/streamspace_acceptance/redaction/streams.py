"""Standard output and error without secrets: behave itself prints errors of hooks and steps unchanged."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, TextIO

from streamspace_acceptance.redaction.redactor import mask, redact

_NOBODY_READS = (errno.EPIPE, errno.EIO)


class RedactedStream:
    """Writes each text to `stream`, redacted; everything else is passed on to that stream."""

    def __init__(self, stream: TextIO, clean: Callable[[str], str] = redact) -> None:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without a tick must not end the run
        self._stream = stream
        self._clean = clean

    def write(self, text: str) -> int:
        """Write `text`, redacted; returns its length, as all of it is handled."""
        with self._while_it_is_read():
            self._stream.write(self._clean(text))
        return len(text)

    def flush(self) -> None:
        """Flush."""
        with self._while_it_is_read():
            self._stream.flush()

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of `lines`, redacted."""
        for line in lines:
            self.write(line)

    @contextmanager
    def _while_it_is_read(self) -> Iterator[None]:
        """Once the terminal is closed, or the reader has ended, output is discarded: the run still cleans up and writes
        its reports.
        """
        try:
            yield
        except OSError as error:
            if error.errno not in _NOBODY_READS:
                raise
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def redacted_output(openers: Iterable[Any] = ()) -> Iterator[None]:
    """Redacts all output in this block. `openers`: behave's, which opened the streams before.

    Formatters write colours to those, so control characters stay there.
    """
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = RedactedStream(before[0]), RedactedStream(before[1])
    held = [opener for opener in openers if opener.stream is not None]
    streams = [opener.stream for opener in held]
    for opener in held:
        opener.stream = RedactedStream(opener.stream, mask)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for opener, stream in zip(held, streams, strict=True):
            opener.stream = stream
