"""Proxy rules about sessions of a template that is changed or deleted, and about changes that should be refused."""

import json
import time
from dataclasses import replace

from tests.proof.json_rewriting import SESSIONS, TEMPLATES, Json, altered, refusal
from tests.proof.proxy import Reply, Rule
from tests.proof.proxy_rules.templates import NOT_FOUND, template_of

RUNNING = ("Running", "Hibernated")


def _woken(method: str, path: str) -> str | None:
    """The session that a request wakes; None for any other request."""
    return path.split("/")[-2] if method == "POST" and path.endswith("/wake") else None


class WokenFromTemplate(Rule):
    """A session that is woken has what its template has now."""

    def __init__(self) -> None:
        self._changed: dict[str, Json] = {}
        self._woken: set[str] = set()

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name, woken = template_of(path), _woken(method, path)
        if method == "PUT" and name is not None and reply.status == 200:
            template = json.loads(reply.body)
            self._changed[name] = {"image": template["image"], "resources": template["resources"]}
        if woken is not None and reply.status < 300:
            self._woken.add(woken)
        if method == "GET" and path.rpartition("/")[2] in self._woken and reply.status == 200:
            return altered(reply, **self._changed.get(json.loads(reply.body)["template"], {}))
        return reply


class NewSessionsLate(Rule):
    """Sessions that are created within so many seconds of a template's change have what it had first."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._first: dict[str, Json] = {}
        self._changed: dict[str, float] = {}
        self._stale: set[str] = set()

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) == ("POST", TEMPLATES) and reply.status == 201:
            made = json.loads(reply.body)
            self._first[made["id"]] = {"image": made["image"], "resources": made["resources"]}
        if method == "PUT" and reply.status == 200:
            self._changed[template_of(path) or ""] = time.monotonic()
        if (method, path) == ("POST", SESSIONS) and reply.status == 201:
            session = json.loads(reply.body)
            if time.monotonic() - self._changed.get(session["template"], float("-inf")) < self._seconds:
                self._stale.add(session["sessionId"])
        if method == "GET" and path.rpartition("/")[2] in self._stale and reply.status == 200:
            return altered(reply, **self._first.get(json.loads(reply.body)["template"], {}))
        return reply


class CannotWake(Rule):
    """A session whose template has changed since its creation cannot be woken."""

    def __init__(self) -> None:
        self._made: dict[str, set[str]] = {}
        self._stale: set[str] = set()

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        stale = _woken(method, path) in self._stale
        return (
            refusal(409, "template_changed", "The session is of a former version of its template.") if stale else None
        )

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) == ("POST", SESSIONS) and reply.status == 201:
            session = json.loads(reply.body)
            self._made.setdefault(session["template"], set()).add(session["sessionId"])
        if method == "PUT" and reply.status == 200:
            self._stale |= self._made.get(template_of(path) or "", set())
        return reply


class StartingDoNotCount(Rule):
    """A template can be deleted, by the answer, while its sessions have not come to run."""

    def __init__(self) -> None:
        self._templates: dict[str, str] = {}
        self._run: set[str] = set()

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if path.startswith(SESSIONS) and reply.status in (200, 201):
            found = json.loads(reply.body)
            for session in found.get("sessions", [found]):
                self._templates |= {session["sessionId"]: session["template"]} if "template" in session else {}
                self._run |= {session["sessionId"]} if session.get("status") in RUNNING else set()
        name = template_of(path)
        used = any(self._templates[session] == name for session in self._run & self._templates.keys())
        return Reply(204, "application/json", b"") if method == "DELETE" and reply.status == 409 and not used else reply


class KnownLate(Rule):
    """A template that was created is not known by its id for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._made: dict[str, float] = {}

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) == ("POST", TEMPLATES) and reply.status == 201:
            self._made[json.loads(reply.body)["id"]] = time.monotonic()
        is_new = time.monotonic() - self._made.get(template_of(path) or "", float("-inf")) < self._seconds
        return NOT_FOUND if method == "GET" and is_new else reply


class MadeAllTheSame(Rule):
    """A change of a template that was refused for its image is made all the same."""

    def __init__(self) -> None:
        self._asked: Json = {}
        self._made: dict[str, object] = {}

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        self._asked = json.loads(body) if method == "PUT" else {}
        return None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name = template_of(path) or ""
        if method == "PUT" and reply.status == 400 and "image" in self._asked:
            self._made[name] = self._asked["image"]
        is_made = method == "GET" and name in self._made and reply.status == 200
        return altered(reply, image=self._made[name]) if is_made else reply


class TakesChanges(Rule):
    """A change of a template to a cpu below zero is accepted, by the answer."""

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        resources = json.loads(body).get("resources") if method == "PUT" else None
        is_it = isinstance(resources, dict) and str(resources.get("cpu")).startswith("-")
        return Reply(200, "application/json", json.dumps({"id": template_of(path)}).encode()) if is_it else None


class VersionsHold(Rule):
    """Each version of a template in its history holds the template in an object of its own."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != "GET" or not path.endswith("/versions") or reply.status != 200:
            return reply
        found = json.loads(reply.body)
        versions = [{"version": version.pop("version"), "template": version} for version in found["versions"]]
        return replace(reply, body=json.dumps(found | {"versions": versions}).encode())
