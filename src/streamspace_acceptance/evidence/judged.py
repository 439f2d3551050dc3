"""Attach the things that an expectation judged to its Then, so that a pass shows its proof as a failure does."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import yaml

from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.run_evidence import current
from streamspace_acceptance.redaction.redactor import redact

MOST_CHARACTERS = 20_000
"""A product may answer something long: so much of each body is kept."""


@runtime_checkable
class AnswerLike(Protocol):
    """An answer of an API, with the request that it answers."""

    @property
    def method(self) -> str: ...

    @property
    def url(self) -> str: ...

    @property
    def request(self) -> object: ...

    @property
    def status(self) -> int: ...

    @property
    def reason(self) -> str: ...

    @property
    def content_type(self) -> str: ...

    @property
    def body(self) -> bytes: ...


@dataclass(frozen=True)
class Table:
    """Many results: a row for each, and what the columns hold."""

    headings: Sequence[str]
    rows: Sequence[Sequence[object]]

    def as_csv(self) -> str:
        """The table as a CSV file, which the report shows as a table.

        Secrets are masked in each cell: in the file as a whole, a mask could cover the next cell too.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerows([self.headings, *(map(_cell, row) for row in self.rows)])
        return text.getvalue()


def _cell(content: object) -> str:
    match content:
        case None:
            return "-"
        case bool():
            return "yes" if content else "no"
    return redact(str(content))


def table(headings: str, rows: Iterable[Sequence[object]]) -> Table:
    """A table with its headings in one text: `table("pod | Ready", …)`."""
    return Table([heading.strip() for heading in headings.split("|")], [tuple(row) for row in rows])


def attach_table_of(sentence: Any) -> None:
    """Attach the table below a sentence, behave's step: a report shows the sentence alone."""
    if sentence.table is not None:
        judged("table of the sentence", Table(sentence.table.headings, [row.cells for row in sentence.table]))


def judged(name: str, content: object) -> None:
    """Attach what is judged: a text, a PNG (bytes), a Table, an answer of the API, or any object as YAML.

    A function is called for it, and only within a run.
    """
    if current() is None:
        return
    if callable(content):
        content = content()
    if isinstance(content, bytes):
        attachments.attach_png(name, content)
    elif isinstance(content, str):
        attachments.attach_text(name, content)
    elif isinstance(content, Table):
        attachments.attach_csv(name, content.as_csv())
    elif isinstance(content, AnswerLike):
        attachments.attach_text(name, exchange(content))
    else:
        attachments.attach_yaml(name, yaml.safe_dump(plain(content), sort_keys=False, allow_unicode=True, width=120))


def judged_pictures(pictures: Mapping[str, bytes]) -> None:
    """Attach screenshots by their names."""
    for name, png in pictures.items():
        judged(name, png)


def exchange(answer: AnswerLike) -> str:
    """The request and the answer to it, as text."""
    request = "" if answer.request is None else f"{_pretty(json.dumps(answer.request, default=str))}\n"
    body = _pretty(answer.body[:MOST_CHARACTERS].decode("utf-8", "replace"))
    kind = f"Content-Type: {answer.content_type}\n" if answer.content_type else ""
    return f"{answer.method} {answer.url}\n{request}\n{answer.status} {answer.reason}\n{kind}\n{body}\n"


def plain(content: object) -> object:
    """Anything as maps, lists, texts and numbers: an object of Kubernetes as Kubernetes has it.

    Of other objects, those fields that their `repr` shows.
    """
    if dataclasses.is_dataclass(content) and not isinstance(content, type):
        fields = {field.name: field.repr for field in dataclasses.fields(content)}
        shown = ["object"] if "object" in fields else [name for name, is_shown in fields.items() if is_shown]
        content = {name: getattr(content, name) for name in shown}
        content = content.get("object", content)
    match content:
        case None | bool() | int() | float():
            return content
        case Mapping():
            return {str(key): plain(value) for key, value in content.items()}
        case Set():
            return sorted(map(str, content))
        case list() | tuple():
            return [plain(part) for part in content]
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text
