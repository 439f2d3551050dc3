"""Eight kinds of secrets of a test's own making, and a scan that finds them in whatever a run wrote.

The scan knows nothing of how the suite masks: it undoes every encoding that it can think of and looks for the plain
secret.
"""

import base64
import html
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
_ESCAPE = re.compile(rb"\\+(?:u([0-9a-fA-F]{4})|(.))")
_IN_A_PAGE = re.compile(rb'd\("([^"]+)","([A-Za-z0-9+/=]+)"\)')
DEPTH = 2
"""So many encodings may lie over each other."""


def spelt(secret: str) -> list[str]:
    """The secret in plain, URL-encoded in both cases, in base64 at all alignments, and JSON-escaped in both ways."""
    encoded = quote(secret, safe="")
    return [
        secret,
        encoded,
        re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), encoded),
        *(base64.b64encode(b"-" * before + secret.encode() + b"-").decode() for before in range(3)),
        base64.urlsafe_b64encode(secret.encode()).decode(),
        json.dumps(secret).replace("/", "\\/"),
        "".join(f"\\u{ord(character):04x}" for character in secret),
    ]


def found(canaries: Mapping[str, str], places: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Kind of canary -> where it is, however it is encoded there. `places`: name -> content."""
    needles = {kind: canary.encode() for kind, canary in canaries.items()}
    hits: dict[str, set[str]] = {}
    for place, data in places.items():
        for where, part in _parts(place, data):
            for view in _views(part, DEPTH):
                for kind in (kind for kind, needle in needles.items() if needle in view):
                    hits.setdefault(kind, set()).add(where)
    return {kind: sorted(where) for kind, where in hits.items()}


def files(*folders: Path) -> dict[str, bytes]:
    """Every file below `folders`, by its path."""
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def _parts(place: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """A file and, if it holds others as an archive or the HTML report does, these too, one within the other."""
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from _parts(f"{place}!{name}", archive.read(name))
    elif place.endswith(".html"):
        for name, held in _IN_A_PAGE.findall(data):
            yield from _parts(f"{place}!{name.decode()}", base64.b64decode(held))
        yield place, _IN_A_PAGE.sub(b"", data)
    else:
        yield place, place.encode() + b"\n" + data


def _views(data: bytes, depth: int) -> Iterator[bytes]:
    """The data as it is, and with each encoding undone."""
    yield data
    if depth:
        for other in _decoded(data):
            yield from _views(other, depth - 1)


def _decoded(data: bytes) -> Iterator[bytes]:
    """What the data says when each encoding is undone."""
    if b"%" in data:
        yield unquote_to_bytes(data)
    if b"\\" in data:
        yield _ESCAPE.sub(_unescaped, data)
    if b"&" in data:
        yield html.unescape(data.decode("utf-8", "replace")).encode()
    short = []
    for run in _BASE64.findall(data):
        plain = run.replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            part = plain[start:]
            read = base64.b64decode(part[: len(part) // 4 * 4])
            short.append(read)
    if short:
        yield b"\n".join(short)


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match[1] is not None:
        return chr(int(match[1], 16)).encode("utf-8", "replace")
    return match[2]
