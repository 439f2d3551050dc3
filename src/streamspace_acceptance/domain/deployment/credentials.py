"""The administrator's name and password, from a setting, a Secret, or the API's log."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from streamspace_acceptance.cluster.connection import as_cluster_error, read
from streamspace_acceptance.cluster.containers import status_of
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.logs import ContainerLog, lost_beginning, texts
from streamspace_acceptance.cluster.objects import Json, serving_objects
from streamspace_acceptance.cluster.owners import replaced_pods
from streamspace_acceptance.outcomes import Unproven
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.redaction.redactor import register_secret
from streamspace_acceptance.settings import Settings

_QUOTED = re.compile(r"""(["'`]).+\1""")
# A mask in place of a password: stars, dots, something in brackets.
_MASKED = re.compile(r"[*•.xX_#-]+|[\[<({].*[\])>}]")


@dataclass(frozen=True)
class Credentials:
    """A name and a password, and where they were found. `told_at` is the log's time in nanoseconds;
    `guessed`: it is a part of the text in the log."""

    name: str
    password: str
    place: str
    told_at: int = 0
    guessed: bool = False

    @property
    def doubtful(self) -> bool:
        """Whether it reads like a sentence or a mask rather than a password: then only a login can decide."""
        plain = self.password.split() == [self.password]
        odd = _MASKED.fullmatch(self.password) or _QUOTED.fullmatch(self.password)
        return self.guessed or not plain or odd is not None


@dataclass(frozen=True)
class Search:
    """The credentials that were found, the most reliable first, and the places that were searched.

    `lost`: why the logs do not tell of the API's first start any more; empty if they do.
    """

    found: tuple[Credentials, ...]
    looked: tuple[str, ...]
    lost: tuple[str, ...] = ()


def search(settings: Settings, cluster: Cluster, profile: Profile) -> Search:
    """Looks in the settings, then in the Secret that the profile names, then in the logs of the API's pods.

    Each password is a secret from then on.
    """
    name = settings.admin_user or profile.deployment.admin
    if settings.admin_password:
        place = "STREAMSPACE_ADMIN_PASSWORD"
        return _kept(Search((Credentials(name, settings.admin_password, place),), (place,)))
    found: list[Credentials] = []
    looked: list[str] = []
    secret = profile.deployment.secret
    if secret:
        looked.append(f"the Secret {secret}")
        found += _in_secret(cluster, secret, name)
    labels, line = profile.agents.api_labels, profile.deployment.password_line
    looked.append(f"the logs of the pods with {'='.join(*labels.items())}")
    pods = serving_objects(cluster.raw_pods(**labels))
    try:
        logged = [credentials for pod in pods if line for credentials in _in_logs(cluster, pod, line, name)]
        found += sorted(logged, key=lambda credentials: credentials.told_at, reverse=True)
        lost = () if found else tuple(_losses(cluster, pods, profile.deployment.log_start))
    except Unproven as error:
        lost = (error.reason,)
    return _kept(Search(tuple(found), tuple(looked), lost))


def _losses(cluster: Cluster, pods: Sequence[Json], start_line: str) -> Iterator[str]:
    """Why the API's logs do not tell of its first start any more."""
    for pod in pods:
        container = cluster.main_container(pod).name
        restarts = int(status_of(pod, container).get("restartCount") or 0)
        log = ContainerLog(cluster, pod["metadata"]["name"], container, previous=restarts > 0)
        lines = log.since()
        if restarts and not lines:
            yield f"container {container} of pod {pod['metadata']['name']} was started again, and its first log is gone"
        elif reason := lost_beginning(pod, container, lines[0] if lines else None, start_line=start_line):
            yield f"pod {pod['metadata']['name']}: {reason}"
    if reason := replaced_pods(cluster, pods):
        yield reason


def _kept(found: Search) -> Search:
    for credentials in found.found:
        if not credentials.guessed:  # a guess may be any word
            register_secret(credentials.password)
    return found


def _in_secret(cluster: Cluster, secret: str, name: str) -> Iterator[Credentials]:
    what = f"get secret {secret}"
    try:
        found = read(what, cluster.raw(f"/api/v1/namespaces/{cluster.namespace}/secrets/{secret}"))
    except ClusterError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return
        raise
    with as_cluster_error(what):
        data = found.get("data") or {}
        password, username = _decoded(data.get("password")), _decoded(data.get("username"))
    if password:
        yield Credentials(username or name, password, f"the Secret {secret}")


def _decoded(text: object) -> str:
    try:
        return base64.b64decode(text, validate=True).decode() if isinstance(text, str) else ""
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _in_logs(cluster: Cluster, pod: Json, marker: str, name: str) -> Iterator[Credentials]:
    """In the whole log of every container of a pod, and in that of the container before it, if it was started again."""
    with as_cluster_error("list pods"):
        name_of_pod, statuses = str(pod["metadata"]["name"]), (pod.get("status") or {}).get("containerStatuses") or []
        containers = [(str(status["name"]), bool(status.get("restartCount"))) for status in statuses]
    place = f"the log of pod {name_of_pod}"
    for container, started_again in containers:
        for previous in (False, True) if started_again else (False,):
            for line in ContainerLog(cluster, name_of_pod, container, previous=previous).since():
                password = password_in(line.text, marker)
                if password is not None:
                    logged = Credentials(name, password, place, line.nanoseconds)
                    yield logged
                    word = guess(password) if logged.doubtful else None
                    if word is not None:
                        yield replace(logged, password=word, guessed=True)


def password_in(line: str, marker: str) -> str | None:
    """The text after `marker`, to the end of what the line says (see `texts`); None when it is missing or empty."""
    message = next((text for text in texts(line) if marker in text), "")
    rest = message.partition(marker)[2]
    return rest.strip("\r\n") if rest.strip() else None


def guess(password: str) -> str | None:
    """The password without what a log may put around it: quotes, or the frame of a box; None where there is no more."""
    word = password.split(maxsplit=1)[0].strip("\"'`|│║*,;")
    return word if word not in ("", password) else None
