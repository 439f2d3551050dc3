"""Standard output and error without secrets: behave prints the errors of hooks, and of steps, as they are."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, TextIO

from streamspace_acceptance.evidence.redaction import redact


class RedactedStream:
    """Writes to `stream` what the redactor leaves of each text; in all else it is that stream."""

    def __init__(self, stream: TextIO) -> None:
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no tick must not end the run
        self._stream = stream

    def write(self, text: str) -> int:
        """Write `text`, redacted; how much of `text` was dealt with: all of it."""
        self._stream.write(redact(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of `lines`, redacted."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def redacted_output(openers: Iterable[Any] = ()) -> Iterator[None]:
    """Whatever is printed in this block is redacted. `openers`: behave's, which took hold of the streams before."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = RedactedStream(before[0]), RedactedStream(before[1])
    held = [opener for opener in openers if opener.stream is not None]
    streams = [opener.stream for opener in held]
    for opener in held:
        opener.stream = RedactedStream(opener.stream)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for opener, stream in zip(held, streams, strict=True):
            opener.stream = stream
