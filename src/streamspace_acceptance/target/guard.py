"""Whether a target may be touched: refused in one sentence (SetupProblem) before the first call that changes anything.

A run makes, deletes and breaks. So the cluster must be this machine's own or allowed by name, the API and the
kubeconfig must lead to the same StreamSpace, and nobody else may be at work there.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from streamspace_acceptance.cluster.kubernetes import FORBIDDEN, Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.cluster.port_forward import forwarded
from streamspace_acceptance.domain.sessions.listing import all_sessions, listed_sessions
from streamspace_acceptance.outcomes import NotApplicable, SetupProblem, Unmet
from streamspace_acceptance.product.agents import AgentApi, AgentList
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient, NoAnswer
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.redaction.control_characters import without_colours
from streamspace_acceptance.settings import Settings

# The names that local clusters give their contexts. k3s calls its own `default`.
LOCAL_NAMES = re.compile(
    r"docker-desktop|docker-for-desktop|rancher-desktop|colima|minikube|default|k3s|streamspace-sandbox|(kind|k3d)-.+"
)
_NAMED_AT_MOST = 3
MADE_UP_TOKEN = "of-nobody"  # noqa: S105 - no secret
_GENERATED_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+", re.IGNORECASE)
"""A UUID or a number: no pod has such a name."""
LOCAL_HOSTS = ("localhost", "kubernetes.docker.internal", "host.docker.internal")
# minikube's own machine is on one of these when it is not a container with a port on loopback.
MINIKUBE_NETWORKS = [
    ipaddress.ip_network(network) for network in ("192.168.49.0/24", "192.168.39.0/24", "192.168.59.0/24")
]


def check_context(settings: Settings, cluster: Cluster) -> None:
    """The cluster is local by name and by address, or STREAMSPACE_ALLOW_CONTEXT names its context."""
    name, server = cluster.context()
    if name == settings.allow_context or (LOCAL_NAMES.fullmatch(name) and _is_here(name, server)):
        return
    raise SetupProblem(
        f"The kubeconfig's context {name!r} at {server} is not a local cluster, and this suite deletes "
        f"sessions and cuts agents off: set STREAMSPACE_ALLOW_CONTEXT={name} if it may."
    )


def check_same(settings: Settings, cluster: Cluster, api: StreamSpaceApi, *, shown_before: bool) -> None:
    """Checks that the API and Kubernetes match: the API's agents are pods of the namespace, or its sessions objects.

    Agents whose ids are generated say nothing. Agents that are offline may have lost their pods, so they can only speak
    for it. Where nothing speaks for or against, as without any agent, it counts that an earlier run was shown the same,
    or that the API in the cluster knows the run's token.
    """
    agents, sessions = _agents(api), listed_sessions(api).ids
    pods = {pod.meta.name for pod in cluster.pods()}
    objects = {session.meta.name for session in cluster.session_objects()}
    if agents.ids & pods or sessions & objects or _end_in_pods(agents.ids, pods):
        return
    if _tells_of(cluster, api.profile, agents.online):
        return
    named = {agent for agent in agents.online if not _GENERATED_ID.fullmatch(agent)}
    if named or (sessions and objects):
        listed = ", ".join(sorted(named or sessions)[:3])
        raise SetupProblem(
            f"STREAMSPACE_API_URL and the kubeconfig lead to different clusters (nothing that the API lists is in "
            f"namespace {cluster.namespace}: {listed}): correct one of them."
        )
    if not (shown_before or settings.shared_namespace == cluster.namespace or _knows_token(cluster, api)):
        known = "only agents with generated ids" if agents.online else "no agent online and no session"
        raise SetupProblem(
            "Nothing shows that STREAMSPACE_API_URL and the kubeconfig lead to the same cluster, since the API knows "
            f"{known}: set STREAMSPACE_SHARED_NAMESPACE={cluster.namespace} if they do."
        )


def check_alone(
    settings: Settings, cluster: Cluster, api: StreamSpaceApi, *, ours: Collection[str] = (), sandbox: bool = False
) -> None:
    """No session of anybody else is there, or STREAMSPACE_SHARED_NAMESPACE names the namespace.

    `ours` are sessions of earlier runs that a sweep could not remove: they are in nobody's use. `sandbox` is an
    embedded StreamSpace that somebody keeps, whose sessions are mostly their own.
    """
    there = all_sessions(api, cluster) | {session.meta.name for session in cluster.session_objects()}
    theirs = sorted(there.difference(ours))
    namespace = cluster.namespace
    if not theirs or settings.shared_namespace == namespace:
        return
    named = f"{len(theirs)} {'session' if len(theirs) == 1 else 'sessions'}: {', '.join(theirs[:_NAMED_AT_MOST])}"
    if sandbox:
        raise SetupProblem(
            f"Your sandbox has sessions that no run has made ({named}), and a run cuts off the agents that serve them: "
            f"type `export STREAMSPACE_SHARED_NAMESPACE={namespace}` to run beside them, or end them, or "
            "`unset STREAMSPACE_API_URL` to run against a sandbox of the run's own."
        )
    raise SetupProblem(
        f"Sessions of others are in namespace {namespace} ({named}), and a run cuts off the agents that serve them: "
        f"end them, or set STREAMSPACE_SHARED_NAMESPACE={namespace} to run beside them."
    )


def check_no_other_run(settings: Settings, others: Sequence[Path]) -> None:
    """No other run is at work on the target just now, by its journal, or the namespace is shared by name.

    Between two of its scenarios it has no session by which check_alone could tell.
    """
    if others and settings.shared_namespace != settings.namespace:
        raise SetupProblem(
            f"Another run uses namespace {settings.namespace}, or what one has left is being removed ({others[0]}): "
            f"wait until it ends, or set STREAMSPACE_SHARED_NAMESPACE={settings.namespace} to run beside it."
        )


def _is_here(name: str, server: str) -> bool:
    host = urlsplit(server).hostname or ""
    if host in LOCAL_HOSTS:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or (name == "minikube" and any(address in network for network in MINIKUBE_NETWORKS))


def _end_in_pods(agents: Collection[str], pods: Collection[str]) -> bool:
    """Whether the id of an agent is the name of its pod after a prefix."""
    return any(agent.endswith(f"-{pod}") for agent in agents for pod in pods)


def _tells_of(cluster: Cluster, profile: Profile, ids: Collection[str]) -> bool:
    """Whether the agents are configured with one of the ids, which need not be pods' names, or the API logs one."""
    agents = [pod.object for pod in cluster.pods(**profile.agents.labels) if pod.stays]
    if any(value in ids for pod in agents for value in _configuration(cluster, cluster.main_container(pod).spec)):
        return True
    logs = [without_colours(cluster.first_lines(pod)) for pod in cluster.pods(**profile.agents.api_labels) if pod.stays]
    return any(re.search(rf"(?<![\w-]){re.escape(agent)}(?![\w-])", log) for log in logs for agent in ids)


def _knows_token(cluster: Cluster, api: StreamSpaceApi) -> bool:
    """Whether the API's pod in the cluster, reached through Kubernetes, accepts the run's token and no made-up one."""
    agents, token = api.profile.agents, api.http.token
    with (
        forwarded(cluster, agents.api_labels, agents.api_port) as address,
        HttpClient(f"http://{address}", token) as http,
    ):
        in_cluster = StreamSpaceApi(http, api.profile)
        with suppress(NoAnswer):
            known, made_up = (in_cluster.call_as(shown, "list_sessions").status for shown in (token, MADE_UP_TOKEN))
            return known == HTTPStatus.OK and made_up in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return False


def _configuration(cluster: Cluster, container: Json) -> Iterator[str]:
    """The values that a container is configured with: by its environment, its arguments, and ConfigMaps."""
    yield from (str(variable.get("value")) for variable in container.get("env") or ())
    for argument in (*(container.get("command") or ()), *(container.get("args") or ())):
        yield str(argument).partition("=")[2] or str(argument)
    sources = [source.get("configMapRef") or {} for source in container.get("envFrom") or ()]
    sources += [
        (variable.get("valueFrom") or {}).get("configMapKeyRef") or {} for variable in container.get("env") or ()
    ]
    for name in {str(source["name"]) for source in sources if source.get("name")}:
        try:
            yield from cluster.config_map(name).values()
        except ClusterError as error:
            if error.status != FORBIDDEN:
                raise


def _agents(api: StreamSpaceApi) -> AgentList:
    """The agents; none when the API has no such list (an agent's absence is test 0's business)."""
    try:
        return AgentApi(api).all()
    except (Unmet, NotApplicable):
        return AgentList((), frozenset(), api.profile.statuses)
