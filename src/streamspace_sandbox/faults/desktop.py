"""Faults of test 1.1d: a session is used in a web browser."""

import json
from http import HTTPStatus
from typing import Any

from streamspace_sandbox.faults.catalogue import register_fault
from streamspace_sandbox.faults.patching import wrap
from streamspace_sandbox.faults.support.rfb_messages import KEY, POINTER, QEMU_KEY, rewriting


def _tell_no_url() -> None:
    def make(connect: Any) -> Any:
        async def connect_session(*arguments: Any) -> Any:
            response = await connect(*arguments)
            answer = json.loads(response.body)
            del answer["url"]
            response.body = json.dumps(answer).encode()
            response.headers["content-length"] = str(len(response.body))
            return response

        return connect_session

    wrap("streamspace_sandbox.streamspace.api.endpoints:connect_session", make)


def _answer_404() -> None:
    def make(page: Any) -> Any:
        def missing_page(session_id: str) -> Any:
            response = page(session_id)
            response.status_code = HTTPStatus.NOT_FOUND
            return response

        return missing_page

    wrap("streamspace_sandbox.streamspace.api.viewer:page", make)


def _forget_the_client() -> None:
    def make(page: Any) -> Any:
        def page_without_client(session_id: str) -> Any:
            response = page(session_id)
            response.body = response.body.replace(b"/viewer/viewer.js", b"/viewer/viewer.min.js")
            response.headers["content-length"] = str(len(response.body))
            return response

        return page_without_client

    wrap("streamspace_sandbox.streamspace.api.viewer:page", make)


def _drop_input(data: bytes) -> bytes | None:
    return None if data[0] in (KEY, POINTER, QEMU_KEY) else data


register_fault(
    "connect-without-url",
    breaks="1.1d-1",
    description="The answer to connect holds no VNC URL",
    api=_tell_no_url,
)
register_fault(
    "viewer-answers-404",
    breaks="1.1d-2",
    description="The viewer page comes with status 404",
    api=_answer_404,
)
register_fault(
    "viewer-without-client",
    breaks="1.1d-3",
    description="The viewer page names a script that is not there",
    api=_forget_the_client,
)
register_fault(
    "deaf-desktop",
    breaks="1.1d-4",
    description="What the user types and points at does not reach the desktop",
    api=rewriting(_drop_input),
)
