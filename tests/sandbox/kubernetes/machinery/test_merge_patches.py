"""Merge patch and strategic merge patch, on plain objects."""

from typing import Any

import pytest

from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.merge_patch import merge_patch
from streamspace_sandbox.kubernetes.machinery.resources import PODS
from streamspace_sandbox.kubernetes.machinery.strategic_merge import strategic_merge
from streamspace_sandbox.kubernetes.registry.builtin_types import schema_of


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": ["c"]}, {"a": ["c"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": "c"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_merge_patch(target: Any, patch: Any, expected: Any) -> None:
    assert merge_patch(target, patch) == expected


def _containers(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"containers": list(containers)}}


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ([{"name": "a", "image": "3"}], [{"name": "a", "image": "3"}, {"name": "b", "image": "2"}]),
        ([{"name": "c"}], [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}, {"name": "c"}]),
        ([{"name": "a", "$patch": "delete"}], [{"name": "b", "image": "2"}]),
        ([{"name": "a", "$patch": "replace", "tty": True}], [{"name": "a", "tty": True}, {"name": "b", "image": "2"}]),
        ([{"$patch": "replace"}, {"name": "z"}], [{"name": "z"}]),
        ([{"name": "b", "image": None}], [{"name": "a", "image": "1"}, {"name": "b"}]),
    ],
)
def test_lists_are_merged_by_their_key(patch: list[Any], expected: list[Any]) -> None:
    target = _containers({"name": "a", "image": "1"}, {"name": "b", "image": "2"})
    assert strategic_merge(target, _containers(*patch), schema_of(PODS)) == _containers(*expected)


def test_the_order_of_a_list_is_set() -> None:
    target = _containers({"name": "a"}, {"name": "b"})
    patch = {"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}], "containers": [{"name": "c"}]}}
    names = [c["name"] for c in strategic_merge(target, patch, schema_of(PODS))["spec"]["containers"]]
    assert names == ["c", "a", "b"]


def test_sets_are_merged_and_shrunk() -> None:
    target = {"metadata": {"finalizers": ["a", "b"]}}
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["b", "c"]}}
    assert strategic_merge(target, patch, schema_of(PODS)) == {"metadata": {"finalizers": ["b", "c"]}}


def test_retained_keys_are_all_that_stays() -> None:
    target = {"spec": {"volumes": [{"name": "home", "emptyDir": {}}]}}
    change = {"name": "home", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/srv"}}
    merged = strategic_merge(target, {"spec": {"volumes": [change]}}, schema_of(PODS))
    assert merged == {"spec": {"volumes": [{"name": "home", "hostPath": {"path": "/srv"}}]}}


def test_lists_without_a_key_are_replaced() -> None:
    target = _containers({"name": "a", "command": ["x", "y"]})
    merged = strategic_merge(target, _containers({"name": "a", "command": ["z"]}), schema_of(PODS))
    assert merged == _containers({"name": "a", "command": ["z"]})


@pytest.mark.parametrize("patch", [_containers({"image": "1"}), {"$patch": "unheard-of"}])
def test_a_malformed_strategic_patch_is_refused(patch: Any) -> None:
    with pytest.raises(ApiError) as refused:
        strategic_merge(_containers({"name": "a"}), patch, schema_of(PODS))
    assert refused.value.code == 400
