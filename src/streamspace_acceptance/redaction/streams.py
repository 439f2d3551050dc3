"""Standard output and error without secrets: behave prints the errors of hooks, and of steps, as they are."""

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
    """Writes to `stream` what the redactor leaves of each text; in all else it is that stream."""

    def __init__(self, stream: TextIO, clean: Callable[[str], str] = redact) -> None:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no tick must not end the run
        self._stream = stream
        self._clean = clean

    def write(self, text: str) -> int:
        """Write `text`, redacted; how much of `text` was dealt with: all of it."""
        with self._while_it_is_read():
            self._stream.write(self._clean(text))
        return len(text)

    def flush(self) -> None:
        """Have all of it on its way."""
        with self._while_it_is_read():
            self._stream.flush()

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of `lines`, redacted."""
        for line in lines:
            self.write(line)

    @contextmanager
    def _while_it_is_read(self) -> Iterator[None]:
        """Once its terminal is closed, or whoever read it has ended, the rest goes nowhere: what a run has made and
        broken is undone all the same, and its report is written.
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
    """Whatever is printed in this block is redacted. `openers`: behave's, which took hold of the streams before.

    What a formatter writes there is coloured, and redacted by itself otherwise.
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
