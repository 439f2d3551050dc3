"""An address that is requested and never comes: the first criterion fails for it, and those after it are not shown."""

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.domain.results import Results
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop
from streamspace_acceptance.outcomes import Unmet, Unproven
from streamspace_acceptance.product.profile import load

HANGS = Unmet("GET /connect", expected="an answer", actual="none", likely="it hangs")


def _desktop(asked: list[str]) -> SessionDesktop:
    def connect(session_id: str) -> None:
        asked.append(session_id)
        raise HANGS

    api = SimpleNamespace(connect_session=connect, profile=load())
    session: Any = SimpleNamespace(id="s-1", api=api)
    return SessionDesktop(session)


def test_address_that_never_comes_fails_once_and_is_not_asked_for_again() -> None:
    asked: list[str] = []
    desktop = _desktop(asked)
    desktop.request_address()
    with pytest.raises(Unmet, match="it hangs"):
        _ = desktop.connection
    with pytest.raises(Unproven, match="no connection address"):
        desktop.fetch_page()
    browser: Any = SimpleNamespace(viewer=None)
    with pytest.raises(Unproven, match="no connection address"):
        desktop.open(browser)
    assert asked == ["s-1"]


def test_result_that_an_api_did_not_give_fails_once() -> None:
    results = Results({dict: "see the first one"})
    results.put_failure(dict, HANGS)
    with pytest.raises(Unmet, match="it hangs"):
        _ = results[dict]
    with pytest.raises(Unproven, match="see the first one"):
        _ = results[dict]
