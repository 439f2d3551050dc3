"""Ids in the API's answers: texts, or the numbers by which a database knows its rows."""

from __future__ import annotations


def as_id(value: object) -> str | None:
    """An id as a text, as it stands in paths and bodies; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None
