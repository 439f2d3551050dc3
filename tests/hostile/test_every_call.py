"""Every call of the suite, answered in every hostile way: told as what it is by the deadline, with the call and the cause."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from streamspace_acceptance.cluster.kubernetes import ClusterError
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.product.rfb import NoHandshake
from streamspace_acceptance.verdict.outcomes import Unmet
from tests.hostile.calls import ACCEPTED, KUBERNETES, LOGS, READ, SECONDS, Ask, execute, vnc, watch
from tests.hostile.conftest import Hostile, Outcome, Outcomes, outcome_of

Verdict = Literal["BROKEN", "FAILED"]

# For each kind, what must be among the words of the sentence.
NO_ANSWER = {
    "silence": "no complete answer",
    "drip-headers": "no complete answer",
    "drip-body": "no complete answer",
    "reset": "reset|disconnected|aborted",
    "closed": "disconnected|closed|without response",
    "garbage": "illegal|protocol|BadStatusLine|aborted",
    "cut-body": "without sending complete|peer closed|IncompleteRead|more expected|broken",
    "gzip-bomb": "compressed",
    "gzip-bomb-500": "compressed",
    "endless-body": "longer than",
}
NO_JSON = {
    "wrong-length": "delimiter|Expecting|JSON|double quotes",
    "truncated-json": "Expecting",
    "html": "Expecting",
    "invalid-utf-8": "utf-8",
    "duplicate-keys": "twice",
    "nan": "NaN",
    "list": "list",
    "half-a-character": "surrogates",
    "many-parts": "parts|longer",
}
NOT_THE_API = {"401": "log in again", "429": "rate of calls", "502": "gateway", "redirect-away": "correct STREAMSPACE"}
REFUSED = {"500": "500", "redirect-loop": "redirect", "redirect-bomb": "longer|redirect|complete"}
STATUSES = {"401": "401", "429": "429", "500": "500", "502": "502", "redirect-loop": "302", "redirect-away": "redirects"}
HANDSHAKE = {
    "silence": "timed out|no complete answer",
    "drip-headers": "timed out|no complete answer",
    "reset": "reset|did not receive|aborted",
    "closed": "did not receive|closed|lost|status",
    "html": "200",
    "401": "401",
    "429": "429",
    "500": "500",
    "redirect-loop": "302",
}
CERTIFICATES = {"expired": "expired", "self-signed": "self-signed", "wrong-host": "not valid for|mismatch"}

Case = tuple[str, Ask, str, str, Verdict, str]
"""The call's name, the call, the kind of answer, the certificate, the verdict, and the words of the cause."""


def _cases() -> list[Case]:
    api, kube = READ | ACCEPTED, KUBERNETES | LOGS
    own = {name: ask for name, ask in api.items() if name != "the page"}
    found: list[Case] = []

    def add(calls: dict[str, Ask], kinds: dict[str, str], verdict: Verdict) -> None:
        found.extend((name, ask, kind, "plain", verdict, words) for name, ask in calls.items() for kind, words in kinds.items())

    add(api, NO_ANSWER, "BROKEN")
    add(READ, NO_JSON, "FAILED")
    add(own, NOT_THE_API, "BROKEN")
    add(own, {kind: REFUSED[kind] for kind in ("500", "redirect-loop")}, "FAILED")
    add({"the page": api["the page"]}, {"401": "401", "429": "429", "500": "500", "502": "502"}, "FAILED")
    add({"the page": api["the page"]}, {"redirect-loop": "redirects", "redirect-bomb": "redirects"}, "BROKEN")
    add(own, {"redirect-bomb": "longer"}, "BROKEN")
    add(kube, NO_ANSWER | STATUSES, "BROKEN")
    add(KUBERNETES, NO_JSON, "BROKEN")
    add({"exec": execute}, HANDSHAKE, "BROKEN")
    add({"exec": execute}, EXEC, "BROKEN")
    add({"VNC": vnc}, HANDSHAKE | RFB, "BROKEN")
    add({"watch": watch}, WATCHES, "BROKEN")
    for certificate, words in CERTIFICATES.items():
        everything = api | kube | {"exec": execute, "VNC": vnc}
        found.extend((name, ask, "sound", certificate, "BROKEN", words) for name, ask in everything.items())
    return found


EXEC = {
    "ws-silence": "still running|no complete answer",
    "ws-closed": "ended before",
    "ws-cut": "closed|lost|ended before",
    "ws-drip": "does not end|no complete answer|timed out",
    "ws-giant-frame": "says more than",
    "ws-flood": "says more than",
    "ws-garbage": "rsv|protocol|opcode|closed|ended before",
    "ws-bad-status": "ended before|exit code",
    "ws-no-status": "ended before",
}
RFB = {
    "ws-silence": "no ProtocolVersion",
    "ws-closed": "no ProtocolVersion",
    "ws-cut": "no ProtocolVersion",
    "ws-drip": "no ProtocolVersion",
    "ws-giant-frame": "no ProtocolVersion",
    "ws-flood": "no RFB version",
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
    "watch-silent": "fell silent",
    "watch-garbage": "Expecting",
    "watch-duplicate-keys": "twice",
    "watch-no-object": "object",
    "watch-no-pod": "KeyError",
    "watch-error": "500: etcd is away",
    "watch-gone-for-ever": "ended at once",
    "watch-ends-at-once": "ended at once",
    "watch-endless-line": "a line of more than",
    "watch-flood": "bytes of events",
}
CASES = {f"{name}: {kind}{'' if where == 'plain' else ' ' + where}": each for each in _cases() for name, _, kind, where, *_ in [each]}
NAMED = {NoAnswer: "http", Unmet: "http", ClusterError: "", NoHandshake: ""}


@pytest.fixture(scope="module")
def outcomes(hostile: Hostile, pool: ThreadPoolExecutor, hurried: None, request: pytest.FixtureRequest) -> Outcomes:
    """All cases of the tests that were selected, begun at once."""
    selected = [each.callspec.params["case"] for each in request.session.items if "case" in getattr(each, "fixturenames", ())]
    found = {}
    for key in selected:
        _, ask, kind, certificate, _, _ = CASES[key]
        found[key] = pool.submit(outcome_of, ask, hostile.place(kind, certificate))
    return found


def allowed(name: str, kind: str) -> float:
    """By when a call must have ended: its deadline, which for a watch is that of three silent connections, and 1 s."""
    return (SECONDS if not kind.startswith("watch-") else 3 * SECONDS) + 1


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_answer(outcomes: Outcomes, case: str) -> None:
    name, _, kind, _, verdict, words = CASES[case]
    outcome: Outcome = outcomes[case].result(60)
    said = str(outcome.error)
    assert outcome.error is not None, f"it was taken for an answer: {outcome.result!r}"
    assert type(outcome.error) in NAMED, f"{type(outcome.error).__name__}: {said}"
    assert isinstance(outcome.error, AssertionError) == (verdict == "FAILED"), said
    assert __import__("re").search(words, said), said
    assert outcome.seconds <= allowed(name, kind), f"{outcome.seconds:.1f} s: {said}"


def test_there_are_enough_cases() -> None:
    assert len(CASES) > 600
