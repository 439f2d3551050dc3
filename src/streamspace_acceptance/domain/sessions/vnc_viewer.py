"""The suite's own VNC client of one session's desktop."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from streamspace_acceptance.domain.clients import Clients
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product import rfb, rfb_client
from streamspace_acceptance.product.rfb import ViewerSettings
from streamspace_acceptance.waiting import Budget, Stamped, Wait, now, poll

STRIP = 16  # pixels of a desktop, the width of what is looked at of it
HANDSHAKE_PAUSE_SECONDS = 0.25  # from one handshake that failed to the next


class VncViewer:
    """Connects to the desktop of the session with that id, by the way that a user's browser takes."""

    def __init__(self, session_id: str, clients: Clients) -> None:
        self._id = session_id
        self._api = clients.api
        self._budgets = clients.budgets
        self._password = clients.vnc_password

    def handshake(self, during: Callable[[], None] = lambda: None) -> rfb.Framebuffer | str:
        """One RFB handshake with the session's desktop, `during` done meanwhile; a sentence when it fails."""
        token = self._api.viewer_token(self._id)
        return rfb.attempt(self._api.vnc_address(self._id, token), token, during, self._settings())

    def viewing(self) -> AbstractContextManager[rfb_client.RfbClient]:
        """A VNC client of the desktop, connected for as long as the context is open; NoHandshake otherwise."""
        token = self._api.viewer_token(self._id)
        return rfb_client.viewing(self._api.vnc_address(self._id, token), token, self._settings())

    def is_blank(self) -> bool | None:
        """Whether a cross through the middle of the desktop has one colour; None where no VNC server shows it."""
        try:
            with self.viewing() as viewer:
                (across, down), (wide, high) = viewer.middle, (viewer.framebuffer.width, viewer.framebuffer.height)
                arms = (0, down, wide, min(STRIP, high - down)), (across, 0, min(STRIP, wide - across), high)
                return len({colour for arm in arms for colour in viewer.picture(arm).colours()}) == 1
        except rfb.NoHandshake:
            return None

    def connections(self) -> str:
        """How often the suite's own probe has connected to the desktop, for a report."""
        return rfb.connections(self._address())

    def served(self) -> int:
        """How often the suite's own probe has come to a complete handshake with the desktop."""
        return rfb.finished(self._address())

    def handshake_within(self, within: str | Budget) -> rfb.Framebuffer | str:
        """The first handshake that succeeds; what the last one came to, and for how long, when none does in time.

        The tries stand apart where a VNC server has greeted, since some lock out who comes back at once, and where the
        number of connections is limited.
        """
        budget = self._budgets.named(within) if isinstance(within, str) else within
        last: list[Stamped[rfb.Framebuffer | str]] = []

        def try_handshake() -> rfb.Framebuffer | str:
            if not last or now() >= last[-1].at + rfb.rest_of(last[-1].item):
                result = self.handshake()
                last.append(Stamped(now(), result))
            return last[-1].item

        try:
            return poll(
                Wait(f"session {self._id}", "its VNC server answers", budget),
                try_handshake,
                met=_answers,
                says=_tells,
                likely=lambda _: "see what the last handshake came to",
                impossible=rfb.final_refusal,
                every=HANDSHAKE_PAUSE_SECONDS,
            )
        except Unmet as unmet:
            trouble = last[-1].item if last else None
            return trouble.told_as(unmet.actual) if isinstance(trouble, rfb.HandshakeTrouble) else unmet.actual

    def _address(self) -> str:
        return self._api.vnc_address(self._id, self._api.viewer_token(self._id))

    def _settings(self) -> ViewerSettings:
        return self._api.viewer_settings(self._password)


def _answers(result: rfb.Framebuffer | str) -> bool:
    return isinstance(result, rfb.Framebuffer)


def _tells(result: rfb.Framebuffer | str) -> str:
    return result if isinstance(result, str) else "a complete handshake"
