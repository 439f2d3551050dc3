"""The texts in a line of a log, however it is written."""

import pytest

from streamspace_acceptance.cluster.logs import texts

WORDS = "agent a-1 status online -> offline"


@pytest.mark.parametrize(
    "line",
    [
        f"2026-01-01T00:00:00Z INFO {WORDS}",
        r'{"level":"info","msg":"agent a-1 status online -\u003e offline"}',
        rf'level=info msg="{WORDS}" caller=agents.go:42',
        r'level=info msg="\"x\": agent a-1 status online -\u003e offline"',
        "\x1b[32mINF\x1b[0m agent \x1b[36ma-1\x1b[0m status \x1b[1monline\x1b[0m -> offline",
        "agent \x1b[1ma\x1b[0m-1 status online -> offline",
        r'{"time":"x","body":{"msg":["agent a-1 status online -\u003e offline"]}}',
        r'{"log":"{\"msg\":\"agent a-1 status online -\\u003e offline\"}\n","stream":"stdout"}',
        r'2026-01-01 INFO {"msg":"agent a-1 status online -\u003e offline"}',
        rf'level=info scope={{a}} msg="{WORDS}"',
        f"I1129 19:41:32.123456       1 agents.go:42] {WORDS}",
    ],
)
def test_texts_of_a_line_hold_its_words(line: str) -> None:
    assert any(WORDS in text for text in texts(line))


@pytest.mark.parametrize("line", ["", "{", '{"msg": 7}', "[1]", 'msg="open', r'msg="\x"', "{}"])
def test_texts_of_an_odd_line_are_the_line(line: str) -> None:
    assert texts(line)[-1] == line
