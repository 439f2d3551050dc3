"""Contract profiles: which paths, verbs, field names and status words a StreamSpace uses. `plan` is the default.

The suite speaks the plan's words. A profile says where the product has them, and `translation.py` translates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

from streamspace_acceptance.deviations import Deviation, meet
from streamspace_acceptance.product import profile_file

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call of the API: its verb (WS for a WebSocket) and its path below the base URL; no path, no such call.

    `status` is that of a success, where the plan names it.
    """

    method: str
    path: str
    status: int = 0

    def to(self, which: str = "", user: str = "") -> str:
        """The path for one session, template or agent; whatever the id holds, it stays one segment."""
        return self.path.replace("{id}", quote(which, safe="")).replace("{user}", quote(user, safe=""))


@dataclass(frozen=True)
class AgentProfile:
    """Where agents are found in Kubernetes, and what are logged. `label` is the value of the pods' `component_label`.

    `went_offline` and `came_online` are parts of lines of the API's log, with {id} for the agent's id. `session_line`
    is part of a line of an agent's log, with {id} for a session that it has made; empty for none. `container` and
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
    component_label: str = "app"
    pending: str = ""
    session_line: str = ""

    @property
    def labels(self) -> dict[str, str]:
        """The labels of the agents' pods."""
        return {self.component_label: self.label}

    @property
    def api_labels(self) -> dict[str, str]:
        """The labels of the API's pods."""
        return {self.component_label: self.api_label}


@dataclass(frozen=True)
class DeploymentProfile:
    """The deployed components, and the administrator's access.

    `components` is name -> the value of its pods' component label, or `label=value` where they have one of their own;
    empty for one that runs outside the cluster (see `Profile.component_labels`). `password_line` is what stands before
    the administrator's password in the log of the API's pods; `secret` is a Secret with the keys `username` and
    `password`, empty where the product has none for this. `log_start` is part of the first line that the API logs.
    `template_objects`: whether Kubernetes has an object of each template.
    """

    components: dict[str, str]
    images: list[str]
    admin: str
    password_line: str
    secret: str
    log_start: str = ""
    template_objects: bool = True


Size = Mapping[str, str]
"""CPU and memory, as Kubernetes quantities."""


@dataclass(frozen=True)
class Profile:
    """A profile as its file has it: tables of calls, field names, status words, pods, agents, sizes and templates.

    `fields` and `statuses` are the plan's own words, in which the suite reads a translated answer. `places` (paths with
    dots, the first that is there counts) and `words` are the product's. `bodies` are the product's request bodies, with
    the plan's fields in braces. `no_counterpart`: criterion -> why the product has nothing to judge it by.
    `container` is the name of the desktop's container, where a session's pod has more than one; `object_phase`, whether
    the session's object in Kubernetes says its status. `viewer_page` describes the page that shows a desktop
    (`desktop/page_description.py`).
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
    object_phase: bool = True
    base64_text: bool = False
    token_parameter: str = ""
    owner_alone: bool = False
    relative_addresses: bool = False
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    bodies: dict[str, Json] = field(default_factory=dict)
    no_counterpart: dict[str, str] = field(default_factory=dict)
    differences: dict[str, Deviation] = field(default_factory=dict)

    def size(self, size: str | Size | None) -> Size | None:
        """The size of that name, or as it is given; KeyError for an unknown name."""
        return self.sizes[size] if isinstance(size, str) else size

    def status_of(self, call: str, plan: int) -> int:
        """The status of a successful call, for which the plan has `plan`."""
        self.meet(f"calls.{call}.status")
        return self.calls[call].status or plan

    @property
    def component_labels(self) -> dict[str, tuple[str, str]]:
        """The label, key and value, of each component's pods; without the components outside the cluster."""
        usual = self.agents.component_label
        named = {name: value.rpartition("=") for name, value in self.deployment.components.items() if value}
        return {name: (key or usual, value) for name, (key, _, value) in named.items()}

    def meet(self, *keys: str) -> None:
        """Notes that the run meets the differences from the plan at these places of the profile, if there are any."""
        for key in keys:
            meet(self.differences.get(key))


@cache
def load(name: str = "plan") -> Profile:
    """The built-in profile of that name, or that of the file `name`, laid over `plan`; ProfileError if it is wrong."""
    plan = profile_file.plan()
    table = profile_file.read(name)
    pods = table["pods"]
    return Profile(
        name=table["name"],
        calls={call: Call(**parts) for call, parts in table["calls"].items()},
        fields=plan["fields"],
        statuses=plan["statuses"],
        session_label=pods["session_label"],
        home=pods["home"],
        vnc_port=pods["vnc_port"],
        container=pods["container"],
        object_phase=pods["object_phase"],
        base64_text=table["socket"]["base64_text"],
        token_parameter=table["socket"]["token_parameter"],
        owner_alone=table["socket"]["owner_alone"],
        relative_addresses=table["addresses"]["relative"],
        agents=AgentProfile(**table["agents"]),
        deployment=DeploymentProfile(**table["deployment"]),
        sizes=table["sizes"],
        templates=table["templates"],
        viewer_page=table["viewer_page"],
        places={name: _several(value) for name, value in table["fields"].items()},
        words={name: _several(value) for name, value in table["statuses"].items()},
        bodies=table["bodies"],
        no_counterpart=table["no_counterpart"],
        differences={deviation.key: deviation for deviation in profile_file.differences(plan, table)},
    )


def _several(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
