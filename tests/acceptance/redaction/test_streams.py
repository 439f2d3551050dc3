"""During a run all output is redacted, whatever prints it; afterwards the streams are as before."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest

from streamspace_acceptance.redaction.streams import redacted_output

SAID = "login with Bearer abcdefgh123"


def test_prints_are_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    with redacted_output():
        sys.stdout.write(SAID)
        sys.stderr.writelines([SAID])
        assert sys.stdout.isatty() is False
    assert sys.stdout is before
    assert capsys.readouterr() == ("login with Bearer [redacted]", "login with Bearer [redacted]")


def test_a_formatter_that_holds_the_stream_is_redacted_as_well() -> None:
    held = SimpleNamespace(stream=io.StringIO())
    opener, closed = held, SimpleNamespace(stream=None)
    stream = held.stream
    with redacted_output([opener, closed]):
        opener.stream.write(SAID)
    assert opener.stream is stream
    assert stream.getvalue() == "login with Bearer [redacted]"
