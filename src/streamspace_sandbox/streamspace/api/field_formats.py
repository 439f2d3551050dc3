"""The formats of request fields: names, Kubernetes quantities, image references.

Each check returns its argument or raises ValueError with a phrase that follows "The field 'x'".
"""

import re
from decimal import Decimal

MAX_USER = 27
MAX_TEMPLATE = 30
MIN_CPU = Decimal("0.01")
MIN_MEMORY = 32 * 1024 * 1024

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_QUANTITY = re.compile(r"(?P<number>\d+(\.\d*)?|\.\d+)(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,3})?", re.ASCII)
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}

# The grammar of the distribution project's reference package.
_DOMAIN_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[a-fA-F0-9:]+\])"
_PATH_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}(?::[0-9]{{1,5}})?/)?{_PATH_PART}(?:/{_PATH_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?"
)


def user_name(text: str) -> str:
    return _label(text, MAX_USER)


def template_name(text: str) -> str:
    return _label(text, MAX_TEMPLATE)


def _label(text: str, longest: int) -> str:
    if len(text) > longest or not _LABEL.fullmatch(text):
        raise ValueError(
            f"must be 1 to {longest} lower-case letters, digits or '-', and must start and end with a letter or digit"
        )
    return text


def image_reference(text: str) -> str:
    """A Docker image reference: `[host[:port]/]path[:tag][@digest]`, name at most 255 characters."""
    match = _REFERENCE.fullmatch(text)
    if match is None or len(match["name"]) > 255:
        raise ValueError("must be an image reference such as 'registry.example/path/name:tag'")
    return text


def quantity(text: str) -> Decimal:
    """The value of a Kubernetes quantity, in cores or bytes."""
    match = _QUANTITY.fullmatch(text) if len(text) <= 40 else None
    if match is None:
        raise ValueError("must be a Kubernetes quantity such as '500m' or '2Gi'")
    number, suffix = Decimal(match["number"]), match["suffix"] or ""
    if suffix in _BINARY:
        return number * Decimal(1024 ** _BINARY[suffix])
    exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
    return number.scaleb(exponent)


def cpu(text: str) -> str:
    if quantity(text) < MIN_CPU:
        raise ValueError("must be at least '10m'")
    return text


def memory(text: str) -> str:
    value = quantity(text)
    if value < MIN_MEMORY:
        raise ValueError("must be at least '32Mi', which a desktop needs")
    if value != value.to_integral_value():
        raise ValueError("must be a whole number of bytes")
    return text


def printable(text: str) -> str:
    """Free text for people: no control characters but line breaks and tabs."""
    if any(ord(character) < 32 and character not in "\n\t" for character in text):
        raise ValueError("must not contain control characters")
    return text
