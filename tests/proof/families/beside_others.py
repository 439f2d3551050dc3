"""A healthy product whose cluster is not the run's own: others have sessions, and begin and end some meanwhile."""

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from tests.proof.case import Case, Lane, Load, Outcome
from tests.proof.register import plan_test
from tests.proof.running import embedded, run_suite
from tests.proof.weights import seconds

FAMILY = "beside-others"
SESSIONS = "/api/v1/sessions"
SHARED = {"STREAMSPACE_SHARED_NAMESPACE": "streamspace"}
CALM_SECONDS = 4.0
BODY = {"template": "firefox-browser", "resources": {"cpu": "100m", "memory": "128Mi"}}


@dataclass(frozen=True)
class Others:
    """`before` sessions of others there are from the beginning; with `moving`, two more come and go all the time.

    `options` are those of the suite's run of `test`.
    """

    name: str
    test: str
    load: Load
    before: int
    moving: bool = False
    options: tuple[str, ...] = ()


CASES = (
    Others("one-agent-serves-six-others", "3.4", Load.WAITING, 6),
    Others("others-come-and-go-in-a-ramp", "4.4", Load.QUIET, 1, moving=True, options=("-D", "ramp=5,10")),
)


def cases() -> list[Case]:
    return [_case(others) for others in CASES]


def _case(others: Others) -> Case:
    criteria = tuple(criterion["id"] for criterion in plan_test(others.test)["criteria"])
    case_id = f"{FAMILY}/{others.name}"
    return Case(case_id, criteria, seconds(case_id), others.load, partial(_check, others))


def _check(others: Others, lane: Lane) -> Outcome:
    chosen = (f"--tags=@test-{others.test}", "-D", "gate=off", *others.options)
    with embedded(lane.sandbox_name()) as target, _at_work(target, others):
        run = run_suite(target | SHARED, lane.folder(), *chosen, recorded=False)
    problems = [f"{criterion} is UNPROVEN: {run.reasons[criterion]}" for criterion in sorted(run.of("UNPROVEN"))]
    return Outcome.of(run, set(), [problem for problem in problems if problem.startswith(f"{others.test}-")])


@contextmanager
def _at_work(target: Mapping[str, str], others: Others) -> Iterator[None]:
    for number in range(others.before):
        _call(target, "POST", SESSIONS, BODY | {"user": f"other{number}"})
    ended = Event()

    def come_and_go() -> None:
        while not ended.is_set():
            ids = [_call(target, "POST", SESSIONS, BODY | {"user": "passing"})["sessionId"] for _ in range(2)]
            ended.wait(CALM_SECONDS)
            for session in ids:
                _call(target, "DELETE", f"{SESSIONS}/{session}")

    thread = Thread(target=come_and_go, name="others", daemon=True)
    if others.moving:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if others.moving:
            thread.join()


def _call(target: Mapping[str, str], method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
    connection = http.client.HTTPConnection(urlsplit(target["STREAMSPACE_API_URL"]).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {target['STREAMSPACE_TEST_TOKEN']}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status} {text!r}")
    return json.loads(text)
