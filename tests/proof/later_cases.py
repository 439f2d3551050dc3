"""Faults that show at a second look, at a second attempt or beside another session."""

from tests.proof.json_rewriting import Json
from tests.proof.proxy_case import ProxyFault
from tests.proof.proxy_rules import agents, answers, desktops, sessions, templates


def _still_running(session: Json) -> Json:
    is_second = session["user"].endswith("testuser2") and session["status"] in ("Hibernating", "Hibernated")
    return session | {"status": "Running"} if is_second else session


LATER_FAULTS = [
    ProxyFault("agents that are online now and then", agents.OnlineNowAndThen(), "0", {"0-11"}, reason="offline"),
    ProxyFault(
        "the desktop of a woken session is deaf",
        desktops.DeafOnceWoken(),
        "1.4",
        {"1.4-4"},
        reason="have no effect",
    ),
    ProxyFault(
        "the desktop of another pod is deaf",
        desktops.DeafFrom(4),
        "1.2",
        {"1.2-2"},
        only="The pod behind a session is lost",
        reason="have no effect",
    ),
    ProxyFault(
        "the waking of one session hibernates another",
        sessions.WakingHibernates(),
        "1.4",
        {"1.4-3"},
        only="A hibernated session is woken",
        reason="testuser2",
    ),
    ProxyFault(
        "a change that is undone",
        templates.ChangesUndone(3.0),
        "2.2",
        {"2.2-1"},
        {"2.2-3", "2.2-4"},
        reason="did not last",
    ),
    ProxyFault(
        "a list of twenty templates",
        templates.ListsTwenty(),
        "2.1",
        {"2.1-2"},
        only="An administrator creates a template",
        reason="names no next page",
    ),
    ProxyFault(
        "a deletion that is refused once",
        templates.RefusesOnce(),
        "2.3",
        {"2.3-1"},
        only="An administrator tries to delete a template in use by .*",
        reason="requested again",
    ),
    ProxyFault(
        "the second of two queued commands is not told of",
        answers.OfSessions(_still_running),
        "3.2",
        {"3.2-4"},
        reason="Running after in the API",
    ),
    ProxyFault(
        "a third agent that leaves",
        agents.ThirdLeaves(0.5),
        "3.4",
        {"3.4-1"},
        only="The agents are scaled up",
        reason="does not stay",
    ),
    ProxyFault(
        "one session for two of twenty",
        sessions.SharesOne("perftest7"),
        "4.1",
        {"4.1-3"},
        {"4.1-1"},
        reason="were given",
    ),
]
"""What a suite that looks twice must find."""
