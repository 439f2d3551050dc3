"""Bad input is found before anything runs, within seconds, and said in one sentence."""

import os
import stat
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from streamspace_acceptance import waiting
from streamspace_acceptance.cluster import access
from streamspace_acceptance.desktop import browser
from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.http import CALL_SECONDS, HttpClient, NoAnswer
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.target import target
from streamspace_acceptance.target.target import open_target
from tests.support.samples import KUBECONFIG
from tests.support.web_server import Respond, says, web_server

SESSIONS = says(b'{"sessions": []}')


@pytest.fixture
def program(tmp_path: Path) -> Path:
    made = tmp_path / "browser"
    made.write_text("#!/bin/sh\n")
    made.chmod(made.stat().st_mode | stat.S_IXUSR)
    return made


@pytest.fixture
def product() -> Iterator[str]:
    with web_server(SESSIONS) as url:
        yield url


def problem(**variables: str | Path | None) -> str:
    """The one sentence for these environment variables, found soon: on a busy machine within 30 s."""
    began = waiting.now()
    settings = Settings.from_environment({name: str(value) for name, value in variables.items() if value is not None})
    with pytest.raises(SetupProblem) as caught, open_target(settings):
        pytest.fail("it opened")
    assert waiting.now() - began < 30
    assert "\n" not in caught.value.sentence
    return caught.value.sentence


def given(url: str, program: Path, kubeconfig: Path | None = None) -> dict[str, str | Path | None]:
    return {
        "STREAMSPACE_API_URL": url,
        "STREAMSPACE_TEST_TOKEN": "t",
        "STREAMSPACE_BROWSER": program,
        "KUBECONFIG": kubeconfig,
    }


def test_a_browser_that_is_no_program(tmp_path: Path) -> None:
    assert "STREAMSPACE_BROWSER is" in problem(STREAMSPACE_BROWSER=tmp_path / "none")


def test_no_browser_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert "install Chromium" in problem()


@pytest.mark.parametrize(
    "place",
    [
        "chromium-1234/chrome-linux64/chrome",
        "chromium_headless_shell-1169/chrome-linux/headless_shell",
        "chromium_headless_shell-1255/chrome-headless-shell-linux64/chrome-headless-shell",
    ],
)
def test_playwrights_own_browser_comes_before_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    own = tmp_path / place
    own.parent.mkdir(parents=True)
    own.touch()
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert browser.find(None) is None


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://x", "http://127.0.0.1:9", "http://nowhere.invalid"])
def test_a_wrong_url(url: str, program: Path) -> None:
    assert "STREAMSPACE_API_URL" in problem(**given(url, program))


@pytest.mark.parametrize(
    ("variables", "says_"),
    [
        ({"STREAMSPACE_TARGET": "somewhere", "STREAMSPACE_API_URL": ""}, "set it to 'cluster'"),
        ({"STREAMSPACE_TARGET": "cluster"}, "are both set: unset one"),
    ],
)
def test_target_that_is_none(variables: dict[str, str], says_: str, program: Path, product: str) -> None:
    assert says_ in problem(**given(product, program) | variables)


@pytest.mark.parametrize("respond", [says(b"<html>"), says(b"{}", 404), says(b"[]"), says(b'{"sessions": 1}')])
def test_what_answers_is_no_streamspace(respond: Respond, program: Path) -> None:
    with web_server(respond) as url:
        assert "is not a StreamSpace API" in problem(**given(url, program))


def test_redirected_list_names_the_profile(program: Path) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        request.send_response(308)
        request.send_header("Location", f"{request.path}/")
        request.end_headers()

    with web_server(respond) as url:
        said = problem(**given(url, program))
    assert "(308, a redirect to /api/v1/sessions/, to GET /api/v1/sessions): correct the URL, or let" in said


@pytest.mark.parametrize("listed", [b'{"sessions": null}', b'{"sessions": []}'])
def test_list_without_sessions_is_one(listed: bytes, program: Path) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        says(*((listed, 200) if request.path == "/api/v1/sessions" else (b"{}", 404)))(request)

    with web_server(respond) as url:
        assert "is not a StreamSpace API" not in problem(**given(url, program))


@pytest.mark.parametrize(
    ("status", "listed"), [(200, b"{}"), (500, b'{"error": "x", "message": "y"}'), (200, b"<html>")]
)
def test_streamspace_with_a_wrong_list_is_one(status: int, listed: bytes, program: Path, tmp_path: Path) -> None:
    def respond(request: BaseHTTPRequestHandler) -> None:
        says(*((b'{"status": "ok"}', 200) if request.path == "/health" else (listed, status)))(request)

    with web_server(respond) as url:
        assert "no kubeconfig" in problem(**given(url, program, tmp_path / "none"))


def test_no_token(program: Path, product: str) -> None:
    assert "STREAMSPACE_TEST_TOKEN is not set" in problem(**given(product, program) | {"STREAMSPACE_TEST_TOKEN": None})


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_token(status: int, program: Path) -> None:
    with web_server(says(b"{}", status)) as url:
        assert "refuses the token" in problem(**given(url, program))


def test_no_kubeconfig(program: Path, product: str, tmp_path: Path) -> None:
    assert "no kubeconfig" in problem(**given(product, program, tmp_path / "none"))


def test_pod_uses_its_service_account_unless_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(access, "is_in_a_pod", lambda: True)
    assert target.checked_kubeconfig(Settings.from_environment({})) == []
    with pytest.raises(SetupProblem, match="no kubeconfig"):
        target.checked_kubeconfig(Settings.from_environment({"KUBECONFIG": str(tmp_path / "none")}))


def test_unknown_context_is_told_with_those_that_are_there(program: Path, product: str, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(KUBECONFIG % "http://127.0.0.1:9")
    variables = given(product, program, config) | {"STREAMSPACE_CONTEXT": "other"}
    assert "has no context 'other', but c" in problem(**variables)


@pytest.mark.parametrize("content", ["", "not yaml: [", "{}", "kind: Config", "- a\n- b"])
def test_a_kubeconfig_that_is_none(content: str, program: Path, product: str, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(content)
    assert "Kubernetes cannot be used" in problem(**given(product, program, config))


def test_kubernetes_does_not_answer(program: Path, product: str, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(KUBECONFIG % "http://127.0.0.1:9")
    assert "Kubernetes cannot be used" in problem(**given(product, program, config))


def test_no_namespace(program: Path, product: str, tmp_path: Path) -> None:
    config = tmp_path / "config"
    with web_server(says(b'{"kind": "Status", "code": 404}', 404)) as kubernetes:
        config.write_text(KUBECONFIG % kubernetes)
        assert "has no namespace 'streamspace'" in problem(**given(product, program, config))


@pytest.mark.parametrize("scale", ["", "x", "0", "-1", "nan", "1e9"])
def test_a_time_scale_that_is_none(scale: str) -> None:
    with pytest.raises(SetupProblem, match="time-scale"):
        target.read_time_scale({"time-scale": scale})


def test_a_time_scale() -> None:
    assert target.read_time_scale({"time-scale": "0.1"}) == pytest.approx(0.1)
    assert target.read_time_scale({}) == 1


def test_failed_embedded_start_is_reported_and_removed(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    sandbox = tmp_path / "streamspace-sandbox"
    sandbox.write_text(
        f'#!/bin/sh\necho "$@" >> {calls}\n[ $1 = down ] && exit\necho starting >&2\n'
        'echo "podman is missing: apt-get install podman" >&2\nexit 1\n'
    )
    sandbox.chmod(0o755)
    monkeypatch.setattr(target, "sandbox", lambda: str(sandbox))
    assert problem(STREAMSPACE_BROWSER=program) == "podman is missing: apt-get install podman"
    name = f"behave-{os.getpid()}"
    up, down = calls.read_text().splitlines()
    assert up == f"up --name {name} --owner-pid {os.getpid()} --format json"
    assert down == f"down --name {name}"


def test_target_without_the_sandbox_extra_is_a_setup_problem(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = tmp_path / "streamspace-sandbox"
    sandbox.write_text("#!/bin/sh\necho 'It is not installed.' >&2\nexit 127\n")
    sandbox.chmod(0o755)
    monkeypatch.setattr(target, "sandbox", lambda: str(sandbox))
    assert problem(STREAMSPACE_BROWSER=program) == "It is not installed."


def test_a_checkout_that_is_no_folder(program: Path, product: str, tmp_path: Path) -> None:
    assert "is not a directory" in problem(**given(product, program) | {"STREAMSPACE_REPO": tmp_path / "none"})


@pytest.mark.parametrize(
    ("config", "embedded"), [({}, False), ({"deployment": "Embedded"}, False), ({"deployment": "embedded"}, True)]
)
def test_only_who_says_so_is_an_embedded_one(config: dict[str, str], embedded: bool) -> None:
    assert target.is_embedded(config) is embedded
    assert target.needs_no_images(config) is embedded
    assert not target.needs_no_images({**config, "runs-from": "images"})


def test_address_where_nobody_listens_is_named_without_an_error_number(program: Path) -> None:
    assert problem(**given("http://127.0.0.1:9", program)).endswith("or correct the URL (Connection refused).")


def test_call_at_the_start_has_as_long_as_any_other(monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    given_seconds: list[float] = []

    def call_as(*_: object, seconds: float, **__: object) -> Answer:
        given_seconds.append(seconds)
        raise NoAnswer("no complete answer")

    monkeypatch.setattr(HttpClient, "call_as", call_as)
    assert "No StreamSpace answers" in problem(**given("http://127.0.0.1:9", program))
    assert given_seconds == [CALL_SECONDS]
