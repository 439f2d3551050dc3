"""The search for a window on a desktop that takes what is typed: the middle first, then around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.waiting import now

PATIENCE_SECONDS = 2.5
"""So long may what was typed take to have an effect, before another place is tried."""
# The kernel's numbers of pseudo-terminals begin with 136.
_STATS = "cat /proc/[0-9]*/stat 2>/dev/null"
_PSEUDO_TERMINALS = range(136, 144)


class PlaceSearch:
    """Clicks at a place of the desktop and types there; at the next one when that had no effect.

    `point` is the place in the picture at which was typed last. `patience`: so long may it take to have an effect.
    """

    def __init__(
        self, desktop: SessionDesktop, type_there: Callable[[], None], *, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._desktop = desktop
        self._type_there = type_there
        self._patience = patience
        self._places = _places(desktop)
        self._type_at(next(self._places))

    def go_on(self, *, seen: bool, carried_out: Callable[[], bool] = lambda: False) -> None:
        """Remembers the place when an effect of what was typed there is `seen`; tries the next when it is time.

        `carried_out` is asked before that: what was typed may have had an effect that is not to be seen.
        """
        if seen:
            self._desktop.place = self.point
        elif now() >= self._typed_at + self._patience and not carried_out():
            point = next(self._places, None)
            if point is not None:
                self._type_at(point)

    def _type_at(self, point: tuple[int, int]) -> None:
        self.point = point
        self._desktop.opened().click(*self.point)
        self._type_there()
        self._typed_at = now()


def _places(desktop: SessionDesktop) -> Iterator[tuple[int, int]]:
    """The place that is known, then where a window may be, each well apart from those before.

    The middle is first of all, unless it shows what is behind the windows: the keyboard may belong to one all the same.
    """
    viewer = desktop.opened()
    free, picture = viewer.places() or [viewer.middle()], viewer.picture()
    windows = picture.outside_background(free) if picture is not None else []
    apart = (picture.size[0] // 5, picture.size[1] // 5) if picture is not None else (1, 1)
    tried: list[tuple[int, int]] = []
    for x, y in [*filter(None, [desktop.place]), *windows, *free]:
        if all(abs(x - other[0]) >= apart[0] or abs(y - other[1]) >= apart[1] for other in tried):
            tried.append((x, y))
            yield x, y


def has_no_shell(desktop: SessionDesktop, pod: Pod) -> bool:
    """Whether no shell of the session waits for commands in a terminal, so that nothing carries out what is typed."""
    stats = desktop.session.cluster.execute(pod, ["sh", "-c", _STATS]).stdout.splitlines()
    return bool(stats) and not any(waits_for_commands(stat) for stat in stats)


def waits_for_commands(stat: str) -> bool:
    """Whether a process is a shell in the foreground of a pseudo-terminal, by its line of /proc/PID/stat (proc(5))."""
    start, _, rest = stat.rpartition(")")
    _, _, group, _, terminal, foreground = rest.split()[:6]
    return start.endswith("sh") and int(terminal) >> 8 in _PSEUDO_TERMINALS and group == foreground
