"""A certificate that is refused, or a redirect, is told at the start in one sentence that says what to do."""

import subprocess
import sys
from pathlib import Path

import pytest

from streamspace_acceptance.outcomes import SetupProblem
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.target.target import survey
from tests.hostile.conftest import Hostile
from tests.support.project import PROJECT
from tests.support.web_server import says, web_server


def problem(url: str) -> str:
    settings = Settings.from_environment({"STREAMSPACE_API_URL": url, "STREAMSPACE_TEST_TOKEN": "t"})
    with pytest.raises(SetupProblem) as caught:
        survey(settings, None)
    assert "\n" not in caught.value.sentence
    return caught.value.sentence


@pytest.mark.parametrize(
    ("certificate", "why", "what_to_do"),
    [
        ("expired", "certificate has expired", "have it renewed"),
        ("self-signed", "self-signed certificate", "SSL_CERT_FILE"),
        ("wrong-host", "not valid for '127.0.0.1'", "use the name that it was made for"),
    ],
)
def test_a_certificate(
    hostile: Hostile, monkeypatch: pytest.MonkeyPatch, certificate: str, why: str, what_to_do: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(hostile.folder / "ca.pem"))
    said = problem(hostile.place("sound", certificate).url)
    assert why in said
    assert what_to_do in said


def test_a_ca_that_nobody_knows(hostile: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    assert "let SSL_CERT_FILE name the PEM file of the CA" in problem(hostile.place("sound", "good").url)


def test_an_ssl_cert_file_that_is_none(hostile: Hostile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    assert "SSL_CERT_FILE or SSL_CERT_DIR names no certificates" in problem(hostile.place("sound", "good").url)


def test_no_tls_there() -> None:
    with web_server(says(b"{}")) as url:
        assert "is it an http:// address?" in problem(url.replace("http", "https", 1))


def test_redirects(hostile: Hostile) -> None:
    assert "redirects to http://elsewhere.invalid/login: correct STREAMSPACE_API_URL" in problem(
        hostile.place("redirect-away").url
    )
    assert "302, a redirect to" in problem(hostile.place("redirect-loop").url)


@pytest.mark.parametrize("program", [["behave"], ["streamspace_acceptance.cli", "sweep"]])
def test_the_exit_status_is_that_of_bad_input(hostile: Hostile, program: list[str], tmp_path: Path) -> None:
    here = {"STREAMSPACE_API_URL": hostile.place("sound", "self-signed").url, "STREAMSPACE_TEST_TOKEN": "t"}
    places = {"XDG_STATE_HOME": str(tmp_path), "STREAMSPACE_REPORTS": str(tmp_path / "reports")}
    command = ["env", *(f"{name}={value}" for name, value in (here | places).items()), sys.executable, "-m", *program]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 2, done.stderr
    assert "self-signed certificate" in done.stderr
