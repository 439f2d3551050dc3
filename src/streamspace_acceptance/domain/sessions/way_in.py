"""The way of a user to a session's desktop: the address that the API gives, and the page there."""

from __future__ import annotations

from http import HTTPStatus

from streamspace_acceptance.domain.sessions.session import Session
from streamspace_acceptance.domain.sessions.session_desktop import SessionDesktop, is_html
from streamspace_acceptance.outcomes import Unmet, Unproven


def trouble(session: Session) -> str | None:
    """Why a user does not get to the page of the session's desktop now; None if they do."""
    desktop = SessionDesktop(session)
    try:
        desktop.connect()
        desktop.check_connected()
        page = desktop.fetch_page()
    except Unmet as unmet:
        return unmet.actual
    except Unproven as unproven:
        return unproven.reason
    return None if page.status == HTTPStatus.OK and is_html(page) else f"its page: {page.gist}"
