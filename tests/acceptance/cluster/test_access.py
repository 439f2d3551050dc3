"""Ways to Kubernetes: contexts, a pod's service account, and credentials that are renewed during a run."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml

from streamspace_acceptance.cluster.access import IN_CLUSTER, Access, is_in_a_pod
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.redaction import redactor
from tests.support.samples import Json
from tests.support.web_server import Respond, says, web_server

POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
PLUGIN = """#!/bin/sh
count=$(($(cat %(folder)s/count 2>/dev/null || echo 0) + 1))
echo $count > %(folder)s/count
echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1",
  "status": {"token": "token-of-call-'$count'", "expirationTimestamp": "%(end)s"}}'
"""


def kubeconfig(folder: Path, server: str, user: Json) -> Path:
    """Two contexts of the same user: `here`, the current one, and `there`, whose server answers nothing."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [
            {"name": "here", "cluster": {"server": server}},
            {"name": "there", "cluster": {"server": "http://127.0.0.1:9"}},
        ],
        "users": [{"name": "tester", "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "tester"}} for name in ("here", "there")],
    }
    path = folder / "config"
    path.write_text(yaml.safe_dump(document))
    return path


def plugin(folder: Path, lifetime: timedelta) -> Json:
    """A user with a plugin that counts its calls and gives tokens of that lifetime."""
    script = folder / "plugin"
    end = (datetime.now(UTC) + lifetime).strftime("%Y-%m-%dT%H:%M:%SZ")
    script.write_text(PLUGIN % {"folder": folder, "end": end})
    script.chmod(0o700)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script)}}


class _Tokens:
    """A Kubernetes without pods that notes the token of each request."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        self.seen.append(request.headers["Authorization"].partition(" ")[2])
        says(json.dumps({"metadata": {"resourceVersion": "1"}, "items": []}).encode())(request)


def lists(respond: Respond, folder: Path, user: Json, count: int) -> None:
    with web_server(respond) as url:
        cluster = Cluster([kubeconfig(folder, url, user)], "streamspace")
        for _ in range(count):
            cluster.pods()


def test_expired_token_of_a_plugin_is_renewed(tmp_path: Path) -> None:
    tokens = _Tokens()
    lists(tokens.respond, tmp_path, plugin(tmp_path, timedelta(seconds=1)), 2)
    assert tokens.seen == ["token-of-call-2", "token-of-call-3"]


def test_all_clients_share_one_call_of_a_plugin(tmp_path: Path) -> None:
    access = Access([kubeconfig(tmp_path, "http://127.0.0.1:9", plugin(tmp_path, timedelta(hours=1)))])
    found = [access.configuration().get_api_key_with_prefix("BearerToken") for _ in range(5)]
    assert found == ["Bearer token-of-call-1"] * 5
    assert (tmp_path / "count").read_text().strip() == "1"


def test_renewed_token_is_a_secret(tmp_path: Path) -> None:
    with redactor.of_this_run():
        access = Access([kubeconfig(tmp_path, "http://127.0.0.1:9", plugin(tmp_path, timedelta(seconds=1)))])
        access.configuration().get_api_key_with_prefix("BearerToken")
        assert "token-of-call-2" not in redactor.redact("it was token-of-call-2.")


def test_plugin_without_credentials_is_named(tmp_path: Path) -> None:
    user: Json = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/false"}}
    with pytest.raises(ClusterError, match="plugin '/bin/false' gave no credentials"):
        Access([kubeconfig(tmp_path, "http://127.0.0.1:9", user)])


def test_token_file_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first\n")
    tokens = _Tokens()
    with web_server(tokens.respond) as url:
        cluster = Cluster([kubeconfig(tmp_path, url, {"tokenFile": "token"})], "streamspace")
        cluster.pods()
        (tmp_path / "token").write_text("second\n")
        cluster.pods()
    assert tokens.seen == ["first", "second"]


def test_named_context_is_used_for_everything(tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, "http://127.0.0.1:10", {"token": "known"})
    assert Cluster([file], "streamspace").context() == ("here", "http://127.0.0.1:10")
    assert Cluster([file], "streamspace", context="there").context() == ("there", "http://127.0.0.1:9")
    with pytest.raises(ClusterError, match="has no context 'elsewhere', but here, there"):
        Access([file], "elsewhere")


def account(folder: Path) -> Path:
    (folder / "token").write_text("first")
    (folder / "ca.crt").write_text("an authority")
    return folder


def test_service_account_is_used_without_kubeconfig(tmp_path: Path) -> None:
    access = Access([], account=account(tmp_path), environment=POD)
    configuration = access.configuration()
    assert (access.context, access.server) == (IN_CLUSTER, "https://10.96.0.1:443")
    assert configuration.ssl_ca_cert == str(tmp_path / "ca.crt")
    assert configuration.get_api_key_with_prefix("BearerToken") == "Bearer first"
    (tmp_path / "token").write_text("second")
    assert configuration.get_api_key_with_prefix("BearerToken") == "Bearer second"


def test_service_account_without_authority_is_an_error(tmp_path: Path) -> None:
    (account(tmp_path) / "ca.crt").unlink()
    with pytest.raises(ClusterError, match=r"service account in .* cannot be used"):
        Access([], account=tmp_path, environment=POD)


def test_pod_is_known_by_its_variable_and_token(tmp_path: Path) -> None:
    assert is_in_a_pod(POD, account(tmp_path))
    assert not is_in_a_pod({}, tmp_path)
    assert not is_in_a_pod(POD, tmp_path / "none")
