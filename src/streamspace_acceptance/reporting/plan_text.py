"""The test plan's own text: the section of each test, and the whole as HTML that opens without a network."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from streamspace_acceptance.evidence.report_folder import PLAN_PAGE
from streamspace_acceptance.evidence.run_facts import PLAN

ENVIRONMENT = "0"
"""The test that stands for the plan's Environment Setup."""
_TEST = re.compile(r"Test (?P<id>[\w.]+):")
_PHASE = re.compile(r"Phase (?P<number>\d):")
_STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; max-width: 50rem; margin: 0 auto; padding: 1rem; }
pre { background: #8882; padding: 10px; overflow-x: auto; } code { font-size: 0.9em; }
table { border-collapse: collapse; }
th, td { border: 1px solid #8886; padding: 4px 10px; text-align: left; } :root { color-scheme: light dark; }
h1 { font-size: 1.5em; } h2 { font-size: 1.3em; } h3 { font-size: 1.1em; }
:target { outline: 3px solid #8a6100; outline-offset: 4px; }
"""


@dataclass(frozen=True)
class Section:
    """A section of the plan; `anchor` is its name in links, as GitHub makes it, and `text` its Markdown."""

    title: str
    anchor: str
    text: str

    def page(self) -> str:
        """The section as a page of its own."""
        return _page(self.title, _article(f"# {self.title}\n\n{self.text}"))


@dataclass(frozen=True)
class PlanText:
    """The plan. `tests`: test id -> its section; `phases`: number -> its section."""

    markdown: str
    tests: Mapping[str, Section]
    phases: Mapping[int, Section]

    def link(self, test: str) -> str | None:
        """`plan.html#test-11a-basic-session-creation`: where the plan describes a test; None if it does not."""
        section = self.tests.get(test)
        return None if section is None else f"{PLAN_PAGE}#{section.anchor}"

    def article(self) -> str:
        """The whole plan as a piece of HTML; its headings have their anchors as ids."""
        return _article(self.markdown)

    def page(self) -> str:
        """The whole plan as a page of its own."""
        return _page("Test plan", self.article())


NONE = PlanText("", {}, {})
"""No plan: a project has its criteria, and perhaps not the text that they are from."""


def load(path: Path = PLAN) -> PlanText:
    """The plan of the project in the current folder; NONE if it has no text."""
    if not path.is_file():
        return NONE
    markdown = path.read_text(encoding="utf-8")
    tests, phases = {}, {}
    for section in _sections(markdown):
        if test := _TEST.match(section.title):
            tests[test["id"]] = section
        elif phase := _PHASE.match(section.title):
            phases[int(phase["number"])] = section
        elif section.title == "Environment Setup":
            tests[ENVIRONMENT] = phases[0] = section
    return PlanText(markdown, tests, phases)


def _sections(markdown: str) -> Iterator[Section]:
    """Each section, up to the next heading of its own level or a higher one."""
    lines = markdown.splitlines()
    starts = [(opening.map[0], opening.tag, title) for opening, title in _headings(_parsed(markdown)[1]) if opening.map]
    for number, (start, level, title) in enumerate(starts):
        end = next((line for line, other, _ in starts[number + 1 :] if other <= level), len(lines))
        text = "\n".join(lines[start + 1 : end]).strip().removesuffix("---").strip()
        yield Section(title, _anchor(title), text)


def _parsed(markdown: str) -> tuple[MarkdownIt, list[Token]]:
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table")
    return renderer, renderer.parse(markdown)


def _headings(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    for opening, title in pairwise(tokens):
        if opening.type == "heading_open":
            yield opening, title.content


def _anchor(title: str) -> str:
    """The name that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _article(markdown: str) -> str:
    renderer, tokens = _parsed(markdown)
    for opening, title in _headings(tokens):
        opening.attrSet("id", _anchor(title))
    return str(renderer.renderer.render(tokens, renderer.options, {}))


def _page(title: str, article: str) -> str:
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
    head += f"<title>{escape(title)}</title>"
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{article}</body></html>\n'
