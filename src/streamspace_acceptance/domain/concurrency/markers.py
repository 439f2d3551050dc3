"""The marks that a user leaves in a session, and the sessions in which they are found."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamspace_acceptance.desktop.pictures import Colour
from streamspace_acceptance.domain.sessions.session import Session

FILE, HOME, PROCESS = PLACES = ("a temporary file", "a file in the home", "a process")

# Three parts, each after a line of its own: names of temporary files, of files in the home, commands of processes.
LOOK = """
printf '%s\\n' '=='; for each in /tmp/*; do printf '%s\\n' "$each"; done
printf '%s\\n' '=='; for each in "$0"/*; do printf '%s\\n' "$each"; done
printf '%s\\n' '=='; for each in /proc/[0-9]*/cmdline; do cat "$each" 2>/dev/null; printf '\\n'; done
"""


def mark() -> str:
    """A unique number. It serves as a file name and as the seconds that a process sleeps (about a thousand years)."""
    return f"3{secrets.randbelow(10**10):010}"


def command(name: str, colour: Colour) -> str:
    """The line that a user types. It leaves a file, a file in the home, a process of that name, and a colour.

    The line is short, since each key takes time in a browser.
    """
    return f"m={name};touch /tmp/$m ~/$m;sleep $m& {paint(colour)}"


def paint(colour: Colour) -> str:
    """The command that paints the terminal in a colour."""
    return rf"printf '\033]11;#{bytes(colour).hex()}\007'"


@dataclass(frozen=True)
class Markers:
    """By session and by mark, the places where the mark was found."""

    found: Mapping[str, Mapping[str, tuple[str, ...]]]

    def elsewhere(self, name: str, session: str) -> list[str]:
        """The places of a mark outside its own session: `a temporary file in s-2`."""
        return [
            f"{place} in {other}"
            for other, marks in self.found.items()
            if other != session
            for place in marks.get(name, ())
        ]

    def lacking(self, name: str, session: str) -> list[str]:
        """The places where the mark should be in its own session and is not."""
        return [place for place in PLACES if place not in self.found.get(session, {}).get(name, ())]


def look(sessions: Sequence[Session], names: Sequence[str]) -> Markers:
    """Looks for all marks in the pods of all sessions."""
    return Markers({session.id: _marks(_parts(session), names) for session in sessions})


def _parts(session: Session) -> list[list[str]]:
    home = session.api.profile.home
    pods = [pod for pod in session.pods() if pod.running]
    outputs = [session.cluster.execute(pod, ["sh", "-c", LOOK, home]).stdout for pod in pods]
    return [output.split("==\n")[1:] for output in outputs]


def _marks(pods: Sequence[Sequence[str]], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each name the places in which any of the pods has it."""
    texts = {
        place: "".join(parts[number] for parts in pods if len(parts) > number) for number, place in enumerate(PLACES)
    }
    return {name: tuple(place for place, text in texts.items() if name in text) for name in names}
