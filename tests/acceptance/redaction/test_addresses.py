"""Addresses of desktops: what is like a token in them is masked, ids of sessions are not."""

import pytest

from streamspace_acceptance.redaction import secret_sources
from streamspace_acceptance.redaction.redactor import redact

ANOTHER = "user1-firefox-browser-7f3a"


def test_token_in_an_address_is_masked() -> None:
    secret_sources.from_address("http://host/vnc/8c1f0a2b3c4d5e6f7a8b9c0d?x=1")
    assert redact("the address holds 8c1f0a2b3c4d5e6f7a8b9c0d") == "the address holds [redacted]"


def test_id_of_another_session_in_an_address_is_not_masked() -> None:
    secret_sources.except_for(ANOTHER)
    secret_sources.from_address(f"http://host/vnc/{ANOTHER}/index.html?path=api%2Fv1%2Fvnc%2F{ANOTHER}")
    assert redact(f"the desktop of {ANOTHER}") == f"the desktop of {ANOTHER}"


@pytest.mark.parametrize(
    ("secret", "line"),
    [
        ("Xk29vQpl1", "Admin password: Xk29vQpl1"),
        ("Xk29vQpl2", 'level=info msg="Admin password: Xk29vQpl2"'),
        ("Xk29vQpl3", '{"msg":"Admin password: Xk29vQpl3","level":"info"}'),
        ("Xk29vQpl4", "Admin password: \x1b[1;36mXk29vQpl4\x1b[0m"),
        ("Xk29vQpl5", 'Admin password: "Xk29vQpl5"'),
    ],
)
def test_a_password_in_a_log_is_masked_elsewhere(secret: str, line: str) -> None:
    secret_sources.from_log(line)
    assert redact(f"typed {secret} here") == "typed [redacted] here"
