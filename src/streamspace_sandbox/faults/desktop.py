"""Faults of test 1.1d: a session in a web browser."""

import json
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import Patch, wrap
from streamspace_sandbox.faults.support.responses import set_body
from streamspace_sandbox.faults.support.rfb_messages import KEY, POINTER, QEMU_KEY, rewrite_input

BLACK_AFTER_SECONDS = 10.0
"""100 s of the plan."""
# Ends the window manager and the terminal, and what would start them again; the VNC server stays.
TURN_BLACK = """sleep %g; export DISPLAY=:0
for each in /proc/[0-9]*; do case "$(tr '\\0' ' ' <$each/cmdline)" in
  openbox*|xterm*|*"-c terminal"*) kill -9 "${each#/proc/}";;
esac; done 2>/dev/null
xsetroot -solid black"""
PAGE = "streamspace_sandbox.streamspace.api.viewer:page"


async def _omit_the_url(connect_session: Any, *arguments: Any) -> Any:
    response = await connect_session(*arguments)
    answer = json.loads(response.body)
    del answer["url"]
    return set_body(response, json.dumps(answer).encode())


def _answer_404(page: Any, session_id: str) -> Any:
    response = page(session_id)
    response.status_code = HTTPStatus.NOT_FOUND
    return response


def _page_without_client(page: Any, session_id: str) -> Any:
    response = page(session_id)
    return set_body(response, response.body.replace(b"/viewer/viewer.js", b"/viewer/viewer.min.js"))


def _black_after(seconds: float) -> Patch:
    def find_desktop(find: Any, reference: str) -> Any:
        image = find(reference)
        if not reference.startswith("streamspace/"):
            return image
        script = f"({TURN_BLACK % seconds}) & exec {' '.join(image.argv)}"
        return replace(image, argv=["/bin/bash", "-c", script])

    return wrap("streamspace_sandbox.control_plane.images:find", find_desktop)


def _drop_input(data: bytes) -> bytes | None:
    return None if data[0] in (KEY, POINTER, QEMU_KEY) else data


register_fault(
    "connect-without-url",
    breaks="1.1d-1",
    description="The answer to connect lacks the VNC URL",
    api=wrap("streamspace_sandbox.streamspace.api.endpoints:connect_session", _omit_the_url),
)
register_fault(
    "viewer-answers-404",
    breaks="1.1d-2",
    description="The API sends the viewer page with status 404",
    api=wrap(PAGE, _answer_404),
)
register_fault(
    "viewer-without-client",
    breaks="1.1d-3",
    description="The viewer page loads a script that does not exist",
    api=wrap(PAGE, _page_without_client),
)
register_fault(
    "deaf-desktop",
    breaks="1.1d-4",
    description="Keyboard and pointer input does not reach the desktop",
    api=rewrite_input(_drop_input),
)
register_fault(
    "black-after-a-while",
    breaks="1.1d-4",
    description=f"The desktop turns black {BLACK_AFTER_SECONDS:g} s after its start, and its connection lasts",
    kubernetes=_black_after(BLACK_AFTER_SECONDS),
)
