"""The page that shows a desktop: `/vnc/<session>?token=…`, and the noVNC client that it loads."""

import html
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from streamspace_sandbox.streamspace.api.errors import bad_request

FOLDER = Path(__file__).parents[1] / "viewer"
_HOST = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")
# The page runs its own files only, and its token stays out of Referer headers.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'",
}


def page(session_id: str) -> Response:
    text = (FOLDER / "page.html").read_text(encoding="utf-8")
    return HTMLResponse(text.replace("{{session}}", html.escape(session_id)), headers=HEADERS)


def base_url(request: Request) -> str:
    """The API's address as the client used it. Raises ApiError 400 for an invalid Host header."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise bad_request("bad_host", "The Host header is not a host name with an optional port.")
    return f"{request.url.scheme}://{host}"
