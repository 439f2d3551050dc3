"""A command whose output nobody reads to its end, as in `streamspace-acceptance profile check | head`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import pytest

from streamspace_acceptance import cli


def _write_much() -> int:
    sys.stdout.write("x" * 100_000)
    return 0


def _lose_a_connection() -> int:
    raise BrokenPipeError


def test_command_without_a_reader_ends_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    stream = os.fdopen(write, "w")
    monkeypatch.setattr(sys, "stdout", stream)
    assert cli.run(_write_much) == cli.CUT_OFF
    with suppress(BrokenPipeError):
        stream.close()


def test_command_that_loses_a_connection_still_fails() -> None:
    with pytest.raises(BrokenPipeError):
        cli.run(_lose_a_connection)
