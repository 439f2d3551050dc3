"""The environment of the target; each part is examined once, when it is first needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from streamspace_acceptance.cluster.access import IN_CLUSTER
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.domain.deployment import checkout, health, images, readiness, tools
from streamspace_acceptance.domain.deployment.checkout import Rollout
from streamspace_acceptance.domain.deployment.commands import CommandResult
from streamspace_acceptance.domain.deployment.credentials import Credentials, Search, search
from streamspace_acceptance.domain.deployment.health import Health
from streamspace_acceptance.domain.deployment.images import Image
from streamspace_acceptance.domain.deployment.login import LoginAttempts, LoginClient
from streamspace_acceptance.domain.deployment.readiness import ClusterStatus, Component
from streamspace_acceptance.domain.deployment.tools import Tool
from streamspace_acceptance.evidence import attachments
from streamspace_acceptance.evidence.judged import judged
from streamspace_acceptance.outcomes import NotApplicable, SetupProblem, Unproven
from streamspace_acceptance.product.agents import AgentApi, AgentList
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.settings import Settings
from streamspace_acceptance.waiting import Budget, Wait, keep, poll

TOOL_SECONDS = 15.0


class Deployment:
    """The environment of the target.

    `cluster` and `api` are called only where they are needed, so that a missing one hides nothing else.
    `needs_no_images` says whether the target runs without images; `patience` gives the budget of a name.
    """

    def __init__(
        self,
        settings: Settings,
        profile: Profile,
        cluster: Callable[[], Cluster],
        api: Callable[[], StreamSpaceApi],
        *,
        needs_no_images: Callable[[], bool],
        patience: Callable[[str], Budget],
        tool_seconds: float = TOOL_SECONDS,
    ) -> None:
        self._settings = settings
        self._profile = profile
        self._find_cluster = cluster
        self._find_api = api
        self._needs_no_images = needs_no_images
        self._patience = patience
        self._tool_seconds = tool_seconds
        self._rollout: Rollout | None = None

    @cached_property
    def cluster(self) -> Cluster:
        """The cluster of the target."""
        return self._find_cluster()

    @cached_property
    def _api(self) -> StreamSpaceApi:
        return self._find_api()

    def require_images(self) -> None:
        """NotApplicable where the target says that it was deployed without images and the tools that make them."""
        if self._needs_no_images():
            raise NotApplicable(
                "does not apply to the embedded StreamSpace, which needs no kubectl, Helm, Docker or images"
            )

    def require_need_of_kubectl(self) -> None:
        """NotApplicable where there is none and the suite runs in a pod: nobody deploys from there."""
        is_asked_for = self.kubectl.version is not None or self._settings.repo is not None
        if not is_asked_for and self.standing.trouble is None and self.cluster.context()[0] == IN_CLUSTER:
            raise NotApplicable(
                "does not apply: the suite runs in a pod of the cluster, and StreamSpace is not deployed from there"
            )

    def require_need_of(self, tool: Tool) -> None:
        """NotApplicable where a tool is missing that nothing needs: nothing is to be built, and no node runs Docker.

        Unproven where the suite may not list nodes, which would show it.
        """
        if tool.version is not None or self._settings.repo is not None or self.standing.trouble is not None:
            return
        runtimes = images.container_runtimes(self.cluster)
        if runtimes is None:
            raise Unproven(
                f"`{tool.command}`: {tool.trouble}; whether anything needs {tool.name} is unknown, since the suite may "
                "not list nodes"
            )
        if runtimes and not any(runtime.startswith("docker://") for runtime in runtimes):
            raise NotApplicable(
                f"does not apply: nothing is to be built here (STREAMSPACE_REPO is not set), and the cluster runs its "
                f"containers by {', '.join(runtimes)}"
            )

    # Tools

    @cached_property
    def kubectl(self) -> Tool:
        """The Kubernetes client of this machine."""
        return tools.kubectl(self._tool_seconds)

    @cached_property
    def helm(self) -> Tool:
        """Helm on this machine."""
        return tools.helm(self._tool_seconds)

    @cached_property
    def docker(self) -> Tool:
        """The Docker engine that this machine's client reaches."""
        return tools.docker(self._tool_seconds)

    def ask_tools(self) -> None:
        """Calls each of the tools, whether that succeeds or not."""
        found = (self.kubectl, self.helm, self.docker)
        attachments.attach_text(
            "tools", "\n".join([*(tool.describe() for tool in found), tools.helm_advice(self.helm) or ""])
        )

    # Images

    def roll_out(self) -> None:
        """Builds and deploys the checkout that STREAMSPACE_REPO names, successfully or not; nothing without one."""
        if self._settings.repo is None:
            attachments.attach_text("checkout", "STREAMSPACE_REPO is not set: the existing deployment is examined")
            return
        self._rollout = checkout.roll_out(Path(self._settings.repo))

    @property
    def rollout(self) -> Rollout | None:
        """The result of building and deploying; None when no checkout is set."""
        return self._rollout

    @cached_property
    def images(self) -> list[Image]:
        """StreamSpace's images; Docker is asked for them where its engine answers."""
        seconds = self._tool_seconds if self.docker.version else None
        found = images.look_for(self._profile.deployment.images, self.cluster, seconds=seconds)
        attachments.attach_text("images", "\n".join(image.describe() for image in found))
        return found

    # The deployed components

    @cached_property
    def standing(self) -> ClusterStatus:
        """Whether the cluster answers; a cluster that cannot be reached does not."""
        try:
            return readiness.cluster_standing(self.cluster)
        except (ClusterError, SetupProblem) as problem:
            return ClusterStatus(None, str(problem))

    @cached_property
    def client_version(self) -> CommandResult | None:
        """The answer of `kubectl cluster-info`; None where kubectl does not work or is not needed."""
        if self._needs_no_images() or not self.kubectl.version:
            return None
        return tools.cluster_info(self._tool_seconds, self._settings.context)

    def look(self) -> None:
        """Examines the cluster from outside, whether it answers or not."""
        attachments.attach_text("the cluster", self.standing.trouble or f"Kubernetes {self.standing.version} answers")

    @property
    def namespace(self) -> tuple[str, str | None]:
        """The namespace and its phase."""
        return self.cluster.namespace, readiness.namespace_state(self.cluster)

    def wait_for_components(self) -> list[Component]:
        """PostgreSQL, Redis, the API and the agents; Unmet when one of them is not ready in time, or not for long."""
        labels = self._profile.component_labels
        named = (f"deployment.components.{name}" for name in self._profile.deployment.components)
        self._profile.meet("agents.component_label", *named)
        subject, goal = ", ".join(labels), "each pod Ready, 1/1"
        ready = readiness.wait_for_components(self.cluster, labels, Wait(subject, goal, self._patience("start")))
        readiness.watch_components(self.cluster, labels, ready, Wait(subject, goal, self._patience("calm")))
        return ready

    def wait_for_health(self) -> Health:
        """The API's health report once it is healthy; Unmet when it is not in time."""
        return health.wait_for_health(self._api, Wait("the API", "healthy by its own report", self._patience("start")))

    # The way in

    @property
    def login_client(self) -> LoginClient:
        """The client for logins."""
        return LoginClient(self._api.http, self._profile)

    @cached_property
    def search(self) -> Search:
        """The places that were searched for the administrator's credentials, and the result."""
        return search(self._settings, self.cluster, self._profile)

    @cached_property
    def credentials(self) -> Credentials | None:
        """The first credentials found. Doubtful ones count only if a login accepts them."""
        return next(
            (
                credentials
                for credentials in self.search.found
                if not credentials.doubtful or self.login_client.accepts(credentials)
            ),
            None,
        )

    def look_for_credentials(self) -> None:
        """Searches all places for the credentials and attaches the result."""
        found = ", ".join(credentials.place for credentials in self.search.found) or "nowhere"
        attachments.attach_text("credentials", f"looked in: {', '.join(self.search.looked)}\nfound in: {found}")

    def log_in(self) -> LoginAttempts:
        """Logs in with the credentials; Unproven when none were found."""
        if self.credentials is None:
            raise Unproven("the administrator's credentials were not found (see 0-9)")
        return self.login_client.try_out(self.credentials)

    # Agents

    def ask_for_agents(self) -> None:
        """Requests the list of agents and attaches the answer, whatever it is."""
        judged("request and answer", self._api.call_once("list_agents"))

    def wait_for_agent(self) -> AgentList:
        """The list in which an agent is online; Unproven without a token to ask with.

        Unmet when none is in time, or none stays so.
        """
        if not self._api.http.token:
            raise Unproven("STREAMSPACE_TEST_TOKEN is not set")
        goal, list_agents = "at least one online", AgentApi(self._api).all
        poll(
            Wait("agents", goal, self._patience("agents")),
            list_agents,
            met=lambda found: bool(found.online),
            says=AgentList.describe,
            likely=lambda _: "the agent's pod does not run, or its connection to the API fails; see its log",
        )
        return keep(
            Wait("agents", goal, self._patience("calm")),
            list_agents,
            broken=lambda found: None if found.online else found.describe(),
            says=AgentList.describe,
            likely="the agent's connection to the API does not last; see its log",
            every=readiness.STEADY_SECONDS,
        )
