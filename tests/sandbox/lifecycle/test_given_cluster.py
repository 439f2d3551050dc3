"""What `deploy --kubeconfig` says of a kubeconfig that it cannot use."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from streamspace_sandbox.host.start_error import StartError
from streamspace_sandbox.lifecycle.given_cluster import deploy_on, undeploy_from


def _written(folder: Path, user: dict[str, Any]) -> Path:
    path = folder / "kubeconfig"
    content = {
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "mine", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "mine",
    }
    path.write_text(yaml.safe_dump(content))
    return path


def test_missing_kubeconfig_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"nowhere is not a kubeconfig with a usable context \(.*No such file.*\)\."):
        deploy_on(tmp_path / "nowhere", None, time_scale=0.1)


def test_unknown_context_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"no 'theirs' in its contexts"):
        deploy_on(_written(tmp_path, {"token": "t"}), "theirs", time_scale=0.1)


@pytest.mark.parametrize(
    ("user", "sentence"),
    [
        ({"exec": {"command": "aws"}}, "gets its credentials from a program"),
        ({}, "has neither a token nor a client certificate"),
    ],
)
def test_unusable_credentials_are_named(tmp_path: Path, user: dict[str, Any], sentence: str) -> None:
    with pytest.raises(StartError, match=sentence):
        deploy_on(_written(tmp_path, user), None, time_scale=0.1)


def test_unreachable_cluster_is_one_sentence(tmp_path: Path) -> None:
    path = _written(tmp_path, {"token": "t"})
    with pytest.raises(StartError, match="became unreachable"):
        deploy_on(path, None, time_scale=0.1)
    with pytest.raises(StartError, match="did not delete StreamSpace"):
        undeploy_from(path, None)
