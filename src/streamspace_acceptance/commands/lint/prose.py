"""Splits files into the passages that a person reads: Markdown blocks, features, and strings of Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_CODE_SPAN = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_CODE = "`…`"
_FENCE = re.compile(r"\s*(?:```|~~~)")
_BLOCK_START = re.compile(r"\s*(?:[-*+]|\d+\.)\s|#+\s|\|")
_MARKER = re.compile(r"\A\s*(?:[-*+]|\d+\.|#+)\s+")
_RULER = re.compile(r"[\s|:-]+")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class Passage:
    """A text that is read in one piece; `line` is where it begins."""

    line: int
    text: str

    def line_of(self, offset: int) -> int:
        """The line on which the character at `offset` stands."""
        return self.line + self.text.count("\n", 0, offset)


def markdown(path: Path) -> Iterator[Passage]:
    """Every paragraph, heading, list item and table cell, without code."""
    block: list[str] = []
    begin, fenced = 1, False
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        fence = bool(_FENCE.match(line))
        starts_block = fence or bool(_BLOCK_START.match(line)) or bool(block and block[0].startswith("#"))
        if block and (starts_block or not line.strip()):
            yield Passage(begin, _without_code(_MARKER.sub("", "\n".join(block))))
            block = []
        fenced ^= fence
        if fenced or fence or not line.strip():
            continue
        if line.startswith("|"):
            yield from (Passage(number, cell) for cell in _cells(line))
            continue
        begin = begin if block else number
        block.append(line)


def feature(path: Path) -> Iterator[Passage]:
    """Every line of a feature file."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            yield Passage(number, _without_code(line.strip()))


def python_strings(path: Path) -> Iterator[Passage]:
    """Every string with a space in it: docstrings, and texts that a user may read."""
    yield from _strings(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)))


def sentences(passage: Passage) -> Iterator[Passage]:
    """The sentences of a passage."""
    begin = 0
    for end in [match.end() for match in re.finditer(r"[.!?](?=\s+[^a-z\s])|\Z", passage.text)]:
        text = passage.text[begin:end]
        if text.strip():
            yield Passage(passage.line_of(begin + len(text) - len(text.lstrip())), text.strip())
        begin = end


def _strings(node: ast.AST) -> Iterator[Passage]:
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        yield from _readable(node.lineno, "".join(parts))
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from _readable(node.lineno, node.value)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _strings(child)


def _readable(line: int, text: str) -> Iterator[Passage]:
    if " " in text.strip():
        yield Passage(line, _without_code(text))


def _cells(line: str) -> Iterator[str]:
    if _RULER.fullmatch(line):
        return
    for cell in _without_code(line).replace(r"\|", "/").strip().strip("|").split("|"):
        if cell.strip():
            yield cell.strip()


def _without_code(text: str) -> str:
    """The text with a mark for each code span; lines stay where they are."""
    text = _CODE_SPAN.sub(lambda match: _CODE + "\n" * match[0].count("\n"), text)
    return _LINK.sub(r"\1", text)
