"""The sentences of an error of the API: its message, and the details that many frameworks list beside it.

Only sentences and the places that they are about count. A repeated request says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

LISTS = frozenset(
    {
        "details",
        "detail",
        "errors",
        "violations",
        "causes",
        "fieldErrors",
        "invalidParams",
        "invalid_params",
        "problems",
        "issues",
    }
)
PLACES = (
    "field",
    "path",
    "loc",
    "location",
    "pointer",
    "instancePath",
    "param",
    "property",
    "attribute",
    "key",
    "name",
    "source",
)
TEXTS = ("message", "defaultMessage", "msg", "reason", "detail", "description", "error", "title")
ERROR = "error"
"""The field of the code, in which some products have a sentence, or the whole error as an object."""


def sentences(error: Mapping[str, object], field: str) -> list[str]:
    """The message of an error in that field, one sentence or several, and its troubles."""
    message, inner = error.get(field), error.get(ERROR)
    told = [message] if isinstance(message, str) and message else list(_texts(message))
    told += [inner] if isinstance(inner, str) and inner != message and _is_sentence(inner) else []
    told += sentences(inner, field) if isinstance(inner, dict) else []
    return [*told, *troubles(error)]


def troubles(error: Mapping[str, object]) -> list[str]:
    """The troubles in the lists of an error, a sentence each: `body.image: must not be empty`."""
    return [text for name, value in error.items() if name in LISTS for text in _texts(value)]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from filter(_is_sentence, [value])
    elif isinstance(value, list):
        for entry in value:
            yield from _entry(entry) if isinstance(entry, dict) else filter(_is_sentence, [str(entry)])
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in LISTS:
                yield from _texts(item)
            else:
                yield from (
                    f"{name}: {text}" for text in (item if isinstance(item, list) else [item]) if _is_sentence(text)
                )


def _entry(entry: Mapping[str, object]) -> Iterator[str]:
    """One trouble: where, and what."""
    for name in LISTS & entry.keys():
        if isinstance(entry[name], list | dict):
            yield from _texts(entry[name])
    places = [_place(entry[name]) for name in PLACES if entry.get(name)]
    texts = [str(entry[name]) for name in TEXTS if _is_sentence(entry.get(name))]
    if texts:
        yield ": ".join([*places, *texts])


def _place(place: object) -> str:
    parts = list(place.values()) if isinstance(place, dict) else place if isinstance(place, list) else [place]
    return ".".join(map(str, parts))


def _is_sentence(text: object) -> bool:
    """Whether it is a text of several words, rather than a value or a part of a request."""
    return isinstance(text, str) and len(text.split()) > 1 and not text.lstrip().startswith(("{", "["))
