"""Environment variables: references to other variables, and fields of the pod."""

import pytest

from streamspace_sandbox.kubernetes.kubelet.environment import ConfigError, Environment, expand
from streamspace_sandbox.kubernetes.machinery.resources import Obj
from streamspace_sandbox.kubernetes.registry.store import Store

POD: Obj = {"metadata": {"name": "p", "namespace": "n", "labels": {"a": "b"}}, "spec": {"nodeName": "node"}}


def variable(path: str) -> str:
    """The value of a variable that refers to a field of the pod."""
    environment = Environment(Store(), POD, {"status.podIP": "10.0.0.1"})
    container = {"env": [{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": path}}}]}
    return environment.of(container, {}, {})["X"]


def test_references_are_expanded_as_in_kubernetes() -> None:
    assert expand("$(A)-$(B)-$$(A)-$X", {"A": "1"}) == "1-$(B)-$(A)-$X"


@pytest.mark.parametrize(
    ("path", "expected"), [("metadata.name", "p"), ("spec.nodeName", "node"), ("status.podIP", "10.0.0.1")]
)
def test_variable_has_the_value_of_a_field(path: str, expected: str) -> None:
    assert variable(path) == expected


@pytest.mark.parametrize("path", ["metadata.labels", "metadata.labels['a']", "status.hostIP"])
def test_field_that_is_not_supported_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="not supported"):
        variable(path)
