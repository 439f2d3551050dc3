"""What the run was told: the environment variables of the plan, and nothing else."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_NAMESPACE = "streamspace"
NETADMIN_IMAGE = "nicolaka/netshoot:latest"
REPORTS = Path(os.environ.get("STREAMSPACE_REPORTS") or "reports")
"""The folder for all that a run leaves."""
SUMMARY = REPORTS / "SUMMARY.md"
PAGE = "report.html"
"""The one HTML file, in that folder."""


@dataclass(frozen=True)
class Settings:
    """The environment, read once. An empty variable counts as one that is not set.

    api_url is the HTTP base URL of the StreamSpace under test; None asks for the embedded one. kubeconfig is a
    list of paths as KUBECONFIG holds it; None leaves it to the place where kubectl looks. browser is a path.
    allow_context and shared_namespace are typed by who allows a cluster that is not local, or a namespace in which
    others work. repo is a checkout of StreamSpace that is to be built and deployed; admin_user and admin_password
    are for a StreamSpace that does not tell them by itself. netadmin_image holds sh and iptables, for an ephemeral
    container beside an agent that has none.
    """

    api_url: str | None
    token: str | None
    namespace: str
    kubeconfig: str | None
    browser: str | None
    allow_context: str | None = None
    shared_namespace: str | None = None
    repo: str | None = None
    admin_user: str | None = None
    admin_password: str | None = None
    netadmin_image: str = NETADMIN_IMAGE

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of this process, or of `environment` where one is given."""
        variables = os.environ if environment is None else environment
        return cls(
            api_url=(variables.get("STREAMSPACE_API_URL") or "").rstrip("/") or None,
            token=variables.get("STREAMSPACE_TEST_TOKEN") or None,
            namespace=variables.get("NAMESPACE") or DEFAULT_NAMESPACE,
            kubeconfig=variables.get("KUBECONFIG") or None,
            browser=variables.get("STREAMSPACE_BROWSER") or None,
            allow_context=variables.get("STREAMSPACE_ALLOW_CONTEXT") or None,
            shared_namespace=variables.get("STREAMSPACE_SHARED_NAMESPACE") or None,
            repo=variables.get("STREAMSPACE_REPO") or None,
            admin_user=variables.get("STREAMSPACE_ADMIN_USER") or None,
            admin_password=variables.get("STREAMSPACE_ADMIN_PASSWORD") or None,
            netadmin_image=variables.get("STREAMSPACE_NETADMIN_IMAGE") or NETADMIN_IMAGE,
        )

    @property
    def embedded(self) -> bool:
        """Whether the run brings its own StreamSpace, because it was given none."""
        return self.api_url is None

    def kubeconfig_files(self) -> list[Path]:
        """The kubeconfig files that exist, where kubectl would look for them."""
        named = self.kubeconfig.split(os.pathsep) if self.kubeconfig else [str(Path.home() / ".kube" / "config")]
        return [path for path in map(Path, named) if path.is_file()]


def tester() -> str:
    """Who runs the plan, for the reports: STREAMSPACE_TESTER, or whoever is logged in."""
    try:
        return os.environ.get("STREAMSPACE_TESTER") or getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return "unknown"
