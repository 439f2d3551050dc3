"""A real Kubernetes in the place of the stand-in's API server, for the contract tests that both must pass."""

import os
import ssl
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
import yaml

VARIABLE = "CONTRACT_KUBECONFIG"
"""A kubeconfig with a token and the file of an authority, as `streamspace-sandbox up --kubernetes real` writes it."""
PODS = "/api/v1/namespaces/default/pods"


def given_kubeconfig() -> Path | None:
    """The real Kubernetes to test; None for the stand-in."""
    path = os.environ.get(VARIABLE)
    return Path(path) if path else None


class RealCluster:
    """The attributes of the stand-in's `Cluster`. A test that reaches into the stand-in is skipped."""

    is_real = True

    def __init__(self, kubeconfig: Path) -> None:
        document = yaml.safe_load(kubeconfig.read_text())
        settings = document["clusters"][0]["cluster"]
        self.kubeconfig = kubeconfig
        self.url: str = settings["server"]
        self.certificate = Path(settings["certificate-authority"])
        self.token: str = document["users"][0]["user"]["token"]

    def purge_pods(self) -> None:
        """Deletes all pods of the namespace `default`."""
        verify = ssl.create_default_context(cafile=str(self.certificate))
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=self.url, verify=verify, headers=headers, trust_env=False) as http:
            http.delete(PODS, params={"gracePeriodSeconds": 0}).raise_for_status()

    @property
    def store(self) -> Any:
        return self._skip()

    @property
    def runtime(self) -> Any:
        return self._skip()

    def call(self, _function: object) -> Any:
        return self._skip()

    @staticmethod
    def _skip() -> NoReturn:
        pytest.skip("the test sets or reads the stand-in's own state, which a real Kubernetes does not give away")
