"""Rules for words and sentences: one word for each thing, plain English, sentences that can be read once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from streamspace_acceptance.commands.lint import prose
from streamspace_acceptance.commands.lint.finding import LintFinding
from streamspace_acceptance.commands.lint.prose import Passage

MOST_WORDS = 35
_WORD = re.compile(r"[^\s|]*\w[^\s|]*|`…`")


@dataclass(frozen=True)
class ForbiddenWord:
    """A word that nobody writes here, and the one to use."""

    never: re.Pattern[str]
    use: str


def forbidden_words() -> list[ForbiddenWord]:
    """The table of words.toml."""
    text = resources.files("streamspace_acceptance.commands.lint").joinpath("words.toml").read_text("utf-8")
    return [
        ForbiddenWord(re.compile(word["never"].replace(" ", r"\s+"), re.IGNORECASE), word["use"])
        for word in tomllib.loads(text)["word"]
    ]


def check_wording(root: Path) -> list[LintFinding]:
    """Every forbidden word of the checkout at `root`, and every sentence of its documentation that is too long."""
    words = forbidden_words()
    findings: list[LintFinding] = []
    for path, passages in _texts(root):
        for passage in passages:
            findings += _check_words(path, passage, words)
            if path.suffix == ".md":
                findings += _check_length(path, passage)
    return sorted(findings)


def _texts(root: Path) -> Iterator[tuple[Path, Iterator[Passage]]]:
    for folder in ("src", "steps"):
        for path in sorted((root / folder).rglob("*.py")):
            yield path, prose.python_strings(path)
    for path in sorted((root / "features").rglob("*.feature")):
        yield path, prose.feature(path)
    for pattern in ("*.md", "docs/*.md", "reports/README.md"):
        for path in sorted(root.glob(pattern)):
            yield path, prose.markdown(path)


def _check_words(path: Path, passage: Passage, words: list[ForbiddenWord]) -> Iterator[LintFinding]:
    for word in words:
        for match in word.never.finditer(passage.text):
            text = " ".join(match[0].split())
            yield LintFinding(path, passage.line_of(match.start()), f"not “{text}” but: {word.use}")


def _check_length(path: Path, passage: Passage) -> Iterator[LintFinding]:
    for sentence in prose.sentences(passage):
        count = len(_WORD.findall(sentence.text))
        if count > MOST_WORDS:
            yield LintFinding(path, sentence.line, f"{count} words in one sentence; at most {MOST_WORDS}")
