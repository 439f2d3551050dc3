"""A session's desktop as its user reaches it: the address that the API gives, the page, input and its effect."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlsplit

from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.desktop.browser import RunBrowser
from streamspace_acceptance.desktop.page_load import PageOpenError, PageState
from streamspace_acceptance.desktop.pictures import Colour, Picture, random_colours
from streamspace_acceptance.desktop.viewer import Viewer
from streamspace_acceptance.domain.sessions.rendering import LOOK_SECONDS, SHOWN, Settling, describe
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.outcomes import Unmet, Unproven, unproven_if_failed
from streamspace_acceptance.product import tls
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import BEHIND_SECONDS
from streamspace_acceptance.product.http import NoAnswer, Unanswered
from streamspace_acceptance.redaction import secret_sources
from streamspace_acceptance.waiting import Budget, Wait, poll

APART = 40  # in one channel at the least, so that no blurred colour is taken for another
VIVID = 60  # between the strongest and the weakest channel: far from any grey
HTML = ("text/html", "application/xhtml+xml")
SCREENSHOT_SECONDS = 3.0
PAGE_AGAIN_SECONDS = 0.2
NOT_YET = (HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND)


class SessionDesktop:
    """The desktop of one session, as its user reaches it.

    `ratio` is the number of their screen's own pixels for one of the page's, across.
    """

    def __init__(self, session: Session, *, ratio: float = 1.0) -> None:
        self.session = session
        self.ratio = ratio
        self.viewer: Viewer | None = None
        self.place: tuple[int, int] | None = None
        """Where in the picture a window takes what is typed, as soon as that is known."""
        self._connection: Answer | None = None
        self._unanswered: Unmet | None = None
        self._page_blame: str | None = None
        self._visited = False
        self.page_late: str | None = None

    def connect(self) -> Answer:
        """Asks the API where the desktop can be seen; again where one of its servers may not know yet that it runs."""
        ask, since = self.session.api.connect_session, self.session.running_since
        moment = Budget("moment", BEHIND_SECONDS if since is not None else 0.0, 1.0)
        wait = Wait(f"{self.session.subject}, desktop", "its address", moment, since)
        self._connection = ask(self.session.id)
        while self._connection.status in NOT_YET and wait.remaining > 0:
            wait.clock.wait(min(PAGE_AGAIN_SECONDS, wait.remaining))
            self._connection = ask(self.session.id)
        self._visited = False
        secret_sources.except_for(self.session.id)
        secret_sources.from_address(vnc_url(self._connection, self.session.api.profile.fields["vnc_url"]) or "")
        return self._connection

    def request_address(self) -> None:
        """The same, whether the API answers or not: the criteria judge it."""
        try:
            self.connect()
        except Unmet as unanswered:
            self._unanswered = unanswered

    @property
    def connection(self) -> Answer:
        """The API's answer to connect; Unproven when no address was requested, or once the failure to answer."""
        if self._unanswered is not None:
            failure, self._unanswered = self._unanswered, None
            raise failure
        if self._connection is None:
            raise Unproven("no connection address was requested")
        return self._connection

    @property
    def address(self) -> str:
        """The VNC address that the API gave; Unproven when it gave none."""
        url = vnc_url(self.connection, self.session.api.profile.fields["vnc_url"])
        if url is None:
            raise Unproven("the API gave no VNC address (see 1.1d-1)")
        return url

    def check_connected(self) -> None:
        """The API gave a VNC address; Unmet otherwise, where the connection is not itself what is tested."""
        if vnc_url(self.connection, self.session.api.profile.fields["vnc_url"]) is None:
            raise Unmet(
                f"{self.session.subject}, desktop",
                expected="an address for a viewer",
                actual=self.connection.gist,
                likely="the API does not connect viewers to the session",
            )

    def fetch_page(self) -> Answer:
        """The page at the VNC address, fetched as plainly as can be; Unmet when nothing answers there.

        Errors of servers, and a path that is not known yet, are given the browser's budget to pass. `page_late` then
        says how long there were any.

        Nothing at that address, while the API itself answers, means that the address is wrong. NoAnswer where only its
        certificate is not accepted: that may be the suite's own ignorance of a CA.
        """
        address = self.address
        self._page_blame = "the VNC address serves no page (see 1.1d-2)"
        self._visited = True
        try:
            answer = self._page_in_time(address)
        except NoAnswer as error:
            if tls.trouble(error) is not None:
                raise
            self.session.api.sessions()
            raise Unmet(
                f"{self.session.subject}, VNC address",
                expected="a page",
                actual=str(error),
                likely="the server of the page does not respond, or ends too early; the API itself responds"
                if isinstance(error, Unanswered)
                else "the address is wrong; the API itself responds",
            ) from error
        self._page_blame = None if answer.status == HTTPStatus.OK and is_html(answer) else self._page_blame
        return answer

    def _page_in_time(self, address: str) -> Answer:
        """The first page other than an error that may pass, or the last error."""
        wait, first = self.wait("a page at its address"), self.session.api.http.page(address)
        since, answer = self.session.running_since or first.sent_at, first
        while _may_pass(answer) and wait.remaining > 0:
            wait.clock.wait(PAGE_AGAIN_SECONDS)
            answer = self.session.api.http.page(address)
        if answer is not first and answer.status != HTTPStatus.NOT_FOUND:  # which at the end is the whole trouble
            outcome = "to the end" if _may_pass(answer) else f"then {answer.status}"
            self.page_late = f"{first.status} for {answer.sent_at - since:.1f} s after Running, {outcome}"
        return answer

    def open(self, browser: RunBrowser) -> None:
        """Opens the VNC address in a fresh browser context; Unproven when the browser gets no page at all.

        Unmet when the page does not come in time, unless it is known already that none comes.

        An address may be good for one visit: a new one is asked for where the page was fetched before.
        """
        if self._visited:
            self.connect()
        try:
            self.viewer = browser.viewer(self.address, ratio=self.ratio)
        except PageOpenError as error:
            if not error.late or self._page_blame is not None:
                # Without the session's own address, so that the same cause reads the same for every session.
                why = str(error).partition(f" at {self.address}")[0]
                raise Unproven(f"the page does not open (see 1.1d-2): {why}") from error
            raise Unmet(
                f"{self.session.subject}, desktop",
                expected="its page open in a browser",
                actual=str(error),
                likely="the server of the page, or of a part of it, does not respond in time",
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
                met=lambda loaded: loaded.settled,
                says=PageState.describe,
                likely=lambda _: self.blame("the page, one of its scripts or the noVNC release behind it"),
                impossible=lambda loaded: loaded.hopeless,
            )

    def screenshot(self) -> bytes | None:
        """A PNG of the page, for the evidence, once the desktop shows; as it is when it does not; None if not open."""
        viewer = self.viewer
        if viewer is None:
            return None
        with suppress(Unmet):
            poll(
                Wait(f"{self.session.subject}, desktop", "a picture", Budget("screenshot", SCREENSHOT_SECONDS, 1.0)),
                viewer.picture,
                met=lambda picture: picture is not None and picture.foreground > SHOWN,
                says=describe,
                likely=describe,
                every=LOOK_SECONDS,
            )
        return viewer.whole_page()

    def wait_until_rendered(self) -> Picture:
        """The desktop once it shows something and has stood still for a moment, as a user would wait for it."""
        settling = Settling()
        shown = poll(
            self.wait("a desktop to be visible"),
            self.opened().picture,
            met=settling.has_settled,
            says=describe,
            likely=lambda _: self._why_not_rendered(settling),
            every=LOOK_SECONDS,
        )
        if shown is None:
            raise AssertionError("a wait for a picture ended without one")
        return shown

    def _why_not_rendered(self, settling: Settling) -> str:
        if settling.moves:
            raise Unproven(
                "the desktop is visible, but its picture changes constantly, which hides the effect of keys and clicks"
            )
        page = self.opened().loaded()
        if page.button and not page.canvas:
            return self.blame(f"the page waits for a click on “{page.button}”")
        return self.blame("the page does not get the desktop's pictures, or nothing runs on it")

    def own_pod(self) -> Pod:
        """The running pod of the session; Unproven when it has none."""
        pods = [pod for pod in self.session.watched_pods() if pod.running]
        if not pods:
            raise Unproven(f"{self.session.subject} has no running pod to check")
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
        """The likely cause, after any trouble that the browser reports with the connection to the desktop."""
        if self.viewer is None:
            return otherwise
        trouble, notice = self.viewer.trouble(), self.viewer.notice()
        reasons = [trouble or "", f"the page says “{notice}”" if notice else ""]
        return "; ".join([*filter(None, reasons), otherwise])

    def wait(self, goal: str) -> Wait:
        """A wait for something to happen in the browser."""
        return Wait(f"{self.session.subject}, desktop", goal, self.session.budgets.named("browser"))


def _may_pass(answer: Answer) -> bool:
    """Whether an answer in a page's place may be over soon: a gateway may learn late of a new session."""
    return answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.NOT_FOUND


def is_html(answer: Answer) -> bool:
    """Whether an answer is a page of HTML: by its type and by having any, or without a type by how it begins."""
    kind = answer.content_type.partition(";")[0].strip().lower()
    begins = answer.body.lstrip()[:20].lower()
    return b"<" in answer.body and (kind in HTML or (not kind and begins.startswith((b"<!doctype html", b"<html"))))


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


def distinct_colours(picture: Picture, count: int) -> list[Colour]:
    """So many colours of chance of which the picture shows nothing, each far from the others and from any grey.

    The edges of letters are all the greys between those of the letter and its background.
    """
    return random_colours(count, lambda colour: max(colour) - min(colour) >= VIVID and not picture.share(colour), APART)
