"""Each rule for words and sentences sees a bad example, and none sees anything in a good one."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamspace_acceptance.commands.lint.finding import LintFinding
from streamspace_acceptance.commands.lint.wording import check_wording, forbidden_words

BAD = [
    ("the session was put to sleep", "put to sleep", "hibernate"),
    ("all pending orders", "orders", "command"),
    ("the agent is gone", "agent is gone", "offline"),
    ("it fell silent", "fell silent", "offline"),
    ("the network is mended", "mended", "revert"),
    ("undone in turn", "undone", "revert"),
    ("a sound template", "sound", "valid"),
    ("a template without a mistake", "without a mistake", "valid"),
    ("the run was broken off", "broken off", "interrupted"),
    ("a setback", "setback", "failed precondition"),
    ("its twin passes", "twin", "positive control"),
    ("a film of the desktop", "film", "screencast"),
    ("a portrait of the desktop", "portrait", "screenshot"),
    ("the papers of a run", "papers", "attachment"),
    ("a lie of the proxy", "a lie", "proxy fault"),
    ("a product in disguise", "disguise", "equivalent product"),
    ("the lamp answers", "lamp", "indicator"),
    ("a workday of ten users", "workday", "concurrent use"),
    ("the only door to state", "door", "own noun"),
    ("whither it went", "whither", "plain English"),
    ("the user is told why", "is told", "active verb"),
    ("the result that came of it", "came of", "result"),
    ("X is no directory", "is no directory", "is not a"),
    ("there are none, they are no pods", "are no pods", "are not"),
    ("see the sentence about that", "sentence about", "id of the criterion"),
    ("What it does not know is masked.", "What", "starts with its subject"),
    ("It ends. Of a run no process stays.", "Of a", "starts with its subject"),
]
GOOD = """\
There is no kubeconfig here. The agent is no longer online. The order of the plan is kept, in orders of magnitude.
The user is told by the page. The command `undo` exists. What is StreamSpace? The pod is healthy and sounds fine.
"""


def check(root: Path, name: str, text: str) -> list[LintFinding]:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return check_wording(root)


@pytest.mark.parametrize("name", ["README.md", "docs/a.md", "features/1/a.feature", "src/a/b.py", "steps/a.py"])
@pytest.mark.parametrize(("text", "word", "use"), BAD)
def test_wording_forbidden_word_is_found(tmp_path: Path, name: str, text: str, word: str, use: str) -> None:
    findings = check(tmp_path, name, f'"""{text}"""\n' if name.endswith(".py") else f"{text}\n")
    assert [finding.path for finding in findings] == [tmp_path / name]
    assert findings[0].message.startswith(f"not “{word}” but: ")
    assert use in findings[0].message


def test_wording_every_forbidden_word_has_a_bad_example() -> None:
    unseen = [word.use for word in forbidden_words() if not any(word.never.search(text) for text, *_ in BAD)]
    assert unseen == []


@pytest.mark.parametrize("name", ["README.md", "features/1/a.feature", "src/a.py"])
def test_wording_plain_english_has_no_findings(tmp_path: Path, name: str) -> None:
    assert check(tmp_path, name, f'"""{GOOD}"""\n' if name.endswith(".py") else GOOD) == []


def test_wording_message_is_found_on_its_line(tmp_path: Path) -> None:
    code = '"""A module."""\n\n\ndef f(x: str) -> str:\n    return f"{x} is no " f"directory: {x}"\n'
    (finding,) = check(tmp_path, "src/a.py", code)
    assert str(finding) == f"{tmp_path}/src/a.py:5: not “is no directory” but: is not a …, are not …"


def test_wording_names_and_comments_are_not_read(tmp_path: Path) -> None:
    assert check(tmp_path, "src/a.py", 'twin = {"twin": 1}  # its twin is no pod\n') == []


def test_wording_phrase_across_lines_is_found(tmp_path: Path) -> None:
    (finding,) = check(tmp_path, "README.md", "A heading\n\nThe file is\nno directory.\n")
    assert finding.line == 3


def test_wording_code_is_not_read(tmp_path: Path) -> None:
    assert check(tmp_path, "README.md", "Run `undo the twin`:\n\n```\nundo the twin\n```\n") == []


@pytest.mark.parametrize(("words", "count"), [(35, 0), (36, 1)])
def test_wording_long_sentence_is_found(tmp_path: Path, words: int, count: int) -> None:
    findings = check(tmp_path, "docs/a.md", f"A short one. {'Word ' * (words - 1)}`c d`.\nA short one.\n")
    assert [finding.message for finding in findings] == [f"{words} words in one sentence; at most 35"] * count


def test_wording_blocks_are_sentences_apart(tmp_path: Path) -> None:
    text = "word " * 20
    assert (
        check(tmp_path, "README.md", f"{text}\n\n- {text}\n- {text}\n\n| {text} | {text} |\n# {text}\n{text}\n") == []
    )


def test_wording_sentence_in_code_may_be_long(tmp_path: Path) -> None:
    assert check(tmp_path, "src/a.py", f'"""{"word " * 40}."""\n') == []
