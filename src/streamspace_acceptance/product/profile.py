"""Contract profiles: which paths, verbs, field names and status words a StreamSpace uses. `plan` is the default."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Call:
    """One call of the API: its verb (WS for a WebSocket) and its path below the base URL."""

    method: str
    path: str

    def to(self, session_id: str = "") -> str:
        """The path for one session or template; whatever the id holds, it stays one segment."""
        return self.path.replace("{id}", quote(session_id, safe=""))


@dataclass(frozen=True)
class AgentProfile:
    """Where agents are found in Kubernetes, and what are logged. `label` is the value of the pods' label `app`.

    `went_offline` and `came_online` are parts of lines of the API's log, with {id} for the agent's id. `container` and
    `api_container` are the names of the containers of the agents' and the API's pods, where pods have more than one.
    """

    deployment: str
    label: str
    api_port: int
    heartbeat_line: str
    went_offline: str
    came_online: str
    api_label: str
    session_label: str
    container: str = ""
    api_container: str = ""


@dataclass(frozen=True)
class DeploymentProfile:
    """The deployed components, and the administrator's access.

    `components` is name -> the value of its pods' label `app`. `password_line` is what stands before the
    administrator's password in the log of the API's pods; `secret` is a Secret with the keys `username` and
    `password`, empty where the product has none for this. `log_start` is part of the first line that the API logs.
    """

    components: dict[str, str]
    images: list[str]
    admin: str
    password_line: str
    secret: str
    log_start: str = ""


Size = Mapping[str, str]
"""CPU and memory, as Kubernetes quantities."""


@dataclass(frozen=True)
class Profile:
    """A profile as its file has it: tables of calls, field names, status words, pods, agents, sizes and templates.

    `container` is the name of the desktop's container, where a session's pod has more than one.
    `viewer_page` describes the page that shows a desktop (`desktop/page_description.py`).
    """

    name: str
    calls: dict[str, Call]
    fields: dict[str, str]
    statuses: dict[str, str]
    session_label: str
    home: str
    vnc_port: int
    agents: AgentProfile
    deployment: DeploymentProfile
    sizes: dict[str, dict[str, str]]
    templates: dict[str, dict[str, Any]]
    viewer_page: dict[str, Any]
    container: str = ""

    def size(self, size: str | Size | None) -> Size | None:
        """The size of that name, or as it is given; KeyError for an unknown name."""
        return self.sizes[size] if isinstance(size, str) else size


def load(name: str = "plan") -> Profile:
    """The profile of that name; FileNotFoundError when there is none."""
    text = resources.files("streamspace_acceptance.product").joinpath("profiles", f"{name}.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return Profile(
        name=table["name"],
        calls={call: Call(**parts) for call, parts in table["calls"].items()},
        fields=table["fields"],
        statuses=table["statuses"],
        session_label=table["pods"]["session_label"],
        home=table["pods"]["home"],
        vnc_port=table["pods"]["vnc_port"],
        agents=AgentProfile(**table["agents"]),
        deployment=DeploymentProfile(**table["deployment"]),
        sizes=table["sizes"],
        templates=table["templates"],
        container=table["pods"].get("container", ""),
        viewer_page=table["viewer_page"],
    )
