"""The clients of one run, handed around as one thing. It knows no scenario."""

from __future__ import annotations

from dataclasses import dataclass, field

from streamspace_acceptance.budgets import Budgets
from streamspace_acceptance.cluster.containers import Role, Roles
from streamspace_acceptance.cluster.kubernetes import Cluster
from streamspace_acceptance.desktop.browser import RunBrowser
from streamspace_acceptance.domain.start_patience import DesktopPatience, StartPatience
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import Profile


def roles(profile: Profile) -> Roles:
    """The main containers of StreamSpace's pods, as a profile describes them."""
    agents = profile.agents
    return Roles(
        session_label=profile.session_label,
        session=Role(profile.container, profile.vnc_port),
        by_app={agents.api_label: Role(agents.api_container, agents.api_port), agents.label: Role(agents.container)},
        label=agents.component_label,
    )


@dataclass(frozen=True)
class Clients:
    """The API, the cluster, the browser and the budgets of a target. `netadmin_image` is for cutting networks.

    `vnc_password` is for desktops that ask for one; `expired_token` was valid once, if one is known. `stays` are the
    kinds of remains that this run has awaited in vain, with the ids of what they remained of: such a kind is not
    awaited again as long as these remain. `left` are the ids of the run's sessions that the product did not remove,
    which a slow list may show at any time.
    `agents` are the names of all pods of agents that the run has seen.
    `starts` is the run's patience with sessions that do not start, `desktops` that with VNC servers. `user_suffix` ends
    the names of all users of sessions.
    """

    api: StreamSpaceApi
    cluster: Cluster
    budgets: Budgets
    browser: RunBrowser = field(default_factory=lambda: RunBrowser(None))
    netadmin_image: str = ""
    vnc_password: str | None = None
    expired_token: str | None = None
    stays: dict[str, frozenset[str]] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)
    user_suffix: str = ""
    starts: StartPatience = field(default_factory=StartPatience)
    desktops: DesktopPatience = field(default_factory=DesktopPatience)

    @property
    def profile(self) -> Profile:
        """The contract profile that the API is called by."""
        return self.api.profile

    def own_user(self, user: str) -> str:
        """The name under which a scenario's user has sessions in this run."""
        return user if user.endswith(self.user_suffix) else user + self.user_suffix

    @property
    def http(self) -> HttpClient:
        """The HTTP client under the API."""
        return self.api.http
