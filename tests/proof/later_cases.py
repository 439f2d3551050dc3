"""Faults that show at a second look, at a second attempt or beside another session, and products that are late."""

from tests.proof.json_rewriting import SESSIONS, TEMPLATES, Json
from tests.proof.proxy_case import ProxyFault
from tests.proof.proxy_rules import agents, answers, desktops, gateways, sessions, sessions_of_templates, templates

MISTAKES = "An administrator makes mistakes"


def _still_running(session: Json) -> Json:
    is_second = session["user"].endswith("testuser2") and session["status"] in ("Hibernating", "Hibernated")
    return session | {"status": "Running"} if is_second else session


def _another_users(session: Json) -> Json:
    return session | {"user": "perftest8"} if session["user"] == "perftest7" else session


LATER_PRODUCTS = [
    ProxyFault("templates known late (2.1)", sessions_of_templates.KnownLate(0.5), "2.1"),
    ProxyFault("versions that hold the template (2.2)", sessions_of_templates.VersionsHold(), "2.2"),
    *(
        ProxyFault(f"pages by {name} (2.1)", gateways.Pages(7, tells=tells), "2.1")
        for name, tells in (
            ("number", gateways.by_number),
            ("size", gateways.by_size),
            ("offset", gateways.by_offset),
            ("cursor", gateways.by_cursor),
        )
    ),
]
"""Healthy products: every criterion of the test is proven all the same."""

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
        "a desktop is deaf after its first waking",
        desktops.DeafAfterFirstWaking(),
        "1.4",
        {"1.4-4"},
        only="A hibernated session is woken",
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
    *(
        ProxyFault(
            f"a list of {name} templates",
            templates.CutShort(TEMPLATES, "templates", count),
            "2.1",
            {"2.1-2"},
            only="An administrator creates a template",
            reason="names no next page",
        )
        for name, count in (("twenty", 20), ("fifty", 50))
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
    ProxyFault(
        "a session that is woken from the changed template",
        sessions_of_templates.WokenFromTemplate(),
        "2.2",
        {"2.2-2"},
        reason="from its template as it is now",
    ),
    ProxyFault(
        "new sessions of the former template for a while",
        sessions_of_templates.NewSessionsLate(3.0),
        "2.2",
        {"2.2-3"},
        reason="created from the former template",
    ),
    ProxyFault(
        "a session that cannot be woken after a change",
        sessions_of_templates.CannotWake(),
        "2.2",
        {"2.2-2"},
        reason="cannot be woken any more",
    ),
    ProxyFault(
        "a template that is deleted while a session starts",
        sessions_of_templates.StartingDoNotCount(),
        "2.3",
        {"2.3-1"},
        {"2.3-2"},
        only="An administrator tries to delete a template in use by 1 starting session.*",
    ),
    ProxyFault(
        "a change to a cpu below zero",
        sessions_of_templates.TakesChanges(),
        "2.1",
        {"2.1-4"},
        only=MISTAKES,
        reason="a change to a cpu below zero: accepted with 200",
    ),
    ProxyFault(
        "a refused change that is made",
        sessions_of_templates.MadeAllTheSame(),
        "2.1",
        {"2.1-4"},
        only=MISTAKES,
        reason="made all the same",
    ),
    ProxyFault(
        "a third agent without heartbeats",
        answers.ThirdIsSilent(),
        "3.4",
        {"3.4-1"},
        only="The agents are scaled up",
        reason="takes no heartbeats of it",
    ),
    ProxyFault(
        "no heartbeats once an agent with sessions is back",
        answers.SilentOnceBack(),
        "3.1",
        {"3.1-3"},
        reason="without a heartbeat",
    ),
    ProxyFault(
        "no heartbeats once an agent is back",
        answers.SilentOnceBack(),
        "3.3",
        {"3.3-3"},
        only="An agent's network is cut and restored",
        reason="without a heartbeat",
    ),
    ProxyFault(
        "a deletion that is lost while no agent is online",
        agents.LosesDeletions(),
        "3.2",
        {"3.2-2"},
        reason="deleted while no agent was online",
    ),
    ProxyFault(
        "one of twenty is another user's",
        answers.OfSessions(_another_users),
        "4.1",
        {"4.1-3"},
        reason="which is perftest8's",
    ),
    ProxyFault(
        "a list of twenty-five sessions",
        templates.CutShort(SESSIONS, "sessions", 25),
        "4.2",
        only="Fifty desktops are in use",
        finds=True,
    ),
]
"""What a suite that looks twice must find."""
