"""Secrets do not get out, in whatever spelling; ordinary text is left alone."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest

from streamspace_acceptance.redaction.redactor import MASK, Redactor

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
def test_a_registered_secret_is_masked_within_base64(
    redactor: Redactor, before: bytes, encode: Callable[[bytes], bytes]
) -> None:
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
        ("then Basic DXNlcjpwYXNz", f"then Basic {MASK}"),
        ("then Basic abcdefgh1jkl", f"then Basic {MASK}"),
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
    [
        "wrong token: the API answered 401",
        "token",
        "1.2-3 PROVEN",
        "Basic session creation",
        "Basic Session Creation",
        '{"status": "pending"}',
    ],
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


@pytest.mark.parametrize(
    "text",
    [
        "postgres://app:hunter2@db:5432/x",
        "redis://:hunter2@redis:6379/0",
        "postgres%3A%2F%2Fapp%3Ahunter2%40db%3A5432",
        base64.b64encode(b"DATABASE_URL=postgres://app:hunter2@db:5432/x").decode(),
        "".join(f"\\u{ord(character):04x}" for character in "postgres://app:hunter2@db"),
        "Cookie: theme=dark; sid=hunter2",
        "Set-Cookie: sid=hunter2; Path=/",
        'document.cookie = "sid=hunter2"',
        '{"name": "Set-Cookie", "value": "sid=hunter2"}',
        "https://x/vnc#token=hunter2",
        "https://x/vnc?host=y&password=hunter2&scale=1",
        "- name: DB_PASSWORD\n  value: hunter2\n",
        'env {\\"name\\": \\"DB_PASSWORD\\", \\"value\\": \\"hunter2\\"}',
        "POSTGRES_PASSWORD=hunter2",
        "--redis-password=hunter2",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
        "https://ann:hunter2@git.example/x",
    ],
)
def test_more_surroundings_that_tell_a_secret(text: str) -> None:
    assert "hunter2" not in Redactor().redact(text)
    assert MASK in Redactor().redact(text) or "%5B" not in text


@pytest.mark.parametrize(
    "text",
    [
        "secretName: streamspace-secrets",
        '"secretKeyRef": {"key": "postgres-password", "name": "x"}',
        "http://127.0.0.1:8080/node_modules/@novnc/novnc/core/rfb.js",
        "the cookie: a story",
        "image: streamspace/firefox:latest@sha256:0f3ac9b2aa0912f3a4c4f3ac9b2aa0912f3a4c",
        "password:\nnext line",
        "session testuser-firefox-browser-7f3a, desktop: a blank screen",
    ],
)
def test_more_ordinary_text(text: str) -> None:
    assert Redactor().redact(text) == text


@pytest.mark.parametrize(
    "spelling",
    [
        "".join(f"\\u{ord(character):04X}" for character in SECRET),
        "".join(f"\\u{ord(character):04x}" for character in SECRET),
        urllib.parse.quote(SECRET, safe="").replace("%2F", "%2f").replace("%C3%B6", "%c3%B6"),
        urllib.parse.quote(urllib.parse.quote(SECRET, safe=""), safe=""),
        json.dumps(SECRET).replace("/", r"\/"),
        json.dumps(json.dumps({"a": SECRET})),
        "".join(f"&#{ord(character)};" for character in SECRET),
        SECRET.encode().hex(),
        base64.b64encode(urllib.parse.quote(SECRET, safe="").encode()).decode(),
        base64.b64encode(json.dumps({"a": "x" * 40, "secret value": json.dumps(SECRET)}).encode()).decode(),
    ],
)
@pytest.mark.parametrize("before", ["", "x " * 400])
def test_a_registered_secret_is_masked_however_it_is_escaped(redactor: Redactor, spelling: str, before: str) -> None:
    said = redactor.redact(f"{before}at {spelling} end")
    assert spelling not in said
    assert MASK in said
    assert said.endswith(" end")


def test_a_short_secret_is_masked_as_a_word() -> None:
    redactor = Redactor()
    redactor.register_secret("s3cr3")
    assert redactor.redact("pw s3cr3, s3cr3t-service, czNjcjM=") == f"pw {MASK}, s3cr3t-service, {MASK}M="


def test_three_characters_are_no_secret() -> None:
    redactor = Redactor()
    redactor.register_secret("abc")
    assert redactor.redact("abc") == "abc"


def test_mixed_escapes_of_one_secret_are_read_as_one() -> None:
    redactor = Redactor()
    redactor.register_secret('pa/ss "wörd" 😀\nend')
    mixed = r"at pa%2Fss+\u0022w\xf6rd&quot; \ud83d\ude00\nend."
    assert redactor.redact(mixed) == f"at {MASK}."


def test_a_secret_with_an_escape_in_it_is_found_escaped_once_more() -> None:
    redactor = Redactor()
    redactor.register_secret(r"50%20off\now")
    assert redactor.redact(r"a 50%2520off\\now b") == f"a {MASK} b"


@pytest.mark.parametrize("spelling", ["{0}", "%{1:02x}{2}", "\\u{1:04x}{2}"])
def test_late_secret_is_masked_in_a_remembered_text(spelling: str) -> None:
    redactor, secret = Redactor(), "learned-late-1"
    text = spelling.format(secret, ord(secret[0]), secret[1:])
    assert redactor.redact(text) == text
    redactor.register_secret("another-secret")
    assert redactor.redact(text) == text
    redactor.register_secret(secret)
    assert redactor.redact(text) == MASK


def test_late_short_secret_is_masked_in_a_remembered_text() -> None:
    redactor = Redactor()
    assert redactor.redact("pw s3cr3") == "pw s3cr3"
    redactor.register_secret("s3cr3")
    assert redactor.redact("pw s3cr3") == f"pw {MASK}"


def test_late_secret_is_masked_in_remembered_base64() -> None:
    redactor = Redactor()
    text = base64.b64encode(base64.b64encode(b"a text of some length that holds learned-late-1 somewhere")).decode()
    assert redactor.redact(text) == text
    redactor.register_secret("learned-late-1")
    assert redactor.redact(text) == MASK


def test_a_document_is_redacted_text_by_text(redactor: Redactor) -> None:
    document = {
        "said": [f"x {SECRET}", ("Bearer abcdef1", 1.5, None, True)],
        "db_password": "short",
        "parameters": [{"name": "API_TOKEN", "value": "hunter2"}, {"name": "size", "value": "2Gi"}],
        SECRET: 1,
    }
    assert redactor.redact_within(document) == {
        "said": [f"x {MASK}", [f"Bearer {MASK}", 1.5, None, True]],
        "db_password": MASK,
        "parameters": [{"name": "API_TOKEN", "value": MASK}, {"name": "size", "value": "2Gi"}],
        MASK: 1,
    }
