"""The settings of a run: the plan's environment variables and the suite's own."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from streamspace_acceptance.user_home import user_home

DEFAULT_NAMESPACE = "streamspace"
NETADMIN_IMAGE = "nicolaka/netshoot:latest"
DEFAULT_REPORTS = Path("reports")
DEFAULT_PROFILE = "plan"
OPTIONS = ("profile", "accept-deviations", "target", "context")
"""The `-D` options of behave that are settings."""


@dataclass(frozen=True)
class Settings:
    """The environment, read once. An empty variable counts as unset.

    api_url is the HTTP base URL of the StreamSpace under test; None asks for the embedded one, or, where target is
    `cluster`, for the one in the namespace, which is then reached through Kubernetes. kubeconfig is a list
    of paths as KUBECONFIG holds it; None stands for the file that kubectl reads. context is one of its contexts; None
    stands for its current one. browser is a path. allow_context allows a cluster that is not local, shared_namespace
    a namespace in which others work. repo is a checkout of
    StreamSpace that is to be built and deployed; admin_user and admin_password are for a StreamSpace that does not
    log them. vnc_password is for desktops that ask for one,
    user_password that of all users of sessions; expired_token was valid once. netadmin_image holds sh and iptables, for
    an ephemeral container beside an agent that has none. reports is the folder for what a run leaves; tester is the
    name in its reports. profile is the name or file of a contract profile; accept_deviations, whether a criterion
    is proven all the same where its words are not the product's. user_suffix ends the names of sessions' users.
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
    vnc_password: str | None = None
    user_password: str | None = None
    expired_token: str | None = None
    netadmin_image: str = NETADMIN_IMAGE
    reports: Path = DEFAULT_REPORTS
    tester: str = "unknown"
    profile: str = DEFAULT_PROFILE
    accept_deviations: bool = False
    target: str | None = None
    context: str | None = None
    user_suffix: str = ""

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, options: Mapping[str, str] | None = None
    ) -> Settings:
        """The settings of this process, or of `environment` where one is given, and of behave's `-D` options."""
        variables = os.environ if environment is None else environment
        given = options or {}
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
            vnc_password=variables.get("STREAMSPACE_VNC_PASSWORD") or None,
            user_password=variables.get("STREAMSPACE_USER_PASSWORD") or None,
            expired_token=variables.get("STREAMSPACE_EXPIRED_TOKEN") or None,
            netadmin_image=variables.get("STREAMSPACE_NETADMIN_IMAGE") or NETADMIN_IMAGE,
            reports=Path(variables.get("STREAMSPACE_REPORTS") or DEFAULT_REPORTS),
            tester=variables.get("STREAMSPACE_TESTER") or _user(),
            profile=given.get("profile") or variables.get("STREAMSPACE_PROFILE") or DEFAULT_PROFILE,
            accept_deviations=given.get("accept-deviations", "no") not in ("no", "false", "off", "0"),
            target=given.get("target") or variables.get("STREAMSPACE_TARGET") or None,
            context=given.get("context") or variables.get("STREAMSPACE_CONTEXT") or None,
            user_suffix=_user_suffix(given.get("shard", "")),
        )

    @property
    def embedded(self) -> bool:
        """Whether the run starts its own StreamSpace."""
        return self.api_url is None and self.target is None

    def kubeconfig_files(self) -> list[Path]:
        """The kubeconfig files that exist, where kubectl would look for them."""
        named = self.kubeconfig.split(os.pathsep) if self.kubeconfig else [str(user_home() / ".kube" / "config")]
        return [path for path in map(Path, named) if path.is_file()]


def _user_suffix(shard: str) -> str:
    """The end of the names of sessions' users, so that shards side by side share none; the last one runs alone."""
    number, _, of = shard.partition("/")
    return "" if number == of else f"-s{number}"


def _user() -> str:
    """The user who is logged in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        return "unknown"
