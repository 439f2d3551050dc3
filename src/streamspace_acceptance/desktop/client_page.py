"""The page of the VNC client: how it is recognised, where its screen is, how it draws. Only this file knows noVNC.

A product with another client needs another such class. No method holds a deadline: its caller does.
"""

from __future__ import annotations

import base64
from pathlib import Path

from playwright.sync_api import Page

Box = dict[str, float]

# noVNC removes its canvas when a connection fails: the page remembers that it was there.
_REMEMBER = """
globalThis.__canvasSeen = false;
new MutationObserver(() => { globalThis.__canvasSeen ||= document.querySelector('canvas') !== null; })
  .observe(document, { childList: true, subtree: true });
"""
_SEEN = "globalThis.__canvasSeen || document.querySelector('canvas') !== null"
_HOLDS_CLIENT = "marks => Array.from(document.scripts).some(script => marks.every(mark => script.text.includes(mark)))"
_SIZE = "(canvas => [canvas.width, canvas.height])(document.querySelector('canvas'))"
_PNG = "document.querySelector('canvas').toDataURL('image/png')"


class PageOpenError(Exception):
    """The page, or the screen in it, is not there; `late`: it was only not there in time."""

    def __init__(self, sentence: str, *, late: bool = False) -> None:
        self.late = late
        super().__init__(sentence)


class ClientPage:
    """noVNC's page. Its screen is a canvas, onto which it draws with `drawImage` (see `lag.js` beside this file)."""

    name = "noVNC"
    lag_script = Path(__file__).with_name("lag.js").read_text(encoding="utf-8")
    """Installs `globalThis.lagProbe`; its argument is a point of the screen, as fractions of its width and height."""
    empty = "<canvas></canvas>"
    """A page with a screen and nothing else."""
    _marks = ("credentialsrequired", "securityfailure", "desktopname")
    """Names of its events: no bundler or minifier renames them, since the page's own script uses them."""

    def is_client(self, script: str) -> bool:
        """Whether the text of a script is the client's."""
        return all(mark in script for mark in self._marks)

    def is_disconnect_notice(self, message: str) -> bool:
        """Whether an error in the console is the client's own, and not the browser's, which says less."""
        return not message.startswith("WebSocket connection to")

    def remember_screen(self, page: Page) -> None:
        """Prepares a page that is still empty, for `has_shown_screen`."""
        page.add_init_script(_REMEMBER)

    def has_shown_screen(self, page: Page) -> bool:
        """Whether the screen is in the page, or was."""
        return bool(page.evaluate(_SEEN))

    def is_inline(self, page: Page) -> bool:
        """Whether the client is in the page itself, not in a script of its own."""
        return bool(page.evaluate(_HOLDS_CLIENT, self._marks))

    def find_screen(self, page: Page) -> Box | None:
        """Where the screen is in the page, in pixels; None while it is not visible."""
        canvas = page.query_selector("canvas")
        box = canvas.bounding_box() if canvas is not None else None
        if box is None or box["width"] < 1 or box["height"] < 1:
            return None
        return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}

    def require_screen(self, page: Page) -> Box:
        """The same; PageOpenError while it is not visible."""
        box = self.find_screen(page)
        if box is None:
            raise PageOpenError(f"the {self.name} screen is gone from the page")
        return box

    def framebuffer_size(self, page: Page) -> tuple[int, int]:
        """Width and height of the framebuffer."""
        width, height = page.evaluate(_SIZE)
        return width, height

    def framebuffer_png(self, page: Page) -> bytes:
        """The framebuffer in its own pixels."""
        return base64.b64decode(str(page.evaluate(_PNG)).partition(",")[2])


CLIENT_PAGE = ClientPage()
