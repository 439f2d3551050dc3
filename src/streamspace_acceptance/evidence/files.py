"""How the suite writes a text file: through the redactor, and atomically."""

from __future__ import annotations

import shutil
from pathlib import Path

from streamspace_acceptance.redaction.redactor import redact


def write(path: Path, text: str) -> None:
    """Write `text`, redacted, in one piece."""
    put(path, redact(text).encode())


def link(source: Path, target: Path) -> None:
    """Make `target` the same file as `source`; a copy, where the file system has no hard links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def put(path: Path, data: bytes) -> None:
    """Write what is redacted already: a reader sees the old file or the new one, never a part."""
    draft = path.with_name(f"{path.name}.tmp")
    try:
        draft.write_bytes(data)
    except FileNotFoundError:  # the first of its folder
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
    draft.replace(path)
