"""A session that is refused for a quota: whether deleted sessions that stay use it up."""

from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.domain.sessions import quota
from streamspace_acceptance.domain.sessions.creation import Asked, Creation
from streamspace_acceptance.domain.sessions.starts import no_session
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.product.api import Listed, SessionList
from streamspace_acceptance.product.profile import load
from tests.support.samples import answer

USED_UP = answer({"error": "Quota exceeded", "message": "5/5 sessions active"}, 403, method="POST")


def clients(*listed: Listed, left: frozenset[str] = frozenset()) -> Any:
    api = SimpleNamespace(sessions=lambda: SessionList(listed))
    return SimpleNamespace(api=api, profile=load(), left=left)


def listed(session: str, status: str = "Terminating", user: str = "testuser") -> Listed:
    return Listed(session, session, status, user, "firefox-browser")


def creation(told: Any = USED_UP, made: str | None = None) -> Creation:
    return Creation(Asked("testuser", "firefox-browser", None, frozenset()), told, None, made, ())


def test_quota_of_kept_sessions_leaves_it_unproven() -> None:
    with pytest.raises(Unproven) as caught:
        quota.check(clients(listed("s-1"), listed("s-2"), listed("x", user="other")), [creation()])
    assert "quota of 'testuser' is used up by 2 deleted sessions" in caught.value.reason
    assert "403" in caught.value.reason


def test_quota_counts_what_a_slow_list_calls_running() -> None:
    with pytest.raises(Unproven, match="1 living and 1 deleted sessions"):
        quota.check(clients(listed("s-1", "Running"), listed("s-2", "Running"), left=frozenset({"s-1"})), [creation()])


@pytest.mark.parametrize(
    ("product", "made"),
    [
        (clients(listed("s-1", "Running")), creation()),
        (clients(listed("s-1", user="other")), creation()),
        (clients(listed("s-1")), creation(answer({"message": "no such template"}, 404))),
        (clients(listed("s-1")), creation(answer({"message": "the quota service is down"}, 500))),
        (clients(listed("s-1")), creation(answer({"message": "within quota"}, 201), made="s-2")),
    ],
    ids=["running", "somebody else's", "no quota", "broken", "created"],
)
def test_quota_check_lets_other_answers_pass(product: Any, made: Creation) -> None:
    quota.check(product, [made])


def test_refusal_for_quota_names_the_quota_as_cause() -> None:
    assert "larger quota" in no_session(creation()).likely
    assert "see 1.1a-1" in no_session(creation(answer({}, 500))).likely
