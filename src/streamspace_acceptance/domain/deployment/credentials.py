"""The administrator's name and password, from a setting, a Secret, or the API's log."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from streamspace_acceptance.cluster.connection import as_cluster_error, read
from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Json
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.redaction.redactor import register_secret
from streamspace_acceptance.settings import Settings

LOG_BYTES = 8 * 1024 * 1024
"""The line stands at the beginning of the log, and a log that was not rotated is hardly longer."""
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
# A mask in place of a password: stars, dots, something in brackets.
_MASKED = re.compile(r"[*•.xX_#-]+|[\[<({].*[\])>}]")


@dataclass(frozen=True)
class Credentials:
    """A name and a password, and where they were found. `told_at` is the log's time, which identifies the newest."""

    name: str
    password: str
    place: str
    told_at: str = ""

    @property
    def doubtful(self) -> bool:
        """Whether it reads like a sentence or a mask rather than a password: then only a login can decide."""
        return self.password.split() != [self.password] or _MASKED.fullmatch(self.password) is not None


@dataclass(frozen=True)
class Search:
    """The credentials that were found, the most reliable first, and the places that were searched."""

    found: tuple[Credentials, ...]
    looked: tuple[str, ...]


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
    label, line = profile.agents.api_label, profile.deployment.password_line
    looked.append(f"the logs of the pods with app={label}")
    logged = [credentials for pod in cluster.raw_pods(app=label) for credentials in _in_logs(cluster, pod, line, name)]
    found += sorted(logged, key=lambda credentials: credentials.told_at, reverse=True)
    return _kept(Search(tuple(found), tuple(looked)))


def _kept(found: Search) -> Search:
    for credentials in found.found:
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
            for line in _log(cluster, name_of_pod, container, previous=previous):
                stamp, _, text = line.partition(" ")
                password = password_in(text, marker)
                if password is not None:
                    yield Credentials(name, password, place, stamp)


def _log(cluster: Cluster, pod: str, container: str, *, previous: bool) -> list[str]:
    path = f"/api/v1/namespaces/{cluster.namespace}/pods/{quote(pod, safe='')}/log"
    query = {"container": container, "timestamps": "true", "limitBytes": str(LOG_BYTES)}
    try:
        raw = cluster.raw(path, **query, **({"previous": "true"} if previous else {}))
    except ClusterError as error:
        if error.status in (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.NOT_FOUND,
        ):  # it has not begun, or is gone: there is no log
            return []
        raise
    return raw.decode("utf-8", "replace").split("\n")


def password_in(line: str, marker: str) -> str | None:
    """The text after `marker`, to the end of the line or of a JSON line's text; None when it is missing or empty."""
    for text in _texts(_COLOURS.sub("", line)):
        _, found, rest = text.partition(marker)
        if found and rest.strip():
            return rest.strip("\r\n")
    return None


def _texts(line: str) -> list[str]:
    if not line.lstrip().startswith("{"):
        return [line]
    try:
        logged = json.loads(line)  # not strictly: loggers write keys twice
    except (ValueError, RecursionError):
        return [line]
    return [text for text in logged.values() if isinstance(text, str)] if isinstance(logged, dict) else [line]
