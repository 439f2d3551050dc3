"""The suite without recordings: `python -m tests.proof.without_recordings [behave's arguments]`.

Screencasts and traces are a good part of what a desktop in the browser costs, and no verdict depends on them. The runs
of the proof do without; the healthy run and the sample of equivalent products record as always.
"""

from __future__ import annotations

import sys
from typing import Any

from behave.__main__ import main

from streamspace_acceptance.desktop.screencast import Screencast
from streamspace_acceptance.desktop.trace import Trace
from streamspace_acceptance.desktop.watchdog import BrowserError

REASON = "left out: this run is about verdicts alone"
_begin = Trace.__init__


class _NoCalls:
    """Every call to the browser is trouble, of which a trace is told at its begin: it takes that as it always would."""

    def within(self, *_: object, **__: object) -> Any:
        raise BrowserError(REASON)


def _no_trace(trace: Trace, context: Any, _: object) -> None:
    _begin(trace, context, _NoCalls())  # type: ignore[arg-type]


def _no_film(film: Screencast, _: object) -> None:
    film._trouble = REASON


def leave_out() -> None:
    """From now on, neither is made."""
    Trace.__init__ = _no_trace  # type: ignore[assignment,method-assign]
    Screencast.follow = _no_film  # type: ignore[assignment,method-assign]


if __name__ == "__main__":
    leave_out()
    sys.exit(main(sys.argv[1:]))
