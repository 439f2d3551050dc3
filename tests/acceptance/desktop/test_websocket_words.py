"""Chromium's words about a WebSocket, as a failure tells them: with the address and the status, without a token."""

import pytest

from streamspace_acceptance.desktop.keyboard import needs_shift
from streamspace_acceptance.desktop.websocket_monitor import browsers_words

FAILED = "WebSocket connection to 'ws://h:1/vnc/s?token=secret' failed: "


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Error during WebSocket handshake: Unexpected response code: 502", "Unexpected response code: 502"),
        (
            "Error during WebSocket handshake: Unexpected response code: 426",
            "Unexpected response code: 426: something before it does not let the upgrade through",
        ),
        ("", "it does not open"),
    ],
)
def test_browsers_words_name_address_and_status(reason: str, words: str) -> None:
    told = browsers_words(FAILED + reason)
    assert told.startswith("ws://h:1/vnc/s: ")
    assert told.endswith(words)
    assert "secret" not in told


def test_needs_shift_is_as_on_a_us_keyboard() -> None:
    assert [character for character in "aA1!'\"-_ ~`é" if needs_shift(character)] == ["A", "!", '"', "_", "~"]
