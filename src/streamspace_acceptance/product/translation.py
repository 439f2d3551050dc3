"""Translation between the plan's words, which the suite uses, and those of the active profile.

Answers are translated when they are read as objects; what the evidence shows is what the product sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin

from streamspace_acceptance.product.http import HttpClient, View
from streamspace_acceptance.product.profile import Profile
from streamspace_acceptance.strict_json import ITSELF, NotAnObject

Json = dict[str, Any]

_SESSION = ("id", "name", "status", "user", "template", "created_at", "request_id", "agent_id", "message", "pod_name")
_TEMPLATE = (
    *("template_name", "template_id", "version", "display_name", "description"),
    *("image", "category", "resources", "vnc"),
)
_AGENT = ("agent_id", "agent_status", "last_heartbeat", "approval")
_CALLS: dict[str, tuple[str, ...]] = {
    "create_session": tuple(name if name != "status" else "created_status" for name in _SESSION),
    "get_session": _SESSION,
    "hibernate_session": ("id", "status", "command", "message"),
    "wake_session": ("id", "status", "command", "message"),
    "connect_session": ("vnc_url",),
    "create_template": _TEMPLATE,
    "get_template": _TEMPLATE,
    "change_template": _TEMPLATE,
    "health": ("health",),
    "login": ("login_token",),
    "create_user": ("account",),
}
"""The fields of each call's answer."""
_LISTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "list_sessions": ("sessions", _SESSION),
    "list_templates": ("templates", _TEMPLATE),
    "list_template_versions": ("versions", _TEMPLATE),
    "list_agents": ("agents", _AGENT),
}
"""The list in the answer to each of these calls, and the fields of its entries."""
_ERROR = ("error", "message")
_STATES = ("running", "hibernated", "failed", "terminating")
_WORDS: dict[str, tuple[str, ...]] = {
    "status": _STATES,
    "created_status": ("created",),
    "agent_status": ("agent_online", "agent_offline"),
    "command_status": ("command_waiting",),
    "health": ("healthy",),
}
"""The statuses that a field may have."""
_BRACES = re.compile(r"\{([\w.]+)\}")
_LEFT_OUT = object()


def view(profile: Profile, call: str, http: HttpClient) -> View | None:
    """How the answer to a call of the profile reads in the plan's words; None where it needs no translation."""
    if not profile.differences:
        return None
    return lambda body: _answer(profile, call, http.base_url, body)


def body(profile: Profile, call: str, sent: object) -> object:
    """The body of a request as the profile has it; what the profile does not name stays where the plan has it."""
    pattern = profile.bodies.get(call)
    if pattern is None or not isinstance(sent, dict):
        return sent
    profile.meet(f"bodies.{call}")
    used = _named(pattern)
    filled = _filled(pattern, sent)
    return (filled if isinstance(filled, dict) else {}) | {
        name: value for name, value in sent.items() if name not in used
    }


def carries(profile: Profile, call: str, field: str) -> bool:
    """Whether the body of a request has a place for a field of the plan; the plan's own body has one for each."""
    pattern = profile.bodies.get(call)
    return pattern is None or field in _named(pattern)


def names_of(profile: Profile, call: str, field: str) -> set[str]:
    """The names that a field of the plan has in the body of a request: the plan's, and the profile's own."""
    return {field} | set(_keys(profile.bodies.get(call, {}), f"{{{field}}}"))


def read(item: Json, paths: Iterable[str]) -> object:
    """The first existing value of those at paths with dots; None if there is none."""
    return next((value for value in (_at(item, path) for path in paths) if value is not None), None)


def _answer(profile: Profile, call: str, base_url: str, body: Json) -> Json:
    if ITSELF in body and not (call in _LISTS and ITSELF in profile.places[_LISTS[call][0]]):
        raise NotAnObject(body[ITSELF])
    if call in _LISTS:
        field, fields = _LISTS[call]
        items = _translated(profile, (field,), body).get(profile.fields[field])
        if not isinstance(items, list):
            return _translated(profile, _ERROR, body)
        entries = [_translated(profile, fields, item) if isinstance(item, dict) else item for item in items]
        if call == "list_template_versions":  # a version may hold less than a template, in the plan's places
            entries = [
                item | entry if isinstance(item, dict) else item for item, entry in zip(items, entries, strict=True)
            ]
        return body | {profile.fields[field]: entries}
    translated = _translated(profile, (*_CALLS.get(call, ()), *_ERROR), body)
    command = translated.get(profile.fields["command"])
    if isinstance(command, dict):
        translated[profile.fields["command"]] = _translated(profile, ("command_status",), command)
    url = translated.get(profile.fields["vnc_url"])
    if call == "connect_session" and profile.relative_addresses and isinstance(url, str) and url.startswith("/"):
        profile.meet("addresses.relative")
        translated[profile.fields["vnc_url"]] = urljoin(base_url, url)
    return translated


def _translated(profile: Profile, fields: Iterable[str], item: Json) -> Json:
    """`item` with each of the fields where the plan has it; a field that the product has elsewhere leaves its place."""
    translated = dict(item)
    for field in fields:
        plan, places = profile.fields[field], profile.places[field]
        value = _worded(profile, field, read(item, places))
        if value == item.get(plan):
            continue
        profile.meet(f"fields.{field}")
        if value is None:
            translated.pop(plan, None)
        else:
            translated[plan] = value
    return translated


def _worded(profile: Profile, field: str, value: object) -> object:
    """The plan's word for a status that the product words differently."""
    for status in _WORDS.get(field, ()):
        if value in profile.words[status] and value != profile.statuses[status]:
            profile.meet(f"statuses.{status}")
            return profile.statuses[status]
    return value


def _at(item: object, path: str, absent: object = None) -> object:
    for part in path.split("."):
        item = item.get(part, absent) if isinstance(item, dict) else absent
    return item


def _keys(pattern: Json, wanted: str) -> Iterator[str]:
    """The keys under which `wanted` stands in a pattern."""
    for key, part in pattern.items():
        if isinstance(part, dict):
            yield from _keys(part, wanted)
        elif part == wanted:
            yield key


def _filled(pattern: object, sent: Json) -> object:
    """A pattern with the plan's fields in their places; a field that the body does not have is left out.

    Where the plan has a table and the body something else, the pattern's table gives way to it: a mistake stays one.
    """
    if isinstance(pattern, str):
        whole = _BRACES.fullmatch(pattern)
        return pattern if whole is None else _at(sent, whole[1], _LEFT_OUT)
    if isinstance(pattern, dict):
        for field in _tables(pattern):
            if not isinstance(sent.get(field, {}), dict):
                return sent[field]
        parts = {name: _filled(part, sent) for name, part in pattern.items()}
        return {name: part for name, part in parts.items() if part is not _LEFT_OUT}
    return pattern


def _named(pattern: Json) -> set[str]:
    """The fields of the plan that a pattern names, in whole or in part."""
    return {field.partition(".")[0] for field in _BRACES.findall(repr(pattern))}


def _tables(pattern: Json) -> Iterator[str]:
    """The plan's fields of which a pattern has a part, `vnc` for `{vnc.port}`."""
    for part in pattern.values():
        if isinstance(part, str) and (whole := _BRACES.fullmatch(part)) and "." in whole[1]:
            yield whole[1].partition(".")[0]
