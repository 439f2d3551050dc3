"""Proxy rules about templates."""

import json
import time
from dataclasses import replace

from tests.proof.json_rewriting import SESSIONS, TEMPLATES, Json, altered, each_of, refusal
from tests.proof.proxy import Reply, Rule

NOT_FOUND = refusal(404, "template_not_found", "There is no such template.")


def template_of(path: str) -> str | None:
    """The template that a path is of; None for any other path."""
    return path.removeprefix(f"{TEMPLATES}/") if path.startswith(f"{TEMPLATES}/") and path.count("/") == 4 else None


class GoesAllTheSame(Rule):
    """A template whose deletion was refused is gone a while later, until it is deleted once more."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._refused: dict[str, float] = {}

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        name = template_of(path)
        if method == "DELETE" and name is not None and self._is_gone(name):
            del self._refused[name]
        return NOT_FOUND if self._is_gone(name) else None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name = template_of(path)
        if method == "DELETE" and name is not None and reply.status == 409:
            self._refused.setdefault(name, time.monotonic())
        if (method, path) == ("GET", TEMPLATES):
            return each_of(reply, "templates", lambda each: None if self._is_gone(each["id"]) else each)
        return reply

    def _is_gone(self, name: str | None) -> bool:
        since = self._refused.get(name or "")
        return since is not None and time.monotonic() - since > self._seconds


class AnySessionCounts(Rule):
    """No template can be deleted while there is a session of any."""

    def __init__(self) -> None:
        self._count = 0

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if method == "DELETE" and template_of(path) is not None and self._count:
            return refusal(409, "template_in_use", f"Template in use by {self._count} sessions")
        return None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) == ("GET", SESSIONS):
            self._count = len(json.loads(reply.body)["sessions"])
        return reply


class OnlyHidden(Rule):
    """A template that was deleted is only out of sight: its name stays taken."""

    def __init__(self) -> None:
        self._hidden: set[str] = set()

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if (method, path) == ("POST", TEMPLATES) and json.loads(body).get("name") in self._hidden:
            return refusal(409, "template_exists", "There is a template of that name already.")
        return None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name = template_of(path)
        if method == "DELETE" and name is not None and reply.status < 300:
            self._hidden.add(name)
        return reply


class ChangesLate(Rule):
    """A while after a change of a template the API says of its older sessions what the template says now."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._changed: dict[str, tuple[float, str]] = {}

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name = template_of(path)
        if method == "PUT" and name is not None and reply.status == 200:
            self._changed[name] = time.monotonic(), json.loads(reply.body)["image"]
        if method == "GET" and path.startswith(f"{SESSIONS}/") and reply.status == 200 and path.count("/") == 4:
            since, image = self._changed.get(json.loads(reply.body)["template"], (float("inf"), ""))
            if time.monotonic() - since > self._seconds:
                return altered(reply, image=image)
        return reply


class NoContent(Rule):
    """A change of a template is answered without content."""

    def __init__(self, status: int = 204) -> None:
        self._status = status

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        is_change = method == "PUT" and template_of(path) is not None and reply.status == 200
        return replace(reply, status=self._status, body=b"") if is_change else reply


class ChangedByRefusal(Rule):
    """A template whose deletion was refused has another image from then on."""

    def __init__(self) -> None:
        self._refused: set[str] = set()

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name = template_of(path)
        if method == "DELETE" and name is not None and reply.status == 409:
            self._refused.add(name)
        if method == "GET" and name in self._refused and reply.status == 200:
            return altered(reply, image="streamspace/deleted:latest")
        return reply


class ComesBack(Rule):
    """A deleted template is there again a while after the API first said that it is gone."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: dict[str, Json] = {}
        self._gone: dict[str, float] = {}

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name = template_of(path)
        if method == "GET" and name is not None and reply.status == 200:
            self._known[name] = json.loads(reply.body)
        if method == "GET" and name in self._known and reply.status == 404:
            self._gone.setdefault(name, time.monotonic())
        back = [known for known, at in self._gone.items() if time.monotonic() - at > self._seconds]
        if (method, path) == ("GET", TEMPLATES):
            return altered(
                reply, templates=[*json.loads(reply.body)["templates"], *(self._known[known] for known in back)]
            )
        if method == "GET" and name in back:
            return Reply(200, "application/json", json.dumps(self._known[name]).encode())
        return reply


class _AfterRefusal(Rule):
    """`_refused` holds the templates whose deletion was refused."""

    def __init__(self) -> None:
        self._refused: set[str] = set()

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name = template_of(path)
        if method == "DELETE" and name is not None and reply.status == 409:
            self._refused.add(name)
        return reply


class LeavesTheList(_AfterRefusal):
    """A template whose deletion was refused is not in the list from then on, though it is there by its id."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        reply = super().alter(method, path, reply)
        if (method, path) == ("GET", TEMPLATES):
            return each_of(reply, "templates", lambda found: None if found["id"] in self._refused else found)
        return reply


class CannotBeRead(_AfterRefusal):
    """A template whose deletion was refused is not there by its id from then on, though the list has it."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        reply = super().alter(method, path, reply)
        return NOT_FOUND if method == "GET" and template_of(path) in self._refused else reply


class StaysListed(Rule):
    """A deleted template is not there by its id, and stays in the list for so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._known: dict[str, Json] = {}
        self._gone: dict[str, float] = {}

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name = template_of(path)
        if method == "DELETE" and name in self._known and reply.status < 300:
            self._gone[name] = time.monotonic()
        if (method, path) != ("GET", TEMPLATES):
            return reply
        listed = json.loads(reply.body)["templates"]
        self._known |= {template["id"]: template for template in listed}
        there = {template["id"] for template in listed}
        stays = [gone for gone, at in self._gone.items() if gone not in there and time.monotonic() - at < self._seconds]
        return altered(reply, templates=[*listed, *(self._known[gone] for gone in stays)])


class CostsOthers(Rule):
    """Once a template was deleted, the sessions of other templates have failed."""

    def __init__(self) -> None:
        self._is_deleted = False

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method == "DELETE" and template_of(path) is not None and reply.status < 300:
            self._is_deleted = True
        if self._is_deleted and (method, path) == ("GET", SESSIONS):
            return each_of(reply, "sessions", lambda session: session | {"status": "Failed"})
        return reply


class ChangesUndone(Rule):
    """Some seconds after a template was changed for the last time, it reads as before its first change."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._read: dict[str, Json] = {}
        self._changed: dict[str, float] = {}

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name = template_of(path)
        if method == "PUT" and name is not None and reply.status == 200:
            self._changed[name] = time.monotonic()
        if (method, path) == ("GET", TEMPLATES):
            return each_of(reply, "templates", self._as_it_was)
        if method == "GET" and name is not None and reply.status == 200:
            template = json.loads(reply.body)
            if name not in self._changed:
                self._read[name] = template
            return replace(reply, body=json.dumps(self._as_it_was(template)).encode())
        return reply

    def _as_it_was(self, template: Json) -> Json:
        is_over = time.monotonic() - self._changed.get(template["id"], float("inf")) > self._seconds
        return self._read[template["id"]] if is_over else template


class RefusesOnce(Rule):
    """The first deletion of a template in use is refused; each later one is said to be done."""

    def __init__(self) -> None:
        self._refused: set[str] = set()

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        name = template_of(path)
        if method != "DELETE" or name is None or reply.status != 409:
            return reply
        if name in self._refused:
            return Reply(204, "application/json", b"")
        self._refused.add(name)
        return reply


class CutShort(Rule):
    """A list ends after so many entries, and names no next page."""

    def __init__(self, path: str, field: str, most: int) -> None:
        self._path, self._field, self._most = path, field, most

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) != ("GET", self._path) or reply.status != 200:
            return reply
        first = json.loads(reply.body)[self._field][: self._most]
        return altered(reply, **{self._field: first}, total=len(first))
