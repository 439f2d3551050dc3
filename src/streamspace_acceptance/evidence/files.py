"""How the suite writes a text file: through the redactor, and in one piece."""

from __future__ import annotations

from pathlib import Path

from streamspace_acceptance.evidence.redaction import redact


def write(path: Path, text: str) -> None:
    """Write `text`, redacted, in one piece."""
    put(path, redact(text).encode())


def put(path: Path, data: bytes) -> None:
    """Write what is redacted already: a reader sees the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.tmp")
    draft.write_bytes(data)
    draft.replace(path)
