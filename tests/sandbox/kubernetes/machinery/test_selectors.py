"""Label and field selectors."""

import pytest

from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.resources import NODES, PODS, Resource
from streamspace_sandbox.kubernetes.machinery.selectors import (
    field_selector,
    label_selector,
    matches_selector,
    selector_text,
)

LABELS = {"app": "web", "tier": "desktop", "stream.space/user": "testuser"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app=web", True),
        ("app==web,tier!=api", True),
        ("app!=web", False),
        ("app in (web, api),tier notin (x,y)", True),
        ("app in (api)", False),
        ("stream.space/user=testuser", True),
        ("app", True),
        ("!app", False),
        ("!nothing", True),
        ("nothing!=x", True),
        ("nothing notin (x)", True),
        ("", True),
    ],
)
def test_label_selectors(text: str, expected: bool) -> None:
    assert label_selector(text)({"metadata": {"labels": LABELS}}) is expected


@pytest.mark.parametrize("text", ["a b", "a in x", "=x", "a=b=c", "a=!", "a>5"])
def test_bad_label_selectors(text: str) -> None:
    with pytest.raises(ApiError):
        label_selector(text)


@pytest.mark.parametrize(
    ("resource", "text", "expected"),
    [
        (PODS, "status.phase=Running,spec.nodeName!=node-2", True),
        (PODS, "status.phase!=Running", False),
        (PODS, "status.podIP=", True),
        (NODES, "spec.unschedulable=false", True),
    ],
)
def test_field_selectors(resource: Resource, text: str, expected: bool) -> None:
    obj = {"metadata": {"name": "a"}, "spec": {"nodeName": "node-1"}, "status": {"phase": "Running"}}
    assert field_selector(resource, text)(obj) is expected


def test_selector_objects() -> None:
    selector = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [
            {"key": "tier", "operator": "In", "values": ["desktop"]},
            {"key": "x", "operator": "DoesNotExist"},
        ],
    }
    assert matches_selector(selector, LABELS)
    assert not matches_selector(selector, {**LABELS, "x": "y"})
    assert not matches_selector(None, LABELS)
    assert label_selector(selector_text(selector))({"metadata": {"labels": LABELS}})
