"""A program in the terminal of a session, started as its user would start it, and the input that it received."""

from __future__ import annotations

import secrets

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.domain.sessions.place_search import PlaceSearch, has_no_shell
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.waiting import Budget, Wait, elapse, poll

LATE_SECONDS = 0.8
"""A key that comes so long after the others is late, not lost."""
_PUT = 'printf "%s" "$1" >"$2"'


class TerminalProgram:
    """One program that runs in the terminal of an open desktop. `told` is its output when it was ready."""

    def __init__(self, desk: SessionDesktop, program: str) -> None:
        """`desk` shows its desktop already (`Desk.shown`)."""
        self._desk = desk
        self._cluster = desk.session.cluster
        self._pod = desk.own_pod()
        self._path = f"/tmp/program-{secrets.token_hex(3)}"  # noqa: S108 - in the session's own container
        put = self._cluster.execute(self._pod, ["sh", "-c", _PUT, "sh", program, self._path])
        if put.code != 0:
            raise ClusterError(f"a program cannot be copied into pod {self._pod.meta.name}: {put.stderr.strip()}")
        self.told = self._start()

    def _start(self) -> list[str]:
        """Clicks into the terminal and types the command; Unproven when no program starts."""
        viewer = self._desk.opened()
        search = PlaceSearch(self._desk, lambda: viewer.type(f"bash {self._path}", told=True))

        def look() -> str:
            text = self._read("ready")
            search.go_on(seen=bool(text))
            return text

        try:
            ready = poll(
                self._desk.wait("the program that was typed started"),
                look,
                met=lambda text: text.endswith("\n"),
                says=lambda text: "started" if text else "not started",
                likely=lambda _: self._desk.blame(self._why_not()),
            )
        except Unmet as unmet:
            raise Unproven(
                f"a program cannot be started by typing (see 1.1d-4): {unmet.actual}; {unmet.likely}"
            ) from unmet
        return ready.split()

    def _why_not(self) -> str:
        if has_no_shell(self._desk, self._pod):
            return "no shell waits for commands in a terminal on the desktop"
        return "keys do not reach the session"

    def received(self, *, until: str, times: int = 1) -> str:
        """The input so far, once `until` has arrived `times` times or the browser's budget is used up."""
        try:
            return poll(
                self._desk.wait("all of it received in the session"),
                self.received_so_far,
                met=lambda text: text.count(until) >= times,
                says=lambda text: f"{len(text)} bytes",
                likely=lambda _: "see what was received",
            )
        except Unmet:  # the criterion judges what is missing
            return self.received_so_far()

    def received_so_far(self) -> str:
        """The input so far."""
        return self._read("log")

    def received_at_last(self) -> str:
        """The input once a moment has passed in which keys that are late, or stuck, still arrive."""
        elapse(Wait(self._desk.session.subject, "keys that come late", Budget("late keys", LATE_SECONDS, 1.0)))
        return self._read("log")

    def _read(self, what: str) -> str:
        return self._cluster.execute(self._pod, ["sh", "-c", f"cat {self._path}.{what} 2>/dev/null"]).stdout
