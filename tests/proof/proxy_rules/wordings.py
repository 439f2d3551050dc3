"""Proxy rules by which a healthy product says the same in other words, and one that says nothing in many."""

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from tests.proof.json_rewriting import AGENTS, SESSIONS, TEMPLATES, Json, altered
from tests.proof.proxy import Reply, Rule

VAGUE = "The request is not valid."
_FIELDS = "image|name|resources|cpu|memory|vnc|port|displayName|category|colour|wheels"
_FIELD = re.compile(rf"(?<![\w.])(?:(?:resources|vnc)\.)?(?:{_FIELDS})(?![\w.])")
_COUNT = re.compile(r"\d+(?= sessions)")
_UNITS = {"m": 0.001, "Mi": 1024**2, "Gi": 1024**3, "": 1}


class Refusals(Rule):
    """The refusals of sessions and templates say what is wrong in another way. They see what was asked as well."""

    def __init__(self, say: Callable[[Json, bytes], Json]) -> None:
        self._say = say
        self._asked = b""

    def instead(self, method: str, path: str, body: bytes) -> Reply | None:
        if method == "POST":
            self._asked = body
        return None

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        refused = (method, path) in (("POST", SESSIONS), ("POST", TEMPLATES)) and 400 <= reply.status < 500
        if not refused:
            return reply
        return replace(reply, body=json.dumps(self._say(json.loads(reply.body), self._asked)).encode())


def in_a_list(said: Json, _: bytes) -> Json:
    """As FastAPI and its like do: a sentence for all, and an entry for each trouble."""
    return said | {"message": VAGUE, "details": [{"loc": ["body"], "msg": said["message"]}]}


def by_field(said: Json, _: bytes) -> Json:
    """As Rails, Laravel and Django do: the troubles of each field."""
    found = _FIELD.search(said["message"])
    return said | {"message": VAGUE, "errors": {found[0] if found else "base": [said["message"].replace("'", "")]}}


def by_pointers(said: Json, _: bytes) -> Json:
    """As validators of JSON schemas do."""
    return said | {"message": _FIELD.sub(lambda found: "#/" + found[0].replace(".", "/"), said["message"])}


def in_sentences(said: Json, _: bytes) -> Json:
    """As NestJS does: the name of the status, and a list of sentences."""
    return {"statusCode": 400, "error": "Bad Request", "message": ["the request is not valid", said["message"]]}


def in_an_object(said: Json, _: bytes) -> Json:
    """As the guides of Google and Microsoft have it: the error is an object."""
    return {"error": {"code": said["error"], "message": VAGUE, "details": [{"message": said["message"]}]}}


def in_names_of_fields(said: Json, _: bytes) -> Json:
    """The words for cpu and memory are parts of others."""
    message = re.sub(r"\bcpu\b", "vCPUs", said["message"], flags=re.IGNORECASE)
    return said | {"message": message.replace("memory", "maxMemory").replace("GiB", "G")}


def as_a_problem(said: Json, _: bytes) -> Json:
    """As RFC 9457 has it, beside the code."""
    return {"type": "about:blank", "title": "Refused", "error": said["error"], "detail": said["message"]}


def by_repeating(said: Json, asked: bytes) -> Json:
    """A vague sentence, and the whole request."""
    try:
        body = json.loads(asked)
    except ValueError:
        body = None
    return said | {"message": VAGUE, "details": [body, asked.decode()], "errors": body}


class CountsOtherwise(Rule):
    """The refusal to delete a template tells the number of its sessions in another sentence."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != "DELETE" or not path.startswith(f"{TEMPLATES}/") or reply.status != 409:
            return reply
        count = _COUNT.search(json.loads(reply.body)["message"])
        return altered(reply, message=self._sentence.format(count[0] if count else "?"))


class CountsInAField(Rule):
    """The refusal to delete a template tells the number of its sessions in a field, and not in its sentence."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != "DELETE" or not path.startswith(f"{TEMPLATES}/") or reply.status != 409:
            return reply
        count = _COUNT.search(json.loads(reply.body)["message"])
        found = {"activeSessions": int(count[0])} if count else {}
        return altered(reply, message="The template is in use.", details=found)


class Numbered(Rule):
    """The versions of templates are told as other values: `v1`, "1"."""

    def __init__(self, write: Callable[[int], object]) -> None:
        self._write = write

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not path.startswith(TEMPLATES) or reply.status >= 300 or not reply.body:
            return reply
        found = json.loads(reply.body)
        for template in (*found.get("templates", ()), *found.get("versions", ()), found):
            if "version" in template:
                template["version"] = self._write(template["version"])
        return replace(reply, body=json.dumps(found).encode())


class Amounts(Rule):
    """The resources of sessions are told as numbers: cores and bytes."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not path.startswith(SESSIONS) or reply.status >= 300 or b'"resources"' not in reply.body:
            return reply
        found = json.loads(reply.body)
        for session in found.get("sessions", [found]):
            session["resources"] = {name: _number(value) for name, value in session["resources"].items()}
        return replace(reply, body=json.dumps(found).encode())


def _number(quantity: str) -> float | int:
    digits = quantity.rstrip("mMGi")
    number = float(digits) * _UNITS[quantity[len(digits) :]]
    return int(number) if number == int(number) else number


FIRST_NUMBER = 10**12
"""So high that the digits of an id stand in no other part of a request."""


class AgentIds(Rule):
    """The API knows its agents by ids of its own, which are not the names of their pods."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if method != "GET" or not path.startswith((AGENTS, SESSIONS)) or b'"agentId"' not in reply.body:
            return reply
        found = json.loads(reply.body)
        for entry in (*found.get("agents", ()), *found.get("sessions", ()), found):
            if entry.get("agentId"):
                entry["agentId"] = str(uuid.uuid5(uuid.NAMESPACE_OID, entry["agentId"]))
        return replace(reply, body=json.dumps(found).encode())


class TemplateIds(Rule):
    """The API knows its templates by ids of its own, or by numbers; a session shows the name of its template."""

    def __init__(self, *, numbered: bool = False) -> None:
        self._numbered = numbered
        self._names: dict[str, str] = {}

    def asks(self, path: str, body: bytes) -> tuple[str, bytes]:
        for template_id, name in self._names.items():
            path, body = path.replace(template_id, name), body.replace(template_id.encode(), name.encode())
        return path, body

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if not path.startswith(TEMPLATES) or reply.status >= 300 or not reply.body:
            return reply
        found = json.loads(reply.body)
        for template in (*found.get("templates", ()), found):
            if "id" in template:
                own = uuid.uuid5(uuid.NAMESPACE_OID, template["id"])
                template_id = own.time_low + FIRST_NUMBER if self._numbered else str(own)
                self._names[str(template_id)], template["id"] = template["id"], template_id
        return replace(reply, body=json.dumps(found).encode())


class OfAnotherCluster(Rule):
    """An agent of another cluster is online, and sends its heartbeats."""

    def alter(self, method: str, path: str, reply: Reply) -> Reply:
        if (method, path) != ("GET", AGENTS) or reply.status != 200:
            return reply
        agents = json.loads(reply.body)["agents"]
        beat = datetime.now().astimezone()
        beat = beat.replace(second=beat.second // 3 * 3, microsecond=0)
        other = {"agentId": "east-agent-1", "status": "online", "lastHeartbeat": beat.isoformat(), "sessions": 0}
        return altered(reply, agents=[*agents, other])


def in_lower_case(moment: datetime) -> str:
    """As RFC 3339 allows it."""
    return moment.isoformat().replace("+00:00", "Z").lower()
