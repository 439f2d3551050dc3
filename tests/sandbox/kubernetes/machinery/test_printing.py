"""Ages, and the JSONPath of printer columns."""

from typing import Any

import pytest

from streamspace_sandbox.kubernetes.machinery.printing import human_duration, json_path


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (119, "119s"),
        (150, "2m30s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 300, "3h5m"),
        (30 * 3600, "30h"),
        (3 * 86400, "3d"),
        (100 * 86400, "100d"),
        (3 * 365 * 86400, "3y"),
    ],
)
def test_ages(seconds: int, expected: str) -> None:
    assert human_duration(seconds) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".spec.user", ["u"]),
        ("{.status.conditions[?(@.type=='Ready')].status}", ["True"]),
        (".spec.list[1]", ["b"]),
        (".spec.list[*]", ["a", "b"]),
        (".metadata.annotations['stream.space/x']", ["y"]),
        (".metadata.annotations.stream\\.space", []),
        (".spec.none", []),
    ],
)
def test_json_paths(path: str, expected: list[Any]) -> None:
    obj = {
        "metadata": {"annotations": {"stream.space/x": "y"}},
        "spec": {"user": "u", "list": ["a", "b"]},
        "status": {"conditions": [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True"}]},
    }
    assert json_path(obj, path) == expected
