"""Addresses of desktops: what is like a token in them is masked, ids of sessions are not."""

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
