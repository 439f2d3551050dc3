"""The one table of names whose values are secret; no other module keeps a list of its own.

Some words name a secret wherever they end a name (`DB_PASSWORD`), others in some places only: `key` in `{"key": …}` is
ordinary, in `?key=…` it is not.
"""

from __future__ import annotations

import functools
import re
from enum import Flag, auto


class Place(Flag):
    """Where a name stands."""

    FIELD = auto()
    """A field of any text: JSON, YAML, `name=value`."""
    VARIABLE = auto()
    """An object with a `name` and a `value`: a variable of a container, a header or a parameter in a trace."""
    ARGUMENT = auto()
    """An argument of a command: `--password`."""
    PARAMETER = auto()
    """A parameter of a URL."""
    ANSWER = auto()
    """A field of an answer of the API: its value is secret elsewhere, too."""


EVERYWHERE = ~Place(0)

# A blank stands for "-", "_" or nothing.
ENDINGS: dict[str, Place] = {
    **dict.fromkeys(
        (
            "token", "password", "passwd", "passphrase", "secret", "credential", "credentials", "api key", "access key",
            "private key", "signing key", "client-key-data", "client-certificate-data", "authorization", "cookie",
            "dsn", "database url", "database uri", "db url", "db uri", "redis url", "redis uri", "postgres url",
            "postgres uri",
        ),
        EVERYWHERE,
    ),
    "ticket": Place.PARAMETER | Place.ANSWER,
    "jwt": Place.PARAMETER,
    **dict.fromkeys(("key", "auth"), Place.VARIABLE | Place.ARGUMENT),
    **dict.fromkeys(("pwd", "url", "uri", "conn str", "connection str", "conn string", "connection string"),
                    Place.VARIABLE),
}  # fmt: skip
"""A name that ends in one of these words names a secret in those places."""
WHOLE_PARAMETERS = ("key", "sig", "signature", "auth", "pwd")
"""Parameters of a URL that are secret only if this is the whole name."""
HEADERS = r"(?:(?:set-)?cookie2?|(?:proxy-)?authorization|sec-websocket-protocol|x-[\w-]*(?:key|token))"
"""Headers whose values are secret, as a regular expression."""


def pattern(place: Place) -> str:
    """A regular expression, in small letters, of the words in which the names of secrets end there."""
    words = sorted((word for word, places in ENDINGS.items() if place in places), key=len, reverse=True)
    return f"(?:{'|'.join(word.replace(' ', '[_-]?') for word in words)})"


def last_words(place: Place) -> tuple[str, ...]:
    """The last parts of those words, without anything that can be written in two ways."""
    return tuple(sorted({word.rpartition(" ")[2] for word, places in ENDINGS.items() if place in places}))


@functools.lru_cache(maxsize=1000)
def is_secret(name: str, place: Place) -> bool:
    """Whether the value of that name is secret there."""
    return _EXPRESSIONS[place].fullmatch(name) is not None


_EXPRESSIONS = {
    place: re.compile(expression, re.IGNORECASE | re.DOTALL)
    for place, expression in {
        Place.FIELD: f".*{pattern(Place.FIELD)}",
        Place.VARIABLE: f".*{pattern(Place.VARIABLE)}|{HEADERS}",
        Place.ARGUMENT: rf"--?[\w.-]*{pattern(Place.ARGUMENT)}",
        Place.PARAMETER: rf"[\w-]*{pattern(Place.PARAMETER)}|{'|'.join(WHOLE_PARAMETERS)}",
        Place.ANSWER: rf"[\w.-]*{pattern(Place.ANSWER)}",
    }.items()
}
