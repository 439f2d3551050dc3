"""Proxy faults in the content of answers: wrong fields, not persisted, only in one place, only the second time."""

from tests.proof.json_rewriting import AGENTS, SESSIONS, TEMPLATES, Json
from tests.proof.proxy_case import ProxyFault
from tests.proof.proxy_rules import answers, sessions
from tests.proof.proxy_rules.desktops import WHEEL_DOWN, TurnsTwice

ADDRESS, WHEEL = "A user requests the address of a session", "A user turns the mouse wheel"
CUT = "An agent's network is cut and restored"
A_COMMAND = f"{SESSIONS}/[^/]+/hibernate"
A_TEMPLATE, ITS_VERSIONS = f"{TEMPLATES}/[^/]+", f"{TEMPLATES}/[^/]+/versions"
WORDS = {"Hibernated": "Hibernating"}


def _said(changes: dict[str, str]) -> answers.Change:
    """Some statuses of sessions are other words."""
    return lambda session: session | {"status": changes.get(session["status"], session["status"])}


def _of(user: str, **changes: object) -> answers.Change:
    """The session of one user reads otherwise."""
    return lambda session: session | changes if session["user"] == user else session


def _agent(**changes: object) -> answers.Change:
    return lambda agent: agent | changes


def _command(status: str) -> answers.Change:
    return lambda answer: answer | {"command": answer["command"] | {"status": status}}


def _without(field: str) -> answers.Change:
    return lambda found: {name: value for name, value in found.items() if name != field}


def _versions(change: answers.Change) -> answers.Change:
    return lambda found: found | {"versions": [change(version) for version in found["versions"]]}


def _negative(asked: Json) -> bool:
    resources = asked.get("resources")
    return isinstance(resources, dict) and str(resources.get("cpu", "")).startswith("-")


def _nameless(asked: Json) -> bool:
    return asked.get("name") == ""


def _like_the_last(found: Json) -> Json:
    last = found["versions"][-1]
    same = [version | {"image": last["image"], "resources": last["resources"]} for version in found["versions"]]
    return found | {"versions": same}


ANSWER_FAULTS = [
    ProxyFault("ok with 503", answers.Answers("GET", "/health", becomes=503), "0", {"0-8"}),
    ProxyFault("no agent is listed", answers.OfAgents(lambda _: None), "0", {"0-11"}),
    ProxyFault("all agents are offline", answers.OfAgents(_agent(status="offline")), "0", {"0-11"}),
    ProxyFault("no list of sessions", answers.Refuses("GET", SESSIONS), "1.1b", {"1.1b-1"}, {"1.1b-2"}),
    ProxyFault("no list of templates", answers.Refuses("GET", TEMPLATES), "2.1", {"2.1-2"}, {"2.1-4"}),
    ProxyFault("templates that cannot be read", answers.Refuses("GET", A_TEMPLATE), "2.1", {"2.1-1"}, {"2.1-4"}),
    ProxyFault("no answer to who the agents are", answers.Refuses("GET", AGENTS), "0", {"0-11"}),
    ProxyFault(
        "a change that is answered with null",
        answers.Answers("PUT", A_TEMPLATE, lambda _: None),
        "2.2",
        {"2.2-1"},
        {"2.2-3", "2.2-4"},
    ),
    ProxyFault("templates that read as null", answers.Answers("GET", A_TEMPLATE, lambda _: None), "2.1", {"2.1-1"}),
    ProxyFault("an address of another scheme", sessions.Address("vnc://127.0.0.1:5900/{path}"), "1.1d", {"1.1d-1"}),
    ProxyFault("the wheel turns down twice", TurnsTwice(WHEEL_DOWN), "1.1e", {"1.1e-4"}, only=WHEEL),
    ProxyFault(
        "listed as another user's",
        answers.OfSessions(lambda session: session | {"user": "somebody"}, alone=False),
        "1.1a",
        {"1.1a-2"},
    ),
    ProxyFault("Running that flaps", answers.Flaps(), "1.1b", {"1.1b-1"}),
    ProxyFault(
        "a session shown with other resources",
        answers.OfSessions(lambda session: session | {"resources": {"cpu": "250m", "memory": "512Mi"}}),
        "1.1c",
        {"1.1c-1"},
        only="A user requests the .* resources.*",
    ),
    ProxyFault("Hibernated in the list alone", answers.OfSessions(_said(WORDS), listed=False), "1.4", {"1.4-2"}),
    ProxyFault("Hibernated when asked alone", answers.OfSessions(_said(WORDS), alone=False), "1.4", {"1.4-2"}),
    ProxyFault("Hibernated does not last", answers.Lasts("Hibernated", 0.5, "Failed"), "1.4", {"1.4-2"}),
    ProxyFault("awake in the list alone", answers.Woken(_said({"Running": "Waking"}), listed=False), "1.4", {"1.4-4"}),
    ProxyFault(
        "a template shown without its port", answers.OfTemplates(_without("vnc"), listed=False), "2.1", {"2.1-1"}
    ),
    ProxyFault(
        "a template made of another image",
        answers.Answers("POST", TEMPLATES, lambda made: made | {"image": "streamspace/firefox:old"}, status=201),
        "2.1",
        {"2.1-1"},
    ),
    ProxyFault(
        "a template listed by another name",
        answers.OfTemplates(lambda found: found | {"name": found["displayName"]}, alone=False),
        "2.1",
        {"2.1-2"},
    ),
    ProxyFault("a template that leaves the list", answers.Newest(), "2.1", {"2.1-2"}),
    ProxyFault(
        "refusals that name another field",
        answers.Answers(
            "POST", TEMPLATES, lambda said: said | {"message": "The field 'category' is wrong."}, status=400
        ),
        "2.1",
        {"2.1-3"},
    ),
    ProxyFault(
        "refusals without a message",
        answers.Answers("POST", TEMPLATES, _without("message"), status=400),
        "2.1",
        {"2.1-3"},
    ),
    ProxyFault("a negative size is accepted", answers.AcceptsMistakes(_negative), "2.1", {"2.1-4"}),
    ProxyFault("an empty name is accepted", answers.AcceptsMistakes(_nameless), "2.1", {"2.1-4"}),
    ProxyFault("a change that is forgotten", answers.Forgetful("image"), "2.2", {"2.2-1"}),
    ProxyFault("a change that the list does not show", answers.Forgetful("image", listed=True), "2.2", {"2.2-1"}),
    ProxyFault(
        "a change that answers with another version",
        answers.Answers("PUT", A_TEMPLATE, lambda found: found | {"resources": {"cpu": "500m", "memory": "1Gi"}}),
        "2.2",
        {"2.2-1"},
    ),
    ProxyFault(
        "new sessions of the former image",
        answers.OfSessions(_of("testuser2", image="streamspace/firefox:v1")),
        "2.2",
        {"2.2-3"},
    ),
    ProxyFault("a history of the last content", answers.Answers("GET", ITS_VERSIONS, _like_the_last), "2.2", {"2.2-4"}),
    ProxyFault(
        "a history of equal numbers",
        answers.Answers("GET", ITS_VERSIONS, _versions(lambda version: version | {"version": 1})),
        "2.2",
        {"2.2-4"},
    ),
    ProxyFault(
        "a deletion that is accepted and not done",
        answers.Answers("DELETE", A_TEMPLATE, becomes=204, status=409),
        "2.3",
        {"2.3-1"},
    ),
    ProxyFault(
        "a refusal without a number",
        answers.Answers(
            "DELETE", A_TEMPLATE, lambda said: said | {"message": "Template in use by sessions"}, status=409
        ),
        "2.3",
        {"2.3-2"},
    ),
    ProxyFault("the first deletion is refused", answers.RefusesOnce(), "2.3", {"2.3-2", "2.3-3"}),
    ProxyFault("the history of a deleted template", answers.OldHistory(), "2.3", {"2.3-4"}),
    ProxyFault(
        "an offline agent is not listed",
        answers.OfAgents(lambda agent: None if agent["status"] == "offline" else agent),
        "3.1",
        {"3.1-2"},
    ),
    ProxyFault(
        "an offline agent by another word",
        answers.OfAgents(lambda agent: agent | ({"status": "gone"} if agent["status"] == "offline" else {})),
        "3.1",
        {"3.1-2"},
    ),
    ProxyFault(
        "an agent that returns by another name",
        answers.AfterOffline(lambda agent: agent | {"agentId": f"{agent['agentId']}-2"}),
        "3.1",
        {"3.1-3"},
        reason="back under another id",
    ),
    ProxyFault(
        "an agent that returns by another word", answers.AfterOffline(_agent(status="registered")), "3.1", {"3.1-3"}
    ),
    ProxyFault(
        "one session lost with its agent", answers.AfterAnOutage(_of("testuser2", status="Failed")), "3.1", {"3.1-4"}
    ),
    ProxyFault(
        "one session not told of again",
        answers.AfterAnOutage(lambda session: None if session["user"] == "testuser" else session),
        "3.1",
        {"3.1-4"},
    ),
    ProxyFault(
        "a queued command is called completed",
        answers.Answers("POST", A_COMMAND, _command("completed"), status=202),
        "3.2",
        {"3.2-1"},
    ),
    ProxyFault(
        "a queued command has no status",
        answers.Answers("POST", A_COMMAND, _without("command"), status=202),
        "3.2",
        {"3.2-1"},
    ),
    ProxyFault("Running to the end", answers.OfSessions(_said({"Hibernated": "Running"})), "3.2", {"3.2-4"}),
    ProxyFault("Hibernating to the end", answers.OfSessions(_said(WORDS)), "3.2", {"3.2-4"}),
    ProxyFault(
        "back by another word", answers.AfterOffline(_agent(status="registered")), "3.3", {"3.3-3"}, {"3.3-4"}, only=CUT
    ),
    ProxyFault(
        "an agent that is never offline",
        answers.NeverOffline(),
        "3.3",
        {"3.3-2"},
        {"3.3-3", "3.3-4"},
        only=CUT,
    ),
    ProxyFault("the third agent is offline", answers.Nth(3, _agent(status="offline")), "3.4", {"3.4-1"}),
    ProxyFault("the third agent is the second", answers.Third(), "3.4", {"3.4-1"}),
    ProxyFault(
        "all sessions are one agent's by the API",
        answers.OfSessions(lambda session: session | {"agentId": "streamspace-k8s-agent-0"}),
        "3.4",
        {"3.4-2"},
    ),
    ProxyFault("one session is no agent's", answers.OfSessions(_of("user9", agentId=None)), "3.4", {"3.4-2"}),
    ProxyFault("one of fifteen has failed", answers.OfSessions(_of("user7", status="Failed")), "3.4", {"3.4-4"}),
    ProxyFault("one of fifteen stays Pending", answers.OfSessions(_of("user7", status="Pending")), "3.4", {"3.4-4"}),
]
"""What a suite that reads every field must find."""
