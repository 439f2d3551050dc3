"""JSON patch, merge patch and strategic merge patch, on plain objects."""

from typing import Any

import pytest

from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.json_patches import json_patch, merge_patch, vanished
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


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"op": "add", "path": "/b", "value": 1}, {"a": [1, 2], "b": 1}),
        ({"op": "add", "path": "/a/1", "value": 9}, {"a": [1, 9, 2]}),
        ({"op": "add", "path": "/a/-", "value": 9}, {"a": [1, 2, 9]}),
        ({"op": "replace", "path": "/a/0", "value": 9}, {"a": [9, 2]}),
        ({"op": "remove", "path": "/a/0"}, {"a": [2]}),
        ({"op": "copy", "from": "/a", "path": "/x~1y"}, {"a": [1, 2], "x/y": [1, 2]}),
        ({"op": "move", "from": "/a/0", "path": "/a/1"}, {"a": [2, 1]}),
        ({"op": "test", "path": "/a/0", "value": 1}, {"a": [1, 2]}),
        ({"op": "replace", "path": "", "value": {"z": 1}}, {"z": 1}),
    ],
)
def test_json_patch(operation: Any, expected: Any) -> None:
    given = {"a": [1, 2]}
    assert json_patch(given, [operation]) == expected
    assert given == {"a": [1, 2]}


@pytest.mark.parametrize(
    ("operations", "code"),
    [
        ({"op": "add"}, 400),
        (["add"], 400),
        ([{"op": "fly", "path": "/a"}], 400),
        ([{"op": "add", "path": "/b"}], 400),
        ([{"op": "add", "path": "b", "value": 1}], 400),
        ([{"op": "replace", "path": "/b", "value": 1}], 422),
        ([{"op": "remove", "path": "/a/5"}], 422),
        ([{"op": "add", "path": "/a/5", "value": 1}], 422),
        ([{"op": "add", "path": "/x/y", "value": 1}], 422),
        ([{"op": "test", "path": "/a/0", "value": 2}], 422),
        ([{"op": "move", "from": "/none", "path": "/b"}], 422),
        ([{"op": "replace", "path": "", "value": 5}], 400),
    ],
)
def test_a_json_patch_that_does_not_fit(operations: Any, code: int) -> None:
    with pytest.raises(ApiError) as refused:
        json_patch({"a": [1, 2]}, operations)
    assert refused.value.code == code


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


def test_what_vanished_is_removed() -> None:
    before = {"a": 1, "b": {"c": 1, "d": 2}, "e": {"f": 1}}
    assert vanished(before, {"b": {"c": 3}, "e": {"f": 1}}) == {"a": None, "b": {"d": None}}
