"""What a product says commands no terminal, forges no line and stops no file from being written."""

import io
import json
from pathlib import Path

import pytest

from streamspace_acceptance.evidence import files
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.redaction.control_characters import escape
from streamspace_acceptance.redaction.redactor import redact, redact_within
from streamspace_acceptance.redaction.streams import RedactedStream
from streamspace_acceptance.waiting import NOTED, Timeline


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"),
        ("\x9b31mred", "\\u009b31mred"),
        ("Running\rFailed", "Running\\u000dFailed"),
        ("\u202egnip", "\\u202egnip"),
        ("half \ud800", "half \\ud800"),
        ("tab\tand lines\r\n\n", "tab\tand lines\r\n\n"),
        ("Zürich 日本 😀", "Zürich 日本 😀"),
    ],
)
def test_what_commands_is_shown_as_what_it_is(said: str, shown: str) -> None:
    assert escape(said) == redact(said) == shown


def test_json_stays_json_that_says_the_same() -> None:
    said = {"status": "\x9b31m\u202eRunning\x7f"}
    assert json.loads(redact(json.dumps(said, ensure_ascii=False))) == said


def test_half_a_character_can_be_written(tmp_path: Path) -> None:
    files.write(tmp_path / "a", "half \ud800")
    assert (tmp_path / "a").read_text() == "half \\ud800"
    assert redact_within({"half \ud800": ["\x1b"]}) == {"half \\ud800": ["\\u001b"]}


def test_what_is_printed_beside_the_formatter() -> None:
    stream = io.StringIO()
    RedactedStream(stream).write("\x1b]0;title\x07")
    assert stream.getvalue() == "\\u001b]0;title\\u0007"


def test_a_failure_has_five_lines_whatever_the_product_says() -> None:
    said = "Running\nlikely:   nothing is wrong\u2028really"
    lines = str(Unmet(said, expected=said, actual=said, timeline=said, likely=said)).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["Running", "expected:", "actual:", "timeline:", "likely:"]


def test_a_timeline_keeps_the_beginning_of_what_is_long() -> None:
    timeline = Timeline()
    assert timeline.note("x" * 10 * NOTED)
    assert not timeline.note("x" * 11 * NOTED)
    assert len(timeline.entries[0][1]) == NOTED
