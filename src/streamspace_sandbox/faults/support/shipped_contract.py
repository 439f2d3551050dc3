"""An ASGI layer that serves the contract of the shipped v2.0-beta in front of the API, which keeps the plan's.

It renames, moves and encodes; it decides nothing.
"""

import base64
import re
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Obj = dict[str, Any]

AGENTS, ADMIN_AGENTS = "/api/v1/agents", "/api/v1/admin/agents"
TEMPLATES, SESSIONS = "/api/v1/templates", "/api/v1/sessions"
_ONE_SESSION = re.compile(rf"{SESSIONS}/[^/]+")
_COMMAND = re.compile(rf"{SESSIONS}/[^/]+/(?:hibernate|wake)")
_CONNECT = re.compile(rf"{SESSIONS}/[^/]+/connect")
_ONE_TEMPLATE = re.compile(rf"{TEMPLATES}/[^/]+")
_APPROVE = re.compile(rf"{ADMIN_AGENTS}/([^/]+)/approve")
_VNC = "/api/v1/vnc/"
_SCRIPT = "/viewer/viewer.js"
SWAPPED = {"POST": "PUT", "PUT": "POST"}
SWAPPED_CHANGE = {"PATCH": "PUT", "PUT": "PATCH"}
SHIM = Path(__file__).with_name("text_frames.js")


class ShippedContract:
    """The API behind it under another contract. `approved` are the agents that an administrator has approved."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._approved: set[str] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and scope["path"].startswith(_VNC):
            await self._app(scope, _from_text(receive), _in_text(send))
        elif scope["type"] == "http":
            await self._exchange(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _exchange(self, scope: Message, receive: Receive, send: Send) -> None:
        path, method = str(scope["path"]), str(scope["method"])
        if _CONNECT.fullmatch(path) and "user" not in parse_qs(scope["query_string"].decode("latin-1")):
            await _answer(send, 400, {"error": "user parameter required"})
            return
        receive = await _translated_request(path, method, receive)
        await self._app({**scope, **_route(path, method)}, receive, _Response(self, path, method, send).send)

    def answer(self, path: str, method: str, status: int, body: Obj) -> tuple[int, Obj]:
        """The status and the object of an answer as this contract has them."""
        if approval := _APPROVE.fullmatch(path):
            self._approved |= {approval[1]} if status == 200 else set()
            return status, {"agentId": approval[1], "approvalStatus": "approved"} if status == 200 else body
        if path == "/health":
            return status, body | ({"status": "healthy"} if body.get("status") == "ok" else {})
        if status >= 400:
            return status, body
        created = (path, method, status) == (SESSIONS, "POST", 201)
        return 202 if created else status, self._object(path, method, body)

    def _object(self, path: str, method: str, body: Obj) -> Obj:
        if _COMMAND.fullmatch(path) or (_ONE_SESSION.fullmatch(path) and method == "DELETE"):
            return {"name": body.get("sessionId"), "message": body.get("message") or "requested"}
        if _CONNECT.fullmatch(path):
            parts = urlsplit(str(body.get("url", "")))
            return {"sessionUrl": f"{parts.path}?{parts.query}", "state": "running", "ready": True}
        for field, change in (("sessions", _session), ("templates", _template), ("agents", self._agent)):
            if isinstance(body.get(field), list):
                return body | {field: [change(item) for item in body[field]]}
        if "sessionId" in body:
            return _session(body)
        if _ONE_TEMPLATE.fullmatch(path) and method == "PATCH":
            return {"message": "Template updated successfully", "template": _template(body)}
        return _template(body) if path == TEMPLATES or _ONE_TEMPLATE.fullmatch(path) else body

    def _agent(self, agent: Obj) -> Obj:
        return agent | {"approvalStatus": "approved" if agent["agentId"] in self._approved else "pending"}


class _Response:
    """Collects an answer of the API and sends it translated."""

    def __init__(self, contract: ShippedContract, path: str, method: str, send: Send) -> None:
        self._contract, self._path, self._method, self._send = contract, path, method, send
        self._start: Message = {}
        self._body = b""

    async def send(self, message: Message) -> None:
        """An ASGI message of the API's answer."""
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        status, body = self._translated()
        headers = [(name, value) for name, value in self._start["headers"] if name.lower() != b"content-length"]
        length = [(b"content-length", str(len(body)).encode())]
        await self._send({**self._start, "status": status, "headers": headers + length})
        await self._send({"type": "http.response.body", "body": body})

    def _translated(self) -> tuple[int, bytes]:
        status = int(self._start["status"])
        if self._path == _SCRIPT and status == 200:
            return status, SHIM.read_bytes() + self._body
        kind = dict(self._start["headers"]).get(b"content-type", b"")
        document = orjson.loads(self._body) if b"json" in kind and self._body else None
        if not isinstance(document, dict):
            return status, self._body
        status, document = self._contract.answer(self._path, self._method, status, document)
        return status, orjson.dumps(document)


def _route(path: str, method: str) -> Obj:
    """The path and verb of the API behind for a request of this contract."""
    if _APPROVE.fullmatch(path):
        path, method = f"{AGENTS}/{path.split('/')[-2]}", "GET" if method == "POST" else "TRACE"
    elif path.startswith(ADMIN_AGENTS):
        path = path.replace(ADMIN_AGENTS, AGENTS, 1)
    elif path.startswith(AGENTS) and path != f"{AGENTS}/connect":
        path = f"/unknown{path}"
    elif _COMMAND.fullmatch(path):
        method = SWAPPED.get(method, method)
    elif _ONE_TEMPLATE.fullmatch(path):
        method = SWAPPED_CHANGE.get(method, method)
    return {"path": path, "raw_path": path.encode(), "method": method}


async def _translated_request(path: str, method: str, receive: Receive) -> Receive:
    """The same request, with the body of a template as the API behind has it."""
    if not path.startswith(TEMPLATES) or method not in ("POST", "PATCH"):
        return receive
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return receive
        body, more = body + message.get("body", b""), message.get("more_body", False)
    with_body = {"type": "http.request", "body": _template_body(body), "more_body": False}
    messages = [with_body]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again


def _template_body(body: bytes) -> bytes:
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if not isinstance(sent, dict) or not isinstance(sent.get("manifest"), dict):
        return body
    spec = sent.pop("manifest").get("spec") or {}
    moved = {"image": "baseImage", "resources": "defaultResources"}
    sent |= {field: spec[place] for field, place in moved.items() if place in spec}
    if "vnc" in spec:
        vnc = spec["vnc"]
        own = ("enabled", "protocol")
        sent["vnc"] = {name: vnc[name] for name in vnc if name not in own} if isinstance(vnc, dict) else vnc
    if "display_name" in sent:
        sent["displayName"] = sent.pop("display_name")
    for extra in ("app_type", "repository_id"):
        sent.pop(extra, None)
    return orjson.dumps(sent)


def _session(session: Obj) -> Obj:
    word = str(session.get("status", ""))
    moved = ("podName", "message")
    kept = {name: value for name, value in session.items() if name not in ("sessionId", "status", *moved)}
    status = {"phase": word[:1].upper() + word[1:]} | {name: session[name] for name in moved if session.get(name)}
    return kept | {"state": word.lower(), "status": status}


def _template(template: Obj) -> Obj:
    moved = ("id", "displayName", "image", "resources", "vnc")
    kept = {name: value for name, value in template.items() if name not in moved}
    spec = {
        "baseImage": template.get("image"),
        "defaultResources": template.get("resources"),
        "vnc": {"enabled": True, **template.get("vnc", {})},
    }
    number = zlib.crc32(str(template.get("name")).encode())
    return kept | {
        "id": number,
        "display_name": template.get("displayName"),
        "manifest": {"kind": "Template", "spec": spec},
    }


def _in_text(send: Send) -> Send:
    """The messages of the API to a viewer, as text frames of base64."""

    async def in_text(message: Message) -> None:
        if message["type"] == "websocket.send" and message.get("bytes") is not None:
            message = {"type": "websocket.send", "text": base64.b64encode(message["bytes"]).decode()}
        await send(message)

    return in_text


def _from_text(receive: Receive) -> Receive:
    """The messages of a viewer to the API: binary, also where they are text frames of base64."""

    async def from_text() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive" and message.get("text") is not None:
            return {"type": "websocket.receive", "bytes": base64.b64decode(message["text"])}
        return message

    return from_text


async def _answer(send: Send, status: int, body: Obj) -> None:
    content = orjson.dumps(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
