"""Every call of the suite, answered in every hostile way: told as what it is, with the cause, by its deadline."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import pytest

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.cluster.watch import watching
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.product.rfb import NoHandshake
from tests.hostile.calls import (
    ACCEPTED,
    ANSWERED_SECONDS,
    DEPLOYED,
    KUBERNETES,
    LATE_SECONDS,
    LOGS,
    NEVER_ANSWERED,
    READ,
    SECONDS,
    Ask,
    execute,
    vnc,
    watch,
)
from tests.hostile.conftest import Hostile, Outcome, deadlines, outcome_of

Verdict = Literal["BROKEN", "FAILED"]

# For each kind, what must be among the words of the sentence.
NO_ANSWER = {
    "silence": "no complete answer|timed out",
    "drip-headers": "no complete answer|timed out",
    "drip-body": "no complete answer|not complete in time",
    "reset": "reset|disconnected|aborted",
    "closed": "disconnected|closed|without response",
    "garbage": "illegal|protocol|BadStatusLine|aborted",
    "cut-body": "without sending complete|peer closed|IncompleteRead|more expected|broken",
    "gzip-bomb": "compressed",
    "gzip-bomb-500": "compressed",
    "endless-body": "longer than",
    "endless-header": "too long|more than|no complete answer",
    "endless-headers": "too long|more than|no complete answer",
    "endless-chunks": "longer than",
    "drip-chunks": "no complete answer|not complete in time",
    "bad-chunk": "chunk|IncompleteRead",
    "endless-continue": "no complete answer|timed out",
}
NO_JSON = {
    "wrong-length": "Unterminated|delimiter|Expecting|JSON|double quotes",
    "truncated-json": "Expecting",
    "html": "Expecting",
    "invalid-utf-8": "utf-8",
    "duplicate-keys": "duplicated",
    "nan": "NaN",
    "list": "list",
    "half-a-character": "surrogates",
    "many-parts": "parts|longer",
    "empty": "an empty body",
    "huge-number": "nothing can hold",
    "long-number": "4300 digits",
}
NOT_THE_API = {"401": "log in again", "429": "rate of calls", "502": "gateway", "redirect-away": "correct STREAMSPACE"}
REFUSED = {"500": "500", "redirect-loop": "redirect", "redirect-bomb": "longer|redirect|complete"}
STATUSES = {
    "401": "401",
    "429": "429",
    "500": "500",
    "502": "502",
    "redirect-loop": "302",
    "redirect-away": "redirects",
}
HANDSHAKE = {
    "silence": "timed out|no complete answer",
    "drip-headers": "timed out|no complete answer",
    "reset": "reset|did not receive|aborted",
    "closed": "did not receive|closed|lost|status",
    "html": "200",
    "401": "401",
    "429": "429",
    "500": "500",
    "redirect-loop": "redirect",
}
CERTIFICATES = {"expired": "expired", "self-signed": "self-signed", "wrong-host": "not valid for|mismatch"}

Case = tuple[str, Ask, str, str, Verdict, str]
"""The call's name, the call, the kind of answer, the certificate, the verdict, and the words of the cause."""


def _cases() -> list[Case]:
    api, kube = READ | ACCEPTED, KUBERNETES | LOGS
    own = {name: ask for name, ask in api.items() if name != "the page"}
    found: list[Case] = []

    def add(calls: dict[str, Ask], kinds: dict[str, str], verdict: Verdict) -> None:
        found.extend(
            (name, ask, kind, "plain", verdict, words) for name, ask in calls.items() for kind, words in kinds.items()
        )

    add(api, NO_ANSWER, "BROKEN")
    add(READ, NO_JSON, "FAILED")
    add(own, NOT_THE_API, "BROKEN")
    add(own, {kind: REFUSED[kind] for kind in ("500", "redirect-loop")}, "FAILED")
    add({"the page": api["the page"]}, {"401": "401", "429": "429", "500": "500", "502": "502"}, "FAILED")
    add({"the page": api["the page"]}, {"redirect-loop": "redirects", "redirect-bomb": "redirects"}, "BROKEN")
    add(own, {"redirect-bomb": "longer"}, "BROKEN")
    add(kube, NO_ANSWER | STATUSES, "BROKEN")
    add(KUBERNETES, NO_JSON, "BROKEN")
    add({"how the cluster stands": DEPLOYED["how the cluster stands"]}, NO_ANSWER | STATUSES, "BROKEN")
    add({"how the cluster stands": DEPLOYED["how the cluster stands"]}, READINESS, "BROKEN")
    add(
        {"the health": DEPLOYED["the health"]},
        NO_ANSWER | dict.fromkeys([*NO_JSON, "401", "429", "500"], "."),
        "FAILED",
    )
    add({"a login": DEPLOYED["a login"]}, NO_ANSWER | dict.fromkeys(("429", "502", "redirect-away"), "."), "BROKEN")
    add({"a login": DEPLOYED["a login"]}, NO_JSON | {"401": "401", "500": "500", "redirect-loop": "302"}, "FAILED")
    add({"a login and its controls": DEPLOYED["a login and its controls"]}, NO_ANSWER, "FAILED")
    add({"exec": execute}, HANDSHAKE, "BROKEN")
    add({"exec": execute}, EXEC, "BROKEN")
    add({"VNC": vnc}, HANDSHAKE | RFB, "BROKEN")
    add({"watch": watch}, WATCHES, "BROKEN")
    for certificate, words in CERTIFICATES.items():
        everything = api | kube | {"a login": DEPLOYED["a login"], "exec": execute, "VNC": vnc}
        found.extend((name, ask, "sound", certificate, "BROKEN", words) for name, ask in everything.items())
    return found


READINESS = {"html": "readiness is '<html>", "list": "readiness is", "invalid-utf-8": "readiness is"}
EXEC = {
    "ws-silence": "still running|no complete answer",
    "ws-closed": "ended before",
    "ws-cut": "closed|lost|ended before",
    "ws-drip": "does not end|no complete answer|timed out",
    "ws-giant-frame": "says more than",
    "ws-flood": "says more than",
    "ws-garbage": "lost|rsv|protocol|opcode|closed|ended before",
    "ws-bad-status": "ended before|exit code",
    "ws-no-status": "ended before",
}
RFB = {
    "ws-silence": "no ProtocolVersion",
    "ws-closed": "no ProtocolVersion",
    "ws-cut": "no ProtocolVersion",
    "ws-drip": "no ProtocolVersion",
    "ws-giant-frame": "no ProtocolVersion",
    "ws-flood": "not an RFB version",
    "ws-text": "text came",
    "ws-garbage": "no ProtocolVersion",
    "rfb-cut-version": "no ProtocolVersion",
    "rfb-cut-security": "no (number of )?security types|ended the connection",
    "rfb-cut-result": "no SecurityResult|ended the connection",
    "rfb-cut-init": "no pixel format|ended the connection",
    "rfb-silent-init": "no ServerInit",
    "rfb-endless-name": "a name of",
}
WATCHES = {
    "watch-silent": "has not reported changes",
    "watch-garbage": "Expecting",
    "watch-duplicate-keys": "duplicated",
    "watch-no-object": "object",
    "watch-no-pod": "KeyError",
    "watch-error": "500: etcd is away",
    "watch-gone-for-ever": "ended at once",
    "watch-ends-at-once": "ended at once",
    "watch-endless-line": "a line of more than",
    "watch-flood": "more than 10000 events",
}
CASES = {f"{case[0]}: {case[2]} ({case[3]})": case for case in _cases()}
SAMPLED = set(list(CASES)[::7])
"""Every seventh: of a list of each call with each kind these are all calls and all kinds, but not every pair."""
TOLD_AS = (NoAnswer, Unmet, ClusterError, NoHandshake)
# What names the call in a sentence: the address, or what was asked of Kubernetes.
NAMES_THE_CALL = (
    r"https?://|wss?://|readiness|the API|list |get |delete |scale |logs |exec|watch of |version|"
    r"ServerInit|ProtocolVersion"
)


@pytest.fixture(scope="module")
def outcomes(hostile: Hostile, pool: ThreadPoolExecutor, request: pytest.FixtureRequest) -> dict[str, Outcome]:
    """All cases of the tests that were selected: side by side those with an answer, then those without one."""
    with deadlines(hostile, ANSWERED_SECONDS):
        for ask in (KUBERNETES | LOGS).values():
            outcome_of(ask, hostile.place("closed"))  # the client builds each of its calls when it is first made
    items: list[Any] = [item for item in request.session.items if item.nodeid.startswith(request.node.nodeid)]
    cases = [item.callspec.params["case"] for item in items if "case" in getattr(item, "fixturenames", ())]
    outcomes: dict[str, Outcome] = {}
    for seconds in (ANSWERED_SECONDS, SECONDS):
        with deadlines(hostile, seconds):
            begun = {}
            for case in cases:
                _, ask, kind, certificate, _, _ = CASES[case]
                if deadline_of(kind) == seconds:
                    begun[case] = pool.submit(outcome_of, ask, hostile.place(kind, certificate))
            outcomes |= {case: future.result() for case, future in begun.items()}
    return outcomes


def deadline_of(kind: str) -> float:
    return SECONDS if kind in NEVER_ANSWERED else ANSWERED_SECONDS


def allowed(kind: str) -> float:
    """By when a call must have ended: soon after its deadline, for a watch that of three silent connections."""
    return deadline_of(kind) * (3 if kind.startswith("watch-") else 1) + LATE_SECONDS


@pytest.mark.parametrize(
    "case", [case if case in SAMPLED else pytest.param(case, marks=pytest.mark.whole) for case in CASES]
)
def test_a_hostile_answer(outcomes: dict[str, Outcome], case: str) -> None:
    _, _, kind, _, verdict, words = CASES[case]
    outcome = outcomes[case]
    said = str(outcome.error)
    assert outcome.error is not None, f"it was taken for an answer: {outcome.result!r}"
    assert isinstance(outcome.error, TOLD_AS), f"{type(outcome.error).__name__}: {said}"
    assert isinstance(outcome.error, AssertionError) == (verdict == "FAILED"), said
    assert re.search(words, said), said
    assert re.search(NAMES_THE_CALL, said), said
    assert outcome.seconds <= allowed(kind), f"{outcome.seconds:.1f} s: {said}"


def test_the_sample_holds_every_call_and_every_kind() -> None:
    sampled = [CASES[case] for case in SAMPLED]
    assert {name for name, *_ in sampled} == {name for name, *_ in CASES.values()}
    assert {kind for _, _, kind, *_ in sampled} >= {*NO_ANSWER, *NO_JSON, *STATUSES}


@pytest.mark.parametrize("kind", ["watch-gone-once", "watch-cut-once"])
def test_a_watch_goes_on_where_it_can(hostile: Hostile, patient: None, kind: str) -> None:
    with watching(hostile.place(kind).cluster(), "pods") as recording:
        while recording.items()[-1].item.object["metadata"]["resourceVersion"] != "9":
            seen = len(recording.items())
            assert len(recording.beyond(seen, ANSWERED_SECONDS)) > seen, "nothing more came"


def test_a_good_certificate_of_that_ca_is_accepted(hostile: Hostile, patient: None) -> None:
    assert READ["list sessions"](hostile.place("sound", "good"))
    assert hostile.place("sound", "good").cluster().pods() == []
