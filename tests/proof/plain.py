"""The suite without films and traces of its desktops: `python -m tests.proof.plain [behave's arguments]`.

They are a third of what a desktop in the browser costs, and no verdict hangs on them. The runs against a fault do
without; the sound run, those behind a lying proxy and those of the other folders make them as always.
"""

from __future__ import annotations

import sys

from behave.__main__ import main

from streamspace_acceptance.desktop.film import Film
from streamspace_acceptance.desktop.trace import Trace

REASON = "left out: this run is about verdicts alone"


def _no_trace(trace: Trace, *_: object) -> None:
    trace._trouble = REASON


def _no_film(film: Film, *_: object) -> None:
    film._trouble = REASON


def leave_out() -> None:
    """From now on; a method that is not there any more is an error."""
    assert callable(Trace.__init__)
    assert callable(Film.follow)
    Trace.__init__ = _no_trace  # type: ignore[method-assign]
    Film.follow = _no_film  # type: ignore[method-assign]


if __name__ == "__main__":
    leave_out()
    sys.exit(main(sys.argv[1:]))
