"""A container's environment variables, from values, ConfigMaps, Secrets and the pod itself."""

import base64
import re
from collections.abc import Mapping

from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.objects import namespace_of
from streamspace_sandbox.kubernetes.machinery.quantities import parse_quantity
from streamspace_sandbox.kubernetes.machinery.resources import CONFIGMAPS, SECRETS, Obj, Resource
from streamspace_sandbox.kubernetes.registry.store import Store

_REFERENCE = re.compile(r"\$(\$|\(([A-Za-z_][A-Za-z0-9_.-]*)\))")
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")


class ConfigError(Exception):
    """The container cannot be made from what its pod says; the message names what is missing."""


class Environment:
    """Resolves the environment of the containers of one pod. `late` holds status fields not yet in the stored pod."""

    def __init__(self, store: Store, pod: Obj, late: Mapping[str, str]) -> None:
        self._store = store
        self._pod = pod
        self._late = late

    def of(self, container: Obj, image: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
        """The image's variables, then the cluster's `given`, then the container's own. Raises ConfigError."""
        variables = {**image, **given}
        for source in container.get("envFrom") or []:
            variables |= self._all_of(source)
        for entry in container.get("env") or []:
            value = self._value(entry, variables, container)
            if value is not None:
                variables[entry["name"]] = value
        return variables

    def _value(self, entry: Obj, variables: Mapping[str, str], container: Obj) -> str | None:
        source = entry.get("valueFrom")
        if not source:
            return expand(entry.get("value") or "", variables)
        if reference := source.get("configMapKeyRef"):
            return self._key(CONFIGMAPS, reference)
        if reference := source.get("secretKeyRef"):
            return self._key(SECRETS, reference)
        if reference := source.get("resourceFieldRef"):
            return self._resource(reference, container)
        return self.field(source["fieldRef"]["fieldPath"])

    def field(self, path: str) -> str:
        """A field of the pod, as the downward API names it. Raises ConfigError."""
        if found := _SUBSCRIPT.fullmatch(path):
            return str((self._pod["metadata"].get(found[1]) or {}).get(found[2], ""))
        if path in self._late:
            return self._late[path]
        value: object = self._pod
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is None or isinstance(value, dict | list):
            raise ConfigError(f"fieldPath {path!r} is not supported")
        return str(value)

    def _resource(self, reference: Obj, container: Obj) -> str:
        kind, _, name = reference["resource"].partition(".")
        amount = ((container.get("resources") or {}).get(kind) or {}).get(name, "0")
        divisor = parse_quantity(reference.get("divisor") or "1") or 1
        return str(int(-(-parse_quantity(amount) // divisor)))

    def _key(self, resource: Resource, reference: Obj) -> str | None:
        data = self._data(resource, reference["name"], optional=bool(reference.get("optional")))
        if data is None or (reference["key"] not in data and reference.get("optional")):
            return None
        if reference["key"] not in data:
            name = f"{namespace_of(self._pod)}/{reference['name']}"
            raise ConfigError(f"couldn't find key {reference['key']} in {resource.kind} {name}")
        return data[reference["key"]].decode()

    def _all_of(self, source: Obj) -> dict[str, str]:
        resource, reference = (
            (CONFIGMAPS, source.get("configMapRef")) if source.get("configMapRef") else (SECRETS, None)
        )
        reference = reference or source["secretRef"]
        data = self._data(resource, reference["name"], optional=bool(reference.get("optional"))) or {}
        return {f"{source.get('prefix') or ''}{key}": value.decode() for key, value in data.items()}

    def _data(self, resource: Resource, name: str, *, optional: bool) -> dict[str, bytes] | None:
        try:
            return data_of(self._store.get(resource, namespace_of(self._pod), name))
        except ApiError as error:
            if optional:
                return None
            raise ConfigError(error.message) from error


def data_of(obj: Obj) -> dict[str, bytes]:
    """What a ConfigMap or Secret holds, decoded."""
    if obj["kind"] == "Secret":
        return {key: base64.b64decode(value) for key, value in (obj.get("data") or {}).items()}
    plain = {key: str(value).encode() for key, value in (obj.get("data") or {}).items()}
    return plain | {key: base64.b64decode(value) for key, value in (obj.get("binaryData") or {}).items()}


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by its value where there is one; `$$` stands for `$`."""

    def replaced(found: re.Match[str]) -> str:
        return "$" if found[1] == "$" else variables.get(found[2], found[0])

    return _REFERENCE.sub(replaced, text)
