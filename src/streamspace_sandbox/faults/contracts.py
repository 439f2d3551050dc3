"""Other contracts of the same product: a layer in front of the API, and Kubernetes objects as another release has them.

A contract is a set of patches, as a planted fault is, so that a fault can be planted behind it.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from streamspace_sandbox.faults.patching import Patch, filter_log, wrap
from streamspace_sandbox.faults.support.shipped_contract import ShippedContract
from streamspace_sandbox.kubernetes.machinery.resources import DEPLOYMENTS

STORE = "streamspace_sandbox.kubernetes.registry.store:Store"
COMPONENT_LABEL = "app.kubernetes.io/component"
COMPONENTS = {
    "streamspace-api": "api",
    "streamspace-k8s-agent": "k8s-agent",
    "streamspace-postgres": "database",
    "streamspace-redis": "redis",
}
OF_THE_PRODUCT = {b"8080": b"8000"}
OF_A_SESSION = {b'"/home/user"': b'"/config"', b'"name":"desktop"': b'"name":"session"'}
TRANSITIONS = {
    "status online -> offline": "Unregistered agent: %s",
    "status offline -> online": "Registered agent: %s",
}

Obj = dict[str, Any]


def _objects(original: Callable[..., Any], store: Any, resource: Any, obj: Obj, **options: Any) -> Any:
    """Each new object as the shipped release has it: ports, the home, container names, labels."""
    name = str(obj["metadata"].get("name", ""))
    if name.startswith("streamspace-"):
        obj = _rewritten(obj, OF_THE_PRODUCT)
    elif resource == DEPLOYMENTS:
        obj = _rewritten(obj, OF_A_SESSION)
    if resource == DEPLOYMENTS and name in COMPONENTS:
        obj["spec"]["template"]["metadata"]["labels"][COMPONENT_LABEL] = COMPONENTS[name]
    if resource == DEPLOYMENTS and name == "streamspace-api":
        container = obj["spec"]["template"]["spec"]["containers"][0]
        container["env"].append({"name": "LISTEN_PORT", "value": "8000"})
    return original(store, resource, obj, **options)


def _rewritten(obj: Obj, texts: Mapping[bytes, bytes]) -> Obj:
    text = orjson.dumps(obj)
    for old, new in texts.items():
        text = text.replace(old, new)
    rewritten: Obj = orjson.loads(text)
    return rewritten


def _of_no_template(original: Callable[..., Any], sync: Any, _templates: list[Obj]) -> None:
    """Templates are in the database alone."""
    original(sync, [])


def _in_front(original: Callable[..., Any], *arguments: Any) -> Any:
    return ShippedContract(original(*arguments))


def _reworded(record: logging.LogRecord) -> bool:
    """The transitions of agents in the shipped release's words."""
    for words, others in TRANSITIONS.items():
        if words in str(record.msg) and isinstance(record.args, tuple):
            record.msg, record.args = others, record.args[:1]  # the agent alone, whatever else was told of it
    return True


CONTRACTS: dict[str, Mapping[str, tuple[Patch, ...]]] = {
    "shipped-v2.0-beta": {
        "kubernetes": (wrap(f"{STORE}.create", _objects),),
        "agent": (wrap("streamspace_sandbox.streamspace.agent.template_sync:TemplateSync.want", _of_no_template),),
        "api": (
            wrap("streamspace_sandbox.streamspace.api.app:create_app", _in_front),
            filter_log("streamspace_sandbox.streamspace.api.agents", _reworded),
        ),
    },
}
"""The patches of each contract, by component."""
