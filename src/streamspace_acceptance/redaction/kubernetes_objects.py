"""Kubernetes objects for the evidence: without the values of Secrets and of secret variables."""

from __future__ import annotations

from typing import Any

from streamspace_acceptance.redaction.redactor import MASK
from streamspace_acceptance.redaction.secret_names import Place, is_secret

Json = dict[str, Any]

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def presentable(obj: Json) -> Json:
    """A copy of `obj` for the evidence, without managed fields and the last applied configuration."""
    shown: Json = _shown(obj)
    metadata = shown.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
        if _LAST_APPLIED in (metadata.get("annotations") or {}):
            metadata["annotations"][_LAST_APPLIED] = MASK
    if shown.get("kind") == "Secret" or {"data", "type"} <= shown.keys():
        for part in ("data", "stringData"):
            shown[part] = dict.fromkeys(shown.get(part) or {}, MASK)
    return shown


def _shown(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _field(name, field, value) for name, field in value.items()}
    if isinstance(value, list):
        return [_item(item, value[index - 1] if index else None) for index, item in enumerate(value)]
    return value


def _field(name: str, value: Any, within: Json) -> Any:
    """The value of a variable (`name`, `value`) is masked when its name is a secret's."""
    if name == "value" and isinstance(value, str) and is_secret(str(within.get("name", "")), Place.VARIABLE):
        return MASK
    return _shown(value)


def _item(value: Any, before: Any) -> Any:
    """`--password` and its value are two items of a list."""
    flagged = isinstance(value, str) and isinstance(before, str) and is_secret(before, Place.ARGUMENT)
    return MASK if flagged else _shown(value)
