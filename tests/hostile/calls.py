"""Every call that the suite makes, each as a function of the place where a hostile server answers it."""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.logs import ContainerLog
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.cluster.watch import watching
from streamspace_acceptance.domain.deployment import credentials, health, images, readiness
from streamspace_acceptance.domain.deployment.credentials import Credentials
from streamspace_acceptance.domain.deployment.login import LoginClient
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product import rfb
from streamspace_acceptance.product.agents import AgentApi
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.api import StreamSpaceApi
from streamspace_acceptance.product.http import HttpClient
from streamspace_acceptance.product.profile import load
from streamspace_acceptance.product.templates import TemplateApi
from streamspace_acceptance.settings import Settings
from tests.hostile.server import POD

SECONDS = 2.0
"""The deadline of a call that is never answered; what it is in a run makes no difference but to how long tests take."""
ANSWERED_SECONDS = 30.0
"""The deadline of a call that is answered at once: on a busy machine it ends by what was answered, not by its time."""
NEVER_ANSWERED = frozenset(
    [
        "silence",
        "drip-headers",
        "drip-body",
        "drip-chunks",
        "endless-header",
        "endless-headers",
        "endless-continue",
        "ws-silence",
        "ws-drip",
        "rfb-silent-init",
        "watch-silent",
    ]
)
"""The kinds of answers that only a deadline ends."""
LATE_SECONDS = 10.0
"""So much later than its deadline a call may end here: on a busy machine; one without a deadline ends much later."""

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "%s", certificate-authority: "%s"}}]
users: [{name: u, user: {token: t}}]
"""


@dataclass
class Deadline:
    """By when each call ends that is made now."""

    seconds: float = SECONDS


deadline = Deadline()


class Hasty(HttpClient):
    """The suite's client, with the deadline of these tests."""

    def call_as(
        self, token: str | None, method: str, path: str, body: object = None, *, seconds: float = 0, **_: object
    ) -> Answer:
        return super().call_as(token, method, path, body, seconds=deadline.seconds)

    def page(self, url: str, *, seconds: float = 0) -> Answer:
        return super().page(url, seconds=deadline.seconds)


@dataclass(frozen=True)
class Place:
    """Where a hostile server is, and a folder with ca.pem, the CA that signed its certificates."""

    url: str
    folder: Path

    def cluster(self) -> Cluster:
        config = self.folder / f"{secrets.token_hex(8)}.yaml"
        config.write_text(KUBECONFIG % (self.url, self.folder / "ca.pem"))
        return Cluster([config], "streamspace")


def _judged(answer: Answer) -> object:
    """As the sentences judge an answer of which they want to know what it says."""
    if not answer.ok:
        raise Unmet(answer.call, expected="yes", actual=answer.gist, likely="the API")
    return answer.object()


def _accepted(answer: Answer) -> object:
    """As the sentences judge an answer of which they only want to know that it is yes."""
    if not answer.ok:
        raise Unmet(answer.call, expected="yes", actual=answer.gist, likely="the API")
    return answer


Ask = Callable[[Place], object]


def _api(ask: Callable[[StreamSpaceApi], object]) -> Ask:
    def call(place: Place) -> object:
        with Hasty(place.url, "t") as http:
            return ask(StreamSpaceApi(http, load()))

    return call


def _template(ask: Callable[[TemplateApi], object]) -> Ask:
    return _api(lambda api: ask(TemplateApi(api)))


def _page(place: Place) -> object:
    with Hasty(place.url, "t") as http:
        return _accepted(http.page(place.url + "/vnc.html"))


def _kubernetes(ask: Callable[[Cluster], object]) -> Ask:
    return lambda place: ask(place.cluster())


def _watch(place: Place) -> object:
    with watching(place.cluster(), "pods") as recording:
        return recording.beyond(10**9, 5 * deadline.seconds)


def vnc(place: Place) -> object:
    trusted = ssl.create_default_context(cafile=place.folder / "ca.pem")
    address = place.url.replace("http", "ws", 1) + "/api/v1/vnc/s"
    with rfb.handshake(address, "t", deadline.seconds, rfb.ViewerSettings(trusted)) as framebuffer:
        return framebuffer


ADMIN = Credentials("admin", "pa55word", "a Secret")


def _door(ask: Callable[[LoginClient], object]) -> Ask:
    return _api(lambda api: ask(LoginClient(api.http, api.profile)))


def _health(api: StreamSpaceApi) -> object:
    """As the sentence about it judges it: no answer is told like a bad one, and waited for until the budget is over."""
    found = health.ask(api)
    if not found.well:
        raise Unmet("the API", expected="healthy", actual=found.told, likely="the API")
    return found


def _standing(cluster: Cluster) -> object:
    """As the sentence about it judges it."""
    found = readiness.cluster_standing(cluster)
    if found.trouble is not None:
        raise ClusterError(found.trouble)
    return found


def _search(cluster: Cluster) -> object:
    return credentials.search(Settings.from_environment({}), cluster, load())


READ: dict[str, Ask] = {
    "create a session": _api(lambda api: _judged(api.create_session("u", "t", "standard"))),
    "list sessions": _api(StreamSpaceApi.sessions),
    "status of a session": _api(lambda api: api.status("s")),
    "a session": _api(lambda api: api.session("s") and api.status("s")),
    "connect": _api(lambda api: _judged(api.connect_session("s"))),
    "names of templates": _api(StreamSpaceApi.template_names),
    "list agents": _api(lambda api: AgentApi(api).all()),
    "list templates": _template(TemplateApi.listed),
    "create a template": _template(lambda api: _judged(api.create({"name": "n"}))),
    "a template": _template(lambda api: _judged(api.get("n"))),
    "change a template": _template(lambda api: _judged(api.change("n", {}))),
    "versions of a template": _template(lambda api: _judged(api.versions("n"))),
}
"""Calls of the API whose body is read."""

ACCEPTED: dict[str, Ask] = {
    "delete a session": _api(lambda api: _accepted(api.delete_session("s"))),
    "hibernate": _api(lambda api: api.hibernate_session("s")),
    "order hibernation": _api(lambda api: _accepted(api.order_hibernation("s"))),
    "wake": _api(lambda api: api.wake_session("s")),
    "delete a template": _template(lambda api: _accepted(api.delete("n"))),
    "the page": _page,
}
"""Calls of which only the status counts: what came of them is looked for elsewhere."""

KUBERNETES: dict[str, Ask] = {
    "list pods": _kubernetes(Cluster.pods),
    "list pods for the evidence": _kubernetes(Cluster.raw_pods),
    "list claims": _kubernetes(Cluster.claims),
    "list session objects": _kubernetes(Cluster.session_objects),
    "a session object": _kubernetes(lambda cluster: cluster.session_object("s")),
    "list template objects": _kubernetes(Cluster.raw_templates),
    "list events": _kubernetes(Cluster.events),
    "list nodes": _kubernetes(Cluster.raw_nodes),
    "allocatable": _kubernetes(Cluster.allocatable),
    "delete a pod": _kubernetes(lambda cluster: cluster.delete_pod("p", "u")),
    "replicas": _kubernetes(lambda cluster: cluster.replicas("d")),
    "scale": _kubernetes(lambda cluster: cluster.scale("d", 1)),
    "a config map": _kubernetes(lambda cluster: cluster.config_map("c")),
    "uid of the namespace": _kubernetes(Cluster.namespace_uid),
    "whether there is a namespace": _kubernetes(Cluster.has_namespace),
    "version of Kubernetes": _kubernetes(Cluster.version),
    "begin a watch": _watch,
    "how the namespace stands": _kubernetes(readiness.namespace_state),
    "where the images are": _kubernetes(lambda cluster: images.look_for(["i"], cluster, seconds=None)),
    "the credentials": _kubernetes(_search),
}
"""Calls of Kubernetes whose body is JSON."""

DEPLOYED: dict[str, Ask] = {
    "the health": _api(_health),
    "how the cluster stands": _kubernetes(_standing),
    "a login": _door(lambda door: _judged(door.log_in("admin", "pa55word"))),
    "a login and its controls": _door(lambda door: door.try_out(ADMIN)),
}
"""Calls about the deployment, whose sentences are about whether there is an answer: none is told as FAILED by some."""

LOGS: dict[str, Ask] = {
    "logs": _kubernetes(lambda cluster: cluster.logs("p", "c", since_seconds=5)),
    "logs with times": _kubernetes(lambda cluster: ContainerLog(cluster, "p", "c").since()),
}
"""Calls of Kubernetes whose body is text."""


def execute(place: Place) -> object:
    return place.cluster().execute(Pod.of(POD), ["true"], seconds=deadline.seconds)


watch = _watch
