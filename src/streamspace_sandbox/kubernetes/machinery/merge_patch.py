"""Merge patches of JSON objects (RFC 7386)."""

from streamspace_sandbox.kubernetes.machinery.resources import Obj


def merge_patch(target: Obj, patch: Obj) -> Obj:
    """Objects are merged, null removes, everything else replaces. Returns a new object."""
    merged = dict(target)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            present = merged.get(key)
            merged[key] = merge_patch(present if isinstance(present, dict) else {}, value)
        else:
            merged[key] = value
    return merged
