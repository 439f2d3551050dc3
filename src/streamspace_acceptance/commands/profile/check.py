"""Compares a contract profile with a live API. It sends only made-up ids and names, so it changes nothing."""

from __future__ import annotations

import difflib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from streamspace_acceptance.cluster.kubernetes import Cluster, ClusterError
from streamspace_acceptance.cluster.objects import Pod
from streamspace_acceptance.outcomes import Unmet
from streamspace_acceptance.product import translation
from streamspace_acceptance.product.answers import Answer
from streamspace_acceptance.product.calls import Json, ProfileCalls
from streamspace_acceptance.product.http import NoAnswer
from streamspace_acceptance.product.profile import Call, Profile
from streamspace_acceptance.strict_json import NotJson, read_body

VERBS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LISTED = {"list_sessions": "sessions", "list_templates": "templates", "list_agents": "agents"}
NEEDED = {
    "list_sessions": ("id", "status", "user", "template", "created_at"),
    "list_templates": ("template_name", "template_id", "image", "resources"),
    "list_agents": ("agent_id", "agent_status", "last_heartbeat"),
}
WORDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "list_sessions": ("status", ("created", "running", "hibernated", "failed", "terminating")),
    "list_agents": ("agent_status", ("agent_online", "agent_offline")),
}
NO_OBJECT: list[object] = []
"""A body of which no API makes anything."""
_OPEN = ("health", "login", "vnc")
_OPTIONAL = ("create_user", "delete_user")
"""The plan needs none of them: without them the rights of another user are not tried."""


class Fit(StrEnum):
    """Whether a part of a profile is what the product has; OPEN where nothing shows it."""

    OK = "OK"
    WRONG = "WRONG"
    OPEN = "OPEN"


@dataclass(frozen=True)
class Comparison:
    """A part of the profile compared with the product; `sentence` explains the result."""

    fit: Fit
    place: str
    sentence: str


def of_api(calls: ProfileCalls) -> Iterator[Comparison]:
    """Health, then each list with its entries, then whether each other call is there."""
    yield from _of_health(calls)
    for name in LISTED:
        yield from _of_list(calls, name)
    nobody = f"nobody-{secrets.token_hex(4)}"
    unknown = calls.http.call("GET", f"{calls.profile.calls['list_sessions'].path}-{nobody}")
    for name, call in calls.profile.calls.items():
        if name in LISTED or name in _OPEN:
            continue
        yield _of_call(calls, name, call, nobody, unknown) if call.path else _no_call(name)


def of_cluster(cluster: Cluster, profile: Profile) -> Iterator[Comparison]:
    """The labels of the components, and the pods of sessions, as far as there are any."""
    pods = [pod for pod in cluster.pods() if not pod.is_over]
    for name, (key, value) in profile.component_labels.items():
        place = f"deployment.components.{name}"
        values = sorted({pod.meta.labels[key] for pod in pods if key in pod.meta.labels})
        if value in values:
            yield Comparison(Fit.OK, place, f"pods have the label {key}={value}")
        else:
            yield Comparison(Fit.WRONG, place, f"no pod has the label {key}={value}: {_labels(pods, key, values)}")
    yield from _of_sessions(cluster, profile)


def _labels(pods: list[Pod], label: str, values: list[str]) -> str:
    if values:
        return f"there are {', '.join(f'{label}={value}' for value in values)}"
    keys = sorted({key for pod in pods for key in pod.meta.labels})
    return f"no pod has that label at all; there are {', '.join(keys) or 'none'} (agents.component_label)"


def _of_sessions(cluster: Cluster, profile: Profile) -> Iterator[Comparison]:
    pods = [pod for pod in cluster.raw_pods() if profile.session_label in (pod["metadata"].get("labels") or {})]
    if not pods:
        yield Comparison(
            Fit.OPEN, "pods", f"no pod has the label {profile.session_label}: start a session and check again"
        )
        return
    containers = pods[0]["spec"]["containers"]
    names = [str(container["name"]) for container in containers]
    fits = len(names) == 1 or profile.container in names
    yield Comparison(Fit.OK if fits else Fit.WRONG, "pods.container", f"a session's pod has {', '.join(names)}")
    paths = [str(mount["mountPath"]) for container in containers for mount in container.get("volumeMounts") or ()]
    fits = profile.home in paths
    yield Comparison(
        Fit.OK if fits else Fit.WRONG, "pods.home", f"a session's pod mounts volumes at {', '.join(paths)}"
    )


def _of_health(calls: ProfileCalls) -> Iterator[Comparison]:
    profile, call = calls.profile, calls.profile.calls["health"]
    try:
        answer = calls.call_as(None, "health")
    except NoAnswer as error:
        yield Comparison(Fit.WRONG, "calls.health", str(error))
        return
    body = _body(answer)
    if not answer.ok or body is None:
        yield Comparison(Fit.WRONG, "calls.health", f"{_shown(call)} is answered {answer.gist}")
        return
    word = translation.read(body, profile.places["health"])
    if word is None:
        yield Comparison(Fit.WRONG, "fields.health", _missing(body, profile.places["health"]))
    elif word not in profile.words["healthy"]:
        yield Comparison(
            Fit.WRONG, "statuses.healthy", f"the product says {word!r}, the profile {_or(profile, 'healthy')}"
        )
    else:
        yield Comparison(Fit.OK, "calls.health", f"{_shown(call)} says {word!r}")


def _of_list(calls: ProfileCalls, name: str) -> Iterator[Comparison]:
    profile, call = calls.profile, calls.profile.calls[name]
    if not call.path:
        yield _no_call(name)
        return
    answer = calls.call_once(name)
    body = _body(answer)
    if not answer.ok or body is None:
        yield Comparison(Fit.WRONG, f"calls.{name}", f"{_shown(call)} is answered {answer.gist}")
        return
    field = LISTED[name]
    items = translation.read(body, profile.places[field])
    if not isinstance(items, list):
        yield Comparison(Fit.WRONG, f"fields.{field}", _missing(body, profile.places[field]))
        return
    yield Comparison(Fit.OK, f"calls.{name}", f"{_shown(call)} lists {len(items)}")
    entries = [item for item in items if isinstance(item, dict)]
    if not entries:
        yield Comparison(
            Fit.OPEN, f"fields.{field}", f"the list has no entry: let there be one of the {field} and check again"
        )
    for needed in NEEDED[name] if entries else ():
        yield from _of_field(profile, needed, entries)
    if name in WORDS:
        yield from _of_words(profile, *WORDS[name], entries)


def _of_field(profile: Profile, field: str, entries: list[Json]) -> Iterator[Comparison]:
    lacking = [entry for entry in entries if translation.read(entry, profile.places[field]) is None]
    if lacking:
        yield Comparison(Fit.WRONG, f"fields.{field}", _missing(lacking[0], profile.places[field]))
    else:
        yield Comparison(Fit.OK, f"fields.{field}", f"every entry has {' or '.join(profile.places[field])}")


def _of_words(profile: Profile, field: str, statuses: tuple[str, ...], entries: list[Json]) -> Iterator[Comparison]:
    known = {word for status in statuses for word in profile.words[status]}
    words = {str(translation.read(entry, profile.places[field])) for entry in entries}
    for word in sorted(words - known):
        close = difflib.get_close_matches(word.lower(), [known_word.lower() for known_word in known], 1)
        hint = f"is it another word for {close[0]}?" if close else "a status on the way to another needs no entry"
        yield Comparison(Fit.OPEN, "statuses", f"the product says {word!r}, which the profile does not name: {hint}")


def _of_call(calls: ProfileCalls, name: str, call: Call, nobody: str, unknown: Answer) -> Comparison:
    body: object = None
    if name == "create_session":
        body = {calls.profile.fields["user"]: nobody, calls.profile.fields["template"]: nobody}
    elif call.method in ("POST", "PUT", "PATCH"):
        body = NO_OBJECT
    answer = calls.call_once(name, nobody, body, user=nobody)
    if not _is_missing(answer, unknown):
        return Comparison(Fit.OK, f"calls.{name}", f"{_shown(call)} is there ({answer.status} to made-up names)")
    others = [
        verb for verb in VERBS if verb != call.method and not _is_missing(_try(calls, verb, call, nobody), unknown)
    ]
    if name in _OPTIONAL and not others:
        return Comparison(Fit.OPEN, f"calls.{name}", f"{_shown(call)} is not there, and the plan does not need it")
    hint = f"it has {', '.join(others)} (calls.{name}.method)" if others else f"it has no verb (calls.{name}.path)"
    return Comparison(Fit.WRONG, f"calls.{name}", f"{_shown(call)} is not there: {hint}")


def _try(calls: ProfileCalls, verb: str, call: Call, nobody: str) -> Answer:
    """The same path by another verb, about nothing that exists."""
    return calls.http.call(verb, call.to(nobody, nobody), NO_OBJECT if verb in ("POST", "PUT", "PATCH") else None)


def _is_missing(answer: Answer, unknown: Answer) -> bool:
    if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
        return True
    return answer.status == HTTPStatus.NOT_FOUND == unknown.status and _kind(answer) == _kind(unknown)


def _kind(answer: Answer) -> object:
    """The difference between the 404 of a path and that of an id: the error's code, or the text."""
    body = _body(answer)
    return answer.excerpt() if body is None else (sorted(body), body.get("error"))


def _no_call(name: str) -> Comparison:
    return Comparison(Fit.OPEN, f"calls.{name}", "the profile has no such call")


def _body(answer: Answer) -> Json | None:
    """The product's own words, untranslated."""
    try:
        return read_body(answer.body)
    except (NotJson, Unmet):
        return None


def _missing(body: Json, places: tuple[str, ...]) -> str:
    there = ", ".join(_paths(body))
    close = difflib.get_close_matches(places[0], _paths(body), 1, cutoff=0.5)
    return (
        f"there is no {' or '.join(places)}{f', is it {close[0]}?' if close else ''} (there are {there or 'no fields'})"
    )


def _paths(body: Json, before: str = "") -> list[str]:
    """The paths of the values in an object, three deep at most."""
    found: list[str] = []
    for name, value in body.items():
        path = f"{before}{name}"
        deeper = isinstance(value, dict) and path.count(".") < 2
        found += _paths(value, f"{path}.") if deeper else [path]
    return found


def _shown(call: Call) -> str:
    return f"{call.method} {call.path}"


def _or(profile: Profile, status: str) -> str:
    return " or ".join(map(repr, profile.words[status]))


def unreadable(error: ClusterError) -> Comparison:
    """That Kubernetes could not be asked."""
    return Comparison(Fit.OPEN, "Kubernetes", str(error))
