"""Runs without recordings make neither screencasts nor traces, and need neither."""

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.desktop.screencast import Screencast, ScreencastError
from streamspace_acceptance.desktop.trace import Trace, TraceError
from tests.proof.without_recordings import leave_out

NOTHING: Any = SimpleNamespace()
"""A context and a page of which nothing can be asked."""


def test_neither_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name in ((Trace, "__init__"), (Screencast, "follow")):
        monkeypatch.setattr(owner, name, getattr(owner, name))  # as they were, in the end
    leave_out()
    trace, film = Trace(NOTHING, NOTHING), Screencast(NOTHING, NOTHING)
    film.follow(NOTHING)
    with pytest.raises(TraceError, match="left out"):
        trace.keep()
    with pytest.raises(ScreencastError, match="left out"):
        film.encode()
    trace.forget()
