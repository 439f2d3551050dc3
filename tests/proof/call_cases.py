"""Cases about single calls of the API: healthy products that answer in other ways, and faults that hide in answers."""

from tests.proof.json_rewriting import AGENTS, SESSIONS, TEMPLATES, Json
from tests.proof.proxy_case import ProxyFault
from tests.proof.proxy_rules import agents, answers, calls, gateways, sessions, templates, wordings

A_SESSION, A_TEMPLATE = f"{SESSIONS}/[^/]+", f"{TEMPLATES}/[^/]+"
ADDRESS, TOGETHER = "A user requests the address of a session", "Five users request sessions at the same time"
FIFTEEN = "Fifteen users request sessions at the same time"
UNUSED, LARGE = "An administrator deletes a template that is no longer in use", "A user requests more than any node has"
ERROR: Json = {"error": "internal", "message": "The database did not answer."}


def _an_error(_: Json) -> Json:
    return ERROR


def _without_heartbeat(agent: Json) -> Json:
    return {name: value for name, value in agent.items() if name != "lastHeartbeat"}


CALL_PRODUCTS = [
    *(
        ProxyFault(f"null for an empty list ({test})", calls.Bodies(calls.null_for_an_empty_list), test)
        for test in ("0", "1.1a")
    ),
    ProxyFault("JSON with a byte order mark", calls.Bodies(calls.with_byte_order_mark), "1.1a"),
    ProxyFault("pages by the header Link (1.3)", gateways.Pages(3, in_header=True), "1.3", only=TOGETHER),
    ProxyFault("pages by the header Link (2.1)", gateways.Pages(3, in_header=True), "2.1"),
    ProxyFault("connect that answers 201", answers.Answers("GET", f"{A_SESSION}/connect", becomes=201), "1.1d"),
    ProxyFault("a hibernation that answers when it is done", calls.Late("POST", f"{A_SESSION}/hibernate", 11.0), "1.4"),
    ProxyFault("a queued command that is answered late", calls.Late("POST", f"{A_SESSION}/hibernate", 11.0), "3.2"),
    ProxyFault("commands without content", calls.WithoutContent("hibernate", 204), "1.4"),
    ProxyFault("a limit of questions with a time", calls.LimitsQuestions(5), "1.1b"),
    ProxyFault("refusals as problems (2.1)", wordings.Refusals(wordings.as_a_problem), "2.1"),
    ProxyFault("images with their registry (2.1)", calls.Registries(), "2.1"),
    ProxyFault("images with their registry (2.2)", calls.Registries(), "2.2"),
    *(ProxyFault(f"templates listed late ({test})", answers.ListedLate(TEMPLATES), test) for test in ("2.1", "2.3")),
    ProxyFault("heartbeats at each question while users work", agents.AlwaysNow(), "3.1"),
]
"""Healthy products: every criterion of the test is proven all the same."""

CALL_FAULTS = [
    *(
        ProxyFault(
            f"users that have to be made first ({test})",
            calls.KnowsUsers("testuser", "testuser2"),
            test,
            unproven=unproven,
            only=only,
            reason="have to be made first",
        )
        for test, only, unproven in (
            ("1.3", TOGETHER, {"1.3-1"}),
            ("3.4", FIFTEEN, {"3.4-4"}),
            ("4.1", "", {"4.1-1", "4.1-2", "4.1-3"}),
        )
    ),
    ProxyFault(
        "fifteen sessions that do not last", answers.Lasts("Running", 0.6, "Failed"), "3.4", {"3.4-4"}, only=FIFTEEN
    ),
    ProxyFault(
        "no list of agents while one is offline",
        agents.FailsWhileOffline(AGENTS),
        "3.1",
        {"3.1-2"},
        {"3.1-3"},
        reason="gives no list of agents meanwhile",
    ),
    ProxyFault(
        "a session that is not told of while no agent is online",
        agents.FailsWhileOffline(A_SESSION),
        "3.2",
        {"3.2-4"},
        reason="not told: 500",
    ),
    ProxyFault(
        "agents that stay online without their pods",
        agents.Lingers(),
        "3.2",
        unproven={"3.2-1", "3.2-2", "3.2-3", "3.2-4"},
        reason="not reached: agents: ",
    ),
    *(
        ProxyFault(
            f"a queued command answered {status} without content",
            calls.WithoutContent("hibernate", status),
            "3.2",
            {"3.2-1"},
            reason="without content",
        )
        for status in (202, 204)
    ),
    ProxyFault(
        "a queued command with an empty message",
        answers.Answers("POST", f"{A_SESSION}/hibernate", lambda said: said | {"message": ""}, status=202),
        "3.2",
        {"3.2-1"},
    ),
    ProxyFault(
        "a status that is a list",
        answers.OfSessions(lambda session: session | {"status": [session["status"]]}, alone=False),
        "1.1b",
        {"1.1b-1"},
        {"1.1b-2"},
        reason='["Running"], which is not a status',
    ),
    ProxyFault(
        "every second creation is refused",
        calls.RefusesEverySecond("POST", SESSIONS),
        "1.1b",
        {"1.1b-1"},
        {"1.1b-2"},
        reason="The database did not answer",
    ),
    ProxyFault("a second session a while later", calls.OnceMore(1.0), "1.1a", finds=True),
    ProxyFault(
        "created with an error",
        answers.Answers("POST", SESSIONS, _an_error, status=201),
        "1.1a",
        {"1.1a-2"},
        reason="it tells an error",
    ),
    ProxyFault(
        "a hibernation answered with an error",
        sessions.OnlySays("POST", "/hibernate", ERROR),
        "1.4",
        {"1.4-1"},
        {"1.4-2"},
        reason="The database did not answer",
    ),
    ProxyFault("Hibernated at once", calls.SaysSoAtOnce("hibernate", "Hibernated", 2.0), "1.4", {"1.4-2"}),
    ProxyFault("Running at once", calls.SaysSoAtOnce("wake", "Running", 2.0), "1.4", {"1.4-4"}),
    ProxyFault(
        "mistakes refused with 200",
        answers.Answers("POST", TEMPLATES, becomes=200, status=400),
        "2.1",
        {"2.1-3"},
        reason="200 {",
    ),
    ProxyFault("a deleted template comes back", templates.ComesBack(0.5), "2.3", {"2.3-4"}, only=UNUSED, finds=True),
    ProxyFault(
        "a deleted template comes back late", templates.ComesBack(5.0), "2.3", {"2.3-4"}, only=UNUSED, finds=True
    ),
    ProxyFault("ended sessions stay listed", sessions.StaysListed(30.0), "2.3", only=UNUSED, finds=True),
    ProxyFault(
        "heartbeats without a time",
        answers.OfAgents(_without_heartbeat),
        "3.3",
        {"3.3-1"},
        {"3.3-2"},
        reason="lastHeartbeat reads null",
    ),
    ProxyFault("a heartbeat at each question", agents.AlwaysNow(), "3.3", {"3.3-1"}, {"3.3-2"}),
    ProxyFault(
        "agents that answer with an error",
        answers.Answers("GET", AGENTS, _an_error),
        "0",
        {"0-11"},
        reason="The database did not answer",
    ),
    ProxyFault(
        "sizes refused with 500",
        answers.Answers("POST", SESSIONS, becomes=500, status=422),
        "1.1c",
        {"1.1c-2"},
        only=LARGE,
    ),
]
"""What a suite that reads answers well must find."""
