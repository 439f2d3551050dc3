"""Cases about sessions that last: healthy products that answer late, and faults of one call, one user or one half."""

from tests.proof.json_rewriting import SESSIONS, Json
from tests.proof.proxy_case import ProxyFault
from tests.proof.proxy_rules import answers, calls, desktops, gateways, sessions

A_SESSION = f"{SESSIONS}/[^/]+"
ADDRESS, CLICKS = "A user requests the address of a session", "A user clicks"
TOGETHER, WORK = "Five users request sessions at the same time", "Five users work at the same time"
HIBERNATES = "A session is hibernated"


def _as_the_first_users(session: Json) -> Json:
    return session | {"user": "user1"} if session["user"] == "user2" else session


SESSION_PRODUCTS = [
    ProxyFault("a creation that answers late", calls.Late("POST", SESSIONS, 15.0), "1.1a"),
    ProxyFault("a deletion that answers when it is done", calls.Late("DELETE", A_SESSION, 10.5), "1.3", only=WORK),
    ProxyFault("deleted sessions that are gone", answers.Answers("DELETE", A_SESSION, becomes=410, status=404), "1.3"),
    *(
        ProxyFault(f"sessions listed late ({test})", answers.ListedLate(SESSIONS), test)
        for test in ("1.1b", "1.3", "1.4")
    ),
    *(
        ProxyFault(f"a server that is behind ({test})", gateways.OneIsBehind(0.7), test)
        for test in ("1.1b", "1.3", "1.4")
    ),
    ProxyFault("an address that one server knows late", sessions.NotConnectedAtFirst(1.5), "1.1d", only=ADDRESS),
    ProxyFault("a line of 200 ms (1.4)", sessions.LongLine(0.1), "1.4"),
]
"""Healthy products: every criterion of the test is proven all the same."""

SESSION_FAULTS = [
    ProxyFault(
        "an address that is known late",
        sessions.NotConnectedAtFirst(5.0),
        "1.1d",
        {"1.1d-1"},
        {"1.1d-2", "1.1d-3"},
        only=ADDRESS,
        reason="409",
    ),
    ProxyFault("one server of two is sick", calls.EverySecond("GET", "/health", {"status": "degraded"}), "0", {"0-8"}),
    *(
        ProxyFault(
            f"{pixels} pixels beside in the right half",
            desktops.BesideInTheRightHalf(pixels, 0),
            "1.1e",
            {"1.1e-1"},
            only=CLICKS,
        )
        for pixels in (-20, 15, 20)
    ),
    *(
        ProxyFault(
            f"another user's session {place}",
            answers.OfSessions(_as_the_first_users, listed=listed, alone=not listed),
            "1.3",
            {"1.3-1"},
            only=TOGETHER,
            reason="is user1's",
        )
        for place, listed in (("in the list", True), ("asked for alone", False))
    ),
    ProxyFault(
        "a second hibernation that is only said",
        sessions.OnlySays("POST", "/hibernate", {"status": "Hibernating"}, after=2),
        "1.4",
        {"1.4-3"},
        {"1.4-4", "1.4-5"},
        reason="hibernated a second time",
    ),
    ProxyFault(
        "Hibernated for a while",
        answers.Lasts("Hibernated", 4.0, "Failed"),
        "1.4",
        {"1.4-2", "1.4-3"},
        {"1.4-4", "1.4-5"},
    ),
    ProxyFault(
        "an address that never comes",
        calls.Late("GET", f"{A_SESSION}/connect", 25.0),
        "1.1d",
        {"1.1d-1"},
        {"1.1d-2", "1.1d-3"},
        only=ADDRESS,
        reason="other calls were answered",
    ),
    ProxyFault(
        "a creation that never comes",
        calls.Late("POST", SESSIONS, 55.0),
        "1.1a",
        {"1.1a-1"},
        {"1.1a-2", "1.1a-3", "1.1a-4"},
        reason="other calls were answered",
    ),
    ProxyFault(
        "answers are cut now and then",
        calls.Cuts(7),
        "1.1b",
        {"1.1b-1"},
        {"1.1b-2"},
        reason="further answers were cut as well",
    ),
    ProxyFault(
        "a line of 200 ms for input",
        sessions.LongLine(0.1),
        "1.1e",
        unproven={"1.1e-5"},
        reason="the quickest answer to a small question",
    ),
    ProxyFault("an answer is cut once", calls.Cuts(6, once=True), "1.1b", unproven={"1.1b-1"}),
    ProxyFault("half of an answer now and then", calls.HalfOf(7), "1.1b", {"1.1b-1"}, {"1.1b-2"}),
]
"""What must be told of products in which not all is well."""
