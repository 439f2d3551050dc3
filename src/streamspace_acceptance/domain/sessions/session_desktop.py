"""A session's desktop as its user reaches it: the address that the API gives, the page, input and its effect."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.desktop.browser import RunBrowser
from streamspace_acceptance.desktop.page_load import PageOpenError, PageState
from streamspace_acceptance.desktop.pictures import Area, Colour, Picture, random_colours
from streamspace_acceptance.desktop.viewer import Viewer
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet, Unproven, unproven_if_failed
from streamspace_acceptance.product import tls
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.redaction import secret_sources
from streamspace_acceptance.waiting import Budget, Stamped, Wait, now, poll

SETTLED_SECONDS = 1.0
STILL = 0.01  # share of pixels: a clock or a cursor may move in a picture that has settled
SHOWN = 0.002  # share of pixels that differ from the background on a desktop with a window
APART = 40  # in one channel at the least, so that no blurred colour is taken for another
VIVID = 60  # between the strongest and the weakest channel: far from any grey
FILLED = 0.05  # share of pixels that a terminal covers at the very least
LOOK_SECONDS = 0.25
CLICK_SECONDS = 30  # for so long the command that was typed waits for a click
SCREENSHOT_SECONDS = 3.0


@dataclass(frozen=True)
class InputProbe:
    """A command typed into the desktop: where, the picture before and after, and what came of it.

    received: the command was carried out in the session; clicked: the click that it then waited for arrived.
    """

    point: tuple[int, int]
    before: Picture
    after: Picture
    colour: Area
    received: bool
    clicked: bool


class SessionDesktop:
    """The desktop of one session, as its user reaches it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.viewer: Viewer | None = None
        self._connection: Answer | None = None
        self._page_blame: str | None = None

    def connect(self) -> Answer:
        """Asks the API where the desktop can be seen."""
        self._connection = self.session.api.connect_session(self.session.id)
        secret_sources.from_address(
            vnc_url(self._connection, self.session.api.profile.fields["vnc_url"]) or "", self.session.id
        )
        return self._connection

    @property
    def connection(self) -> Answer:
        """What the API answered; Unproven when it was not asked."""
        if self._connection is None:
            raise Unproven("the API was not asked where the desktop can be seen")
        return self._connection

    @property
    def address(self) -> str:
        """The VNC address that the API gave; Unproven when it gave none."""
        url = vnc_url(self.connection, self.session.api.profile.fields["vnc_url"])
        if url is None:
            raise Unproven("the API gave no VNC address (see the sentence about that)")
        return url

    def check_connected(self) -> None:
        """The API gave a VNC address; Unmet otherwise, where the connection is not itself what is tested."""
        if vnc_url(self.connection, self.session.api.profile.fields["vnc_url"]) is None:
            raise Unmet(
                f"{self.session.subject}, desktop",
                expected="an address at which it can be seen",
                actual=self.connection.gist,
                likely="the API does not connect viewers to the session",
            )

    def fetch_page(self) -> Answer:
        """The page at the VNC address, fetched as plainly as can be; Unmet when nothing answers there.

        Nothing at that address, while the API itself answers, means that the address is wrong. NoAnswer where only its
        certificate is not accepted: that may be the suite's own ignorance of a CA.
        """
        self._page_blame = "no page comes from the VNC address (see the sentence about that)"
        try:
            answer = self.session.api.http.page(self.address)
        except NoAnswer as error:
            if tls.trouble(error) is not None:
                raise
            self.session.api.sessions()
            raise Unmet(
                f"{self.session.subject}, VNC address",
                expected="a page",
                actual=str(error),
                likely="the address leads elsewhere; the API itself answers",
            ) from error
        self._page_blame = None if answer.status == 200 and is_html(answer) else self._page_blame
        return answer

    def open(self, browser: RunBrowser) -> None:
        """Opens the VNC address in a fresh browser context; Unproven when the browser gets no page at all.

        Unmet when the page does not come in time, unless it is known already that none comes.
        """
        try:
            self.viewer = browser.viewer(self.address)
        except PageOpenError as error:
            if not error.late or self._page_blame is not None:
                raise Unproven(f"the page does not open: {error}") from error
            raise Unmet(
                f"{self.session.subject}, desktop",
                expected="the page at its address in a browser",
                actual=str(error),
                likely="what serves the page, or one of its parts, keeps the browser waiting",
            ) from error

    def open_whole(self, browser: RunBrowser) -> None:
        """The whole way to a desktop that is not itself what is tested: asked for, opened, and its client loaded."""
        self.connect()
        self.check_connected()
        self.open(browser)
        self.wait_for_client()

    def close(self) -> None:
        """Closes the page, if it is open."""
        if self.viewer is not None:
            self.viewer.close()
            self.viewer = None

    def wait_for_client(self) -> PageState:
        """The noVNC client runs in the page; Unmet otherwise, or Unproven when there is no page to begin with."""
        viewer = self.opened()
        with unproven_if_failed(self._page_blame):
            return poll(
                self.wait("the noVNC client loaded"),
                viewer.loaded,
                met=lambda loaded: loaded.novnc_loaded,
                says=PageState.describe,
                likely=lambda _: self.blame("the page, one of its scripts or the noVNC release behind it"),
                impossible=lambda loaded: "; ".join(loaded.broken()) or None,
            )

    def probe_input(self) -> InputProbe:
        """Waits for the desktop to show, types one command into it, and tells what the picture and the pod say then.

        The command gives the terminal a colour of chance and makes a file of chance name: neither can be there already.
        Then it has the terminal report clicks (X10 mouse reports, six bytes each) and makes another file for the first.
        """
        pod, viewer, before = self.own_pod(), self.opened(), self.wait_until_rendered()
        name, colour = f"typed-{secrets.token_hex(6)}", _unlike(before)
        point = (before.size[0] // 2, before.size[1] // 2)
        viewer.click(*point)
        viewer.type(
            rf"printf '\033]11;#{bytes(colour).hex()}\007\033[?9h'; touch /tmp/{name}; "
            rf"read -rsn6 -t {CLICK_SECONDS} && touch /tmp/{name}-click; printf '\033[?9l'"
        )
        after = self._wait_for_colour(colour, pod, name)
        received = self._wait_for_file(pod, name, "the command", "the desktop in the picture is not this session's")
        viewer.click(*point)
        clicked = self._wait_for_file(pod, f"{name}-click", "the click", "keys reach the desktop, clicks do not")
        return InputProbe(point, before, after, after.area(colour), received, clicked)

    def screenshot(self) -> bytes | None:
        """A PNG of the page, for the evidence, once the desktop shows; as it is when it does not; None if not open."""
        viewer = self.viewer
        if viewer is None:
            return None
        with suppress(Unmet):
            poll(
                Wait(f"{self.session.subject}, desktop", "a picture", Budget("portrait", SCREENSHOT_SECONDS, 1.0)),
                viewer.picture,
                met=lambda picture: picture is not None and picture.foreground > SHOWN,
                says=_describe,
                likely=_describe,
                every=LOOK_SECONDS,
            )
        return viewer.whole_page()

    def wait_until_rendered(self) -> Picture:
        """The desktop once it shows something and has stood still for a moment, as a user would wait for it."""
        viewer, last = self.opened(), list[Stamped[Picture]]()

        def look() -> Picture | None:
            picture = viewer.picture()
            if picture is not None and (not last or picture.differs(last[0].item) > STILL):
                last[:] = [Stamped(now(), picture)]
            return picture

        shown = poll(
            self.wait("a desktop to be seen"),
            look,
            met=lambda picture: (
                picture is not None and picture.foreground > SHOWN and now() - last[0].at >= SETTLED_SECONDS
            ),
            says=_describe,
            likely=lambda _: self.blame("the page does not get the desktop's pictures, or nothing runs on it"),
            every=LOOK_SECONDS,
        )
        if shown is None:
            raise AssertionError("a wait for a picture ended without one")
        return shown

    def _wait_for_colour(self, colour: Colour, pod: Pod, name: str) -> Picture:
        shown = poll(
            self.wait("the terminal in the colour that was typed"),
            self.opened().picture,
            met=lambda picture: picture is not None and picture.share(colour) >= FILLED,
            says=lambda picture: _coloured(picture, colour),
            likely=lambda _: self._whether_received(pod, name),
            every=LOOK_SECONDS,
        )
        if shown is None:
            raise AssertionError("a wait for a picture ended without one")
        return shown

    def _wait_for_file(self, pod: Pod, name: str, what: str, otherwise: str) -> bool:
        return poll(
            self.wait(f"{what} carried out in the session"),
            lambda: self._has_file(pod, name),
            met=bool,
            says=lambda there: "carried out" if there else "not carried out",
            likely=lambda _: self.blame(otherwise),
            every=LOOK_SECONDS,
        )

    def _whether_received(self, pod: Pod, name: str) -> str:
        if self._has_file(pod, name):
            return "the command was carried out, so the picture is not what the desktop shows"
        return self.blame("keys and clicks do not reach the desktop")

    def _has_file(self, pod: Pod, name: str) -> bool:
        return self.session.cluster.execute(pod, ["test", "-e", f"/tmp/{name}"]).code == 0  # noqa: S108

    def own_pod(self) -> Pod:
        """The running pod of the session; Unproven when it has none."""
        pods = [pod for pod in self.session.pods() if pod.running]
        if not pods:
            raise Unproven(f"{self.session.subject} has no running pod to look into")
        return pods[0]

    def opened(self) -> Viewer:
        """The desktop in the browser; Unproven when it was not opened."""
        if self.viewer is None:
            raise Unproven("the desktop was not opened in a browser")
        return self.viewer

    def unused_colours(self, count: int) -> list[Colour]:
        """So many colours that the desktop, once it is rendered and has settled, does not show."""
        self.wait_until_rendered()
        return distinct_colours(self.opened().framebuffer(), count)

    def blame(self, otherwise: str) -> str:
        """What is likely to blame, with what the browser tells of trouble with the connection to the desktop."""
        trouble = self.viewer.trouble() if self.viewer is not None else None
        return otherwise if trouble is None else f"{trouble}; {otherwise}"

    def wait(self, goal: str) -> Wait:
        """A wait for something to happen in the browser or by its hand."""
        return Wait(f"{self.session.subject}, desktop", goal, self.session.budgets.named("browser"))


def is_html(answer: Answer) -> bool:
    """Whether an answer is a page of HTML, by its type and by having any."""
    return answer.content_type.partition(";")[0].strip().lower() == "text/html" and b"<" in answer.body


def vnc_url(answer: Answer, field: str) -> str | None:
    """The address in an answer to connect: an absolute http(s) URL without blanks; None when there is no such thing."""
    if not answer.ok:
        return None
    try:
        url = answer.object().get(field)
        if not isinstance(url, str) or any(map(str.isspace, url)):
            return None
        parts = urlsplit(url)
    except (Unmet, ValueError):
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None


def _unlike(picture: Picture) -> Colour:
    """A colour of chance that the picture does not show yet, neither dark nor pale."""
    return random_colours(1, lambda one: picture.share(one) < FILLED / 50)[0]


def distinct_colours(picture: Picture, count: int) -> list[Colour]:
    """So many colours of chance of which the picture shows nothing, each far from the others and from any grey.

    The edges of letters are all the greys between those of the letter and its background.
    """
    return random_colours(count, lambda one: max(one) - min(one) >= VIVID and not picture.share(one), APART)


def _describe(picture: Picture | None) -> str:
    if picture is None:
        return "no noVNC screen"
    return "something to be seen" if picture.foreground > SHOWN else "a blank screen"


def _coloured(picture: Picture | None, colour: Colour) -> str:
    return "no noVNC screen" if picture is None else f"{picture.share(colour):.0%} of the screen in that colour"
