"""The page of a desktop that the browser does not open."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from streamspace_acceptance.desktop.page_load import PageOpenError
from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.product.profile import load
from tests.support.samples import answer


class Closed:
    """A browser that opens no page."""

    def viewer(self, url: str, **_: object) -> None:
        raise PageOpenError(f"Page.goto: net::ERR_HTTP_RESPONSE_CODE_FAILURE at {url}")


def test_page_that_does_not_open_reads_alike_for_all_sessions() -> None:
    api = SimpleNamespace(connect_session=lambda which: answer({"url": f"http://x/{which}/vnc"}), profile=load())
    browser: Any = Closed()
    reasons = set()
    for session_id in ("s-1", "s-2"):
        session = SimpleNamespace(id=session_id, subject=session_id, api=api, running_since=None)
        desktop = SessionDesktop(cast("Session", session))
        desktop.connect()
        with pytest.raises(Unproven) as caught:
            desktop.open(browser)
        reasons.add(caught.value.reason)
    assert reasons == {"the page does not open (see 1.1d-2): Page.goto: net::ERR_HTTP_RESPONSE_CODE_FAILURE"}
