"""A server of the product that crashes is told beyond the plan, and the run goes on once the API answers again."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.domain.deployment import outages, run_login
from streamspace_acceptance.domain.deployment.credentials import Credentials
from streamspace_acceptance.domain.deployment.login import LoginClient
from streamspace_acceptance.domain.deployment.outages import Outages
from streamspace_acceptance.evidence import run_facts
from streamspace_acceptance.outcomes import CleanupFailure, FoundByCleanUp
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient, NoAnswer, RateLimited, TokenRefused
from streamspace_acceptance.product.profile import load
from tests.support.samples import Json, answer
from tests.support.web_server import says, web_server

LOG = b"".join(
    b"2026-01-01T00:00:01Z " + line for line in (b"ready\n", b"panic: send on closed channel\n", b"goroutine 7\n")
)


def pod(app: str, restarts: int = 0, **ended: object) -> Json:
    status: Json = {"name": "main", "restartCount": restarts, "lastState": {"terminated": ended} if ended else {}}
    status["state"] = {"running": {}}
    return {
        "metadata": {"uid": app, "name": f"{app}-1", "labels": {"app": app}},
        "status": {"containerStatuses": [status]},
    }


class Product:
    """An API of one token, and the pods of its servers. It is away for the next `away` calls."""

    def __init__(self) -> None:
        self.pods = [pod("streamspace-api"), pod("streamspace-postgres"), pod("streamspace-k8s-agent")]
        self.namespace = "streamspace"
        self.away, self.token, self.asked, self.lists = 0, "first", 0, 0
        self.log = LOG

    def raw_pods(self) -> list[Json]:
        self.lists += 1
        return self.pods

    def raw_pod(self, name: str) -> Json | None:
        return next((pod for pod in self.pods if pod["metadata"]["name"] == name), None)

    def raw(self, path: str, **_query: str) -> bytes:
        assert path.endswith("/log")
        return self.log

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.away -= 1
        if self.away >= 0:
            status, body = 502, b"no pod is Ready"
        elif request.path == "/health":
            status, body = 200, b'{"status": "ok"}'
        elif request.path.endswith("/login"):
            status, body = 200, json.dumps({"token": self.token}).encode()
        else:
            is_open = request.headers.get("Authorization") == f"Bearer {self.token}"
            status, body = (200, b'{"sessions": []}') if is_open else (401, b'{"error": "x", "message": "y"}')
        says(body, status, "text/plain" if status == 502 else "application/json")(request)


@pytest.fixture
def product(monkeypatch: pytest.MonkeyPatch) -> Product:
    monkeypatch.setattr(outages, "LOOK_SECONDS", 0.02)
    return Product()


@pytest.fixture
def api(product: Product) -> Iterator[StreamSpaceApi]:
    with web_server(product.respond) as url, HttpClient(url, "first") as http:
        yield StreamSpaceApi(http, load())


def watched(product: Product, api: StreamSpaceApi, *, scale: float = 1.0, is_known: bool = True) -> Outages:
    credentials = Credentials("admin", "secret-1", "a setting") if is_known else None
    deployment: Any = SimpleNamespace(credentials=credentials, login_client=LoginClient(api.http, api.profile))
    cluster: Any = product
    return Outages(api, cluster, Budgets(scale), lambda: deployment, product.pods)


def lost(watch: Outages, api: StreamSpaceApi) -> Outages:
    """The outages of a scenario in which a call was lost."""
    with suppress(NoAnswer):
        api.sessions()
    return watch


def test_api_of_a_healthy_scenario_is_not_asked(product: Product, api: StreamSpaceApi) -> None:
    watch = watched(product, api)
    watch.begin()
    watch.end()
    assert (product.asked, product.lists) == (0, 0)


def test_servers_are_listed_once_after_one_was_replaced(product: Product, api: StreamSpaceApi) -> None:
    watch = watched(product, api)
    product.pods[0] = pod("streamspace-api")
    product.pods[0]["metadata"]["uid"] = "another"
    watch.end()
    watch.end()
    assert product.lists == 1


def test_server_whose_pod_somebody_deleted_is_told(product: Product, api: StreamSpaceApi) -> None:
    watch = watched(product, api)
    assert watch.deleted_server() is None
    product.pods[1]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert watch.deleted_server() == "somebody deleted pod streamspace-postgres-1 of the product meanwhile"
    product.pods[1] = pod("streamspace-postgres")
    product.pods[1]["metadata"]["uid"] = "another"
    assert watch.deleted_server() is not None
    watch.end()
    assert watch.deleted_server() is None, "the next scenario has a pod of its own"


def test_server_that_crashed_was_not_deleted(product: Product, api: StreamSpaceApi) -> None:
    watch = watched(product, api)
    product.pods[0] = pod("streamspace-api", restarts=1, reason="Error", exitCode=2)
    assert watch.deleted_server() is None


def test_api_is_asked_twice_after_a_step_that_did_not_pass(product: Product, api: StreamSpaceApi) -> None:
    watch = watched(product, api)
    watch.note_trouble()
    watch.end()
    watch.begin()
    assert product.asked == 2


@pytest.mark.parametrize("state", [{"running": {}}, {"waiting": {"reason": "CrashLoopBackOff"}}, {"terminated": {}}])
def test_server_that_does_not_run_by_the_watch_is_a_sign(
    product: Product, api: StreamSpaceApi, monkeypatch: pytest.MonkeyPatch, state: Json
) -> None:
    watch = watched(product, api)
    product.pods[0]["status"]["containerStatuses"][0]["state"] = state
    monkeypatch.setattr(outages, "known_objects", lambda *_: product.pods)
    watch.begin()
    assert product.asked == (0 if "running" in state else 2)


def test_restart_in_the_watch_is_a_sign_once(
    product: Product, api: StreamSpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = watched(product, api)
    product.pods[0] = pod("streamspace-api", 1, reason="Error", exitCode=137)
    monkeypatch.setattr(outages, "known_objects", lambda *_: product.pods)
    watch.end()
    assert product.asked == 2
    watch.begin()
    assert product.asked == 2


def test_crash_is_told_once_with_the_line_of_the_log(product: Product, api: StreamSpaceApi) -> None:
    watch = watched(product, api)
    product.pods[0] = pod("streamspace-api", 1, reason="Error", exitCode=2)
    words = r"pod streamspace-api-1: container main ended: Error, exit code 2; its log: panic: send on closed channel"
    with pytest.raises(FoundByCleanUp, match=words) as caught:
        watch.end()
    assert caught.value.kind == outages.CRASHED
    watch.end()


def test_store_without_memory_is_told(product: Product, api: StreamSpaceApi) -> None:
    watch, product.log = watched(product, api), b""
    product.pods[1] = pod("streamspace-postgres", 1, reason="OOMKilled", exitCode=137)
    with pytest.raises(
        FoundByCleanUp, match=r"streamspace-postgres-1: container main ended: OOMKilled, exit code 137$"
    ):
        watch.end()


@pytest.mark.parametrize("code", [0, 137, 143])
def test_server_that_was_stopped_is_no_crash(product: Product, api: StreamSpaceApi, code: int) -> None:
    watch = watched(product, api)
    product.pods[0] = pod("streamspace-api", 1, reason="Error", exitCode=code)
    watch.end()


def test_agent_that_ends_is_no_crash(product: Product, api: StreamSpaceApi) -> None:
    watch = watched(product, api)
    product.pods[2] = pod("streamspace-k8s-agent", 1, reason="Error", exitCode=1)
    watch.end()


def test_neighbours_and_jobs_of_the_api_are_no_servers(product: Product, api: StreamSpaceApi) -> None:
    job = pod("streamspace-postgres", 0, reason="Error", exitCode=1)
    job["metadata"] |= {"uid": "backup", "ownerReferences": [{"kind": "Job", "name": "backup"}]}
    proxy = {"name": "istio-proxy", "restartCount": 0, "lastState": {"terminated": {"reason": "Error", "exitCode": 1}}}
    product.pods[0]["status"]["containerStatuses"].append(proxy)
    product.pods.append(job)
    watch = watched(product, api)
    proxy["restartCount"] = job["status"]["containerStatuses"][0]["restartCount"] = 1
    watch.end()


def test_restarts_from_before_the_run_are_not_told(product: Product, api: StreamSpaceApi) -> None:
    product.pods[0] = pod("streamspace-api", 3, reason="Error", exitCode=2)
    watched(product, api).end()


def test_api_that_is_away_is_awaited(product: Product, api: StreamSpaceApi) -> None:
    watch, product.away = watched(product, api), 4
    lost(watch, api).end()
    assert api.sessions().ids == frozenset()


def test_api_that_stays_away_is_awaited_once(product: Product, api: StreamSpaceApi) -> None:
    watch, product.away = watched(product, api, scale=0.002), 10**6
    lost(watch, api).end()
    asked = product.asked
    watch.end()
    assert product.asked == asked + 1
    product.away = 0
    watch.begin()
    assert api.sessions().ids == frozenset()


def jwt(expires: float) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "HS256"}, {"exp": expires}))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "signature"])


@pytest.mark.parametrize(("token", "is_early"), [(jwt(9e9), True), (jwt(1.0), False), ("opaque", False)])
def test_login_that_has_ended_is_renewed(product: Product, api: StreamSpaceApi, token: str, is_early: bool) -> None:
    watch = watched(product, api)
    api.use_token(token)
    lost(watch, api).begin()
    assert api.sessions().ids == frozenset()
    if is_early:
        with pytest.raises(FoundByCleanUp, match=r"401 .*, though the token expires at 2255-") as caught:
            watch.end()
        assert caught.value.kind == outages.LOGIN_ENDED
    watch.end()


def test_login_that_ends_with_an_outage_is_a_fact_of_the_run(
    product: Product, api: StreamSpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts: dict[str, str] = {}
    monkeypatch.setattr(run_facts, "record", facts.__setitem__)
    watch, product.away = watched(product, api), 2
    api.use_token(jwt(9e9))
    lost(watch, api).end()
    assert api.sessions().ids == frozenset()
    assert facts == {"Login": run_login.RENEWED}


def test_login_past_its_time_is_renewed_before_any_call(product: Product, api: StreamSpaceApi) -> None:
    watch, api.http.token = watched(product, api), jwt(1.0)
    watch.begin()
    assert api.sessions().ids == frozenset()


def test_call_after_the_end_of_the_login_is_repeated_with_a_new_one(product: Product, api: StreamSpaceApi) -> None:
    watch, product.token = watched(product, api), jwt(9e9)
    api.use_token(jwt(8e9))
    assert api.sessions().ids == frozenset()
    assert api.http.token == product.token
    with pytest.raises(FoundByCleanUp, match="though the token expires at 2223-"):
        watch.end()


def test_login_that_the_suites_own_logins_may_have_ended_is_not_told(product: Product, api: StreamSpaceApi) -> None:
    """Some products end each login with the next one of the same user."""
    watch, client = watched(product, api), LoginClient(api.http, api.profile)
    client.log_in("admin", "secret-1")
    product.token = jwt(9e9)
    api.use_token(jwt(8e9))
    assert api.sessions().ids == frozenset()
    watch.end()
    product.token = jwt(7e9)
    assert api.sessions().ids == frozenset()
    with pytest.raises(FoundByCleanUp, match="though the token expires"):
        watch.end()


def test_calls_at_the_same_time_share_the_new_login(product: Product, api: StreamSpaceApi) -> None:
    watched(product, api)
    product.token = "second"
    assert api.log_in_again("first")
    asked = product.asked
    assert api.log_in_again("first")
    assert (product.asked, api.http.token) == (asked, "second")


def test_token_without_credentials_stays_refused(product: Product, api: StreamSpaceApi) -> None:
    watch = watched(product, api, is_known=False)
    product.token, product.away = "second", 2
    lost(watch, api).end()
    with pytest.raises(TokenRefused):
        api.sessions()


def test_api_that_is_away_is_awaited_before_a_scenario(product: Product, api: StreamSpaceApi) -> None:
    watch, product.away = watched(product, api), 4
    lost(watch, api).begin()
    assert api.sessions().ids == frozenset()


def backing_off(app: str) -> Json:
    waiting = pod(app, 4, reason="Error", exitCode=2)
    waiting["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}
    return waiting


def test_api_in_back_off_is_awaited_beyond_its_start(product: Product, api: StreamSpaceApi) -> None:
    watch, product.away = watched(product, api, scale=0.0001), 6
    product.pods[0] = backing_off("streamspace-api")
    lost(watch, api).begin()
    assert api.sessions().ids == frozenset()


def test_api_is_awaited_no_longer_than_the_runs_patience(
    product: Product, api: StreamSpaceApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "PATIENCE_SECONDS", 0.1)
    watch, product.away = watched(product, api), 10**6
    product.pods[0] = backing_off("streamspace-api")
    with pytest.raises(FoundByCleanUp):
        lost(watch, api).end()
    reason = watch.explain(NoAnswer("refused"))
    assert reason is not None
    assert reason.startswith("the API has not come back after a crash: pod streamspace-api-1: container main ended")
    asked = product.asked
    watch.begin()
    assert product.asked == asked + 1


def test_call_without_answer_is_explained_by_a_crash_alone(product: Product, api: StreamSpaceApi) -> None:
    watch = watched(product, api)
    assert watch.explain(NoAnswer("refused")) is None
    product.pods[0], product.away = pod("streamspace-api", 1, reason="Error", exitCode=2), 3
    reason = watch.explain(NoAnswer("refused"))
    assert reason is not None
    assert reason.startswith(f"{outages.CRASHED}: pod streamspace-api-1: container main ended: Error, exit code 2")
    assert watch.explain(RateLimited(answer({}, 429))) is None
    with pytest.raises(FoundByCleanUp):
        watch.end()
    assert watch.explain(NoAnswer("refused")) is None


class CleanUp:
    """Finds no API as often as `without_api` says."""

    def __init__(self, without_api: int, error: Exception | None = None) -> None:
        self.without_api, self.error, self.times = without_api, error or NoAnswer("refused"), 0

    def __call__(self) -> None:
        self.times += 1
        if self.times <= self.without_api:
            raise CleanupFailure("s-1 may be left") from self.error


def test_clean_up_is_tried_again_after_a_crash(product: Product, api: StreamSpaceApi) -> None:
    watch, clean_up = watched(product, api), CleanUp(1)
    product.pods[0], product.away = pod("streamspace-api", 1, reason="Error", exitCode=2), 3
    with pytest.raises(FoundByCleanUp) as caught:
        watch.survived_by(clean_up)()
    assert caught.value.kind == outages.CRASHED
    assert clean_up.times == 2


@pytest.mark.parametrize("error", [NoAnswer("refused"), ValueError("a mistake of the suite")])
def test_clean_up_without_a_crash_fails_at_once(product: Product, api: StreamSpaceApi, error: Exception) -> None:
    watch, clean_up = watched(product, api), CleanUp(1, error)
    with pytest.raises(CleanupFailure, match="may be left"):
        watch.survived_by(clean_up)()
    assert clean_up.times == 1
