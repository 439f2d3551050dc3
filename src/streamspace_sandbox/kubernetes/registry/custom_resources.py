"""Custom resources: the kind that a CustomResourceDefinition makes the API serve, in one version."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from streamspace_sandbox.kubernetes.machinery.errors import Cause
from streamspace_sandbox.kubernetes.machinery.objects import timestamp
from streamspace_sandbox.kubernetes.machinery.printing import parse_json_path
from streamspace_sandbox.kubernetes.machinery.resources import Key, Obj, Registry, Resource
from streamspace_sandbox.kubernetes.machinery.schema import KEYWORDS, TYPES, Schema
from streamspace_sandbox.kubernetes.registry.builtin_types import OBJECT_META
from streamspace_sandbox.kubernetes.registry.watch_feed import Event

_COLUMN_TYPES = ("integer", "number", "string", "boolean", "date")


@dataclass(frozen=True)
class PrinterColumn:
    """One entry of `additionalPrinterColumns`."""

    name: str
    type: str
    json_path: str
    description: str
    priority: int


def resource_of(definition: Obj) -> Resource:
    """The kind that a valid definition makes the API serve."""
    spec = definition["spec"]
    names, version = spec["names"], spec["versions"][0]
    return Resource(
        spec["group"],
        version["name"],
        names["plural"],
        names["kind"],
        spec["scope"] == "Namespaced",
        names.get("singular") or names["kind"].lower(),
        tuple(names.get("shortNames") or ()),
        tuple(names.get("categories") or ()),
        has_status="status" in (version.get("subresources") or {}),
        has_generation=True,
        custom=True,
    )


class CustomResources:
    """The custom kinds that are served at the moment; `follow` gets each change of a definition.

    `purge` removes all objects of a kind.
    """

    def __init__(self, served: Registry, purge: Callable[[Resource], None]) -> None:
        self._served = served
        self._purge = purge
        self._versions: dict[Key, Obj] = {}

    def schema(self, resource: Resource) -> Schema:
        """The structural schema of a served custom kind, with the envelope that every object has."""
        given = self._versions[resource.key]["schema"]["openAPIV3Schema"]
        envelope = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": OBJECT_META}
        return {**given, "properties": {**given.get("properties", {}), **envelope}}

    def columns(self, resource: Resource) -> list[PrinterColumn]:
        columns = self._versions[resource.key].get("additionalPrinterColumns") or []
        return [
            PrinterColumn(c["name"], c["type"], c["jsonPath"], c.get("description", ""), c.get("priority", 0))
            for c in columns
        ]

    def follow(self, event: Event) -> None:
        """Serve the kind of the changed definition; a deleted definition takes its objects with it."""
        resource = resource_of(event.object)
        if event.type == "DELETED":
            self._purge(resource)
        self._served.withdraw(resource.key)
        if event.type != "DELETED":
            self._versions[resource.key] = event.object["spec"]["versions"][0]
            self._served.serve(resource)


def complete_definition(definition: Obj) -> None:
    """Fill in what a definition may leave out."""
    names = definition["spec"]["names"]
    names.setdefault("singular", names["kind"].lower())
    names.setdefault("listKind", f"{names['kind']}List")
    definition["spec"].setdefault("conversion", {"strategy": "None"})


def established(definition: Obj) -> Obj:
    """The status of a definition that is served."""
    now = timestamp()
    conditions = (("NamesAccepted", "NoConflicts", "no conflicts found"),
                  ("Established", "InitialNamesAccepted", "the initial names have been accepted"))  # fmt: skip
    return {
        "acceptedNames": definition["spec"]["names"],
        "storedVersions": [version["name"] for version in definition["spec"]["versions"]],
        "conditions": [
            {"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message}
            for kind, reason, message in conditions
        ],
    }


def definition_violations(definition: Obj) -> Iterator[Cause]:
    """The violations of a definition whose fields have the right types."""
    spec = definition["spec"]
    expected = f"{spec['names']['plural']}.{spec['group']}"
    if definition["metadata"]["name"] != expected:
        message = f'Invalid value: "{definition["metadata"]["name"]}": must be spec.names.plural+"."+spec.group'
        yield Cause("metadata.name", message)
    if spec["scope"] not in ("Namespaced", "Cluster"):
        message = f'Unsupported value: "{spec["scope"]}": supported values: "Cluster", "Namespaced"'
        yield Cause("spec.scope", message, "FieldValueNotSupported")
    if [(version["served"], version["storage"]) for version in spec["versions"]] != [(True, True)]:
        yield Cause("spec.versions", "Invalid value: this API server serves exactly one version, which is stored")
    for index, version in enumerate(spec["versions"]):
        yield from _version_violations(version, f"spec.versions[{index}]")


def _version_violations(version: Obj, path: str) -> Iterator[Cause]:
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if not isinstance(schema, dict):
        yield Cause(f"{path}.schema.openAPIV3Schema", "Required value: schemas are required", "FieldValueRequired")
    else:
        yield from _schema_violations(schema, f"{path}.schema.openAPIV3Schema")
    for name in (version.get("subresources") or {}).keys() - {"status"}:
        yield _unsupported(f"{path}.subresources.{name}")
    for number, column in enumerate(version.get("additionalPrinterColumns") or []):
        where = f"{path}.additionalPrinterColumns[{number}]"
        if column["type"] not in _COLUMN_TYPES:
            supported = ", ".join(f'"{kind}"' for kind in _COLUMN_TYPES)
            message = f'Unsupported value: "{column["type"]}": supported values: {supported}'
            yield Cause(f"{where}.type", message, "FieldValueNotSupported")
        try:
            parse_json_path(column["jsonPath"])
        except ValueError as error:
            yield Cause(f"{where}.jsonPath", f"Invalid value: {error}")


def _schema_violations(schema: Any, path: str) -> Iterator[Cause]:
    """Keywords that this API server does not support are refused, not ignored."""
    if not isinstance(schema, dict):
        yield Cause(path, "Invalid value: a schema is an object")
        return
    for keyword in sorted(schema.keys() - KEYWORDS):
        yield _unsupported(f"{path}.{keyword}")
    loose = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if "type" not in schema and not loose:
        message = "Required value: must not be empty for specified object fields"
        yield Cause(f"{path}.type", message, "FieldValueRequired")
    if "type" in schema and schema["type"] not in TYPES:
        yield Cause(f"{path}.type", f'Unsupported value: "{schema["type"]}"', "FieldValueNotSupported")
    for name, inner in (schema.get("properties") or {}).items():
        yield from _schema_violations(inner, f"{path}.properties[{name}]")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from _schema_violations(schema[keyword], f"{path}.{keyword}")


def _unsupported(path: str) -> Cause:
    return Cause(path, "Forbidden: not supported by this API server", "FieldValueForbidden")
