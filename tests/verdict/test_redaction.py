"""Secrets do not get out, in whatever spelling; ordinary text is left alone."""

from __future__ import annotations

import base64
import json
import urllib.parse
from pathlib import Path

import pytest

from streamspace_acceptance.evidence.redaction import MASK, Redactor

SECRET = 's3cr3t/"tök+en=='


@pytest.fixture
def redactor() -> Redactor:
    made = Redactor()
    made.register_secret(SECRET)
    return made


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        urllib.parse.quote(SECRET),
        urllib.parse.quote_plus(SECRET),
        json.dumps({"a": SECRET}),
        json.dumps({"a": SECRET}, ensure_ascii=False),
    ],
)
def test_a_registered_secret_is_masked_in_every_spelling(redactor: Redactor, text: str) -> None:
    said = redactor.redact(f"before {text} after")
    assert text not in said
    assert MASK in said
    assert said.startswith("before ")
    assert said.endswith(" after")


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"user:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_registered_secret_is_masked_within_base64(redactor: Redactor, before: bytes, encode) -> None:
    encoded = encode(before + SECRET.encode() + b" tail").decode()
    said = redactor.redact(encoded)
    assert MASK in said
    assert all(piece not in said for piece in _pieces(encoded[len(before) * 4 // 3 + 4 : -10]))


def _pieces(text: str) -> list[str]:
    return [text[index : index + 6] for index in range(len(text) - 6)]


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Authorization: Bearer abcdefgh123", f"Authorization: Bearer {MASK}"),
        ("authorization: basic dXNlcjpwYXNz", f"authorization: basic {MASK}"),
        ("ws://x/vnc/1?token=zzz&scale=2", f"ws://x/vnc/1?token={MASK}&scale=2"),
        ('{"token": "abc\\"def", "user": "x"}', f'{{"token": "{MASK}", "user": "x"}}'),
        ("    token: abc1234567890123456", f"    token: {MASK}"),
        ("Admin password: hunter2", f"Admin password: {MASK}"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0.abc_def", f"jwt {MASK}"),
        ("client-key-data: LS0tLS1CRUdJTiBSU0E=", f"client-key-data: {MASK}"),
    ],
)
def test_an_unknown_secret_is_known_by_its_surroundings(text: str, redacted: str) -> None:
    assert Redactor().redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    ["wrong token: the API answered 401", "token", "1.2-3 PROVEN", "Basic session creation", '{"status": "pending"}'],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert Redactor().redact(text) == text


def test_json_stays_json(redactor: Redactor) -> None:
    document = {"secret": SECRET, "headers": json.dumps({"token": "abc", "n": 1}), "password": 'a"b'}
    assert json.loads(redactor.redact(json.dumps(document)))["headers"] == json.dumps({"token": MASK, "n": 1})


def test_the_credentials_of_a_kubeconfig_are_masked(redactor: Redactor, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("users:\n- name: admin\n  user: {token: kube-t0ken-kube, client-key-data: a2V5LWtleS1rZXk=}\n")
    redactor.register_kubeconfig(path)
    assert redactor.redact("kube-t0ken-kube and a2V5LWtleS1rZXk=") == f"{MASK} and {MASK}"


@pytest.mark.parametrize("text", ["", "[", "users: 3", "users: [{name: a}]"])
def test_a_kubeconfig_that_is_none_is_nobodys_secret(redactor: Redactor, tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    redactor.register_kubeconfig(path)
    redactor.register_kubeconfig(tmp_path / "absent")
    assert redactor.redact("users") == "users"


def test_a_short_value_is_no_secret() -> None:
    redactor = Redactor()
    redactor.register_secret("admin")
    assert redactor.redact("the admin logs in") == "the admin logs in"
