"""How the suite writes a text file: through the redactor, and in one piece."""

from __future__ import annotations

from pathlib import Path

from streamspace_acceptance.evidence.redaction import redact


def write(path: Path, text: str) -> None:
    """Write `text`, redacted: a reader sees the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.tmp")
    draft.write_text(redact(text), encoding="utf-8")
    draft.replace(path)
