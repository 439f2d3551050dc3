"""A container's environment variables, from values, ConfigMaps, Secrets and the pod itself."""

import base64
import re
from collections.abc import Mapping

from streamspace_sandbox.kubernetes.machinery.errors import ApiError
from streamspace_sandbox.kubernetes.machinery.objects import dig, namespace_of
from streamspace_sandbox.kubernetes.machinery.resources import CONFIGMAPS, SECRETS, Obj, Resource
from streamspace_sandbox.kubernetes.registry.store import Store

_REFERENCE = re.compile(r"\$(\$|\(([A-Za-z_][A-Za-z0-9_.-]*)\))")


class ConfigError(Exception):
    """The pod's description is not enough to make the container; the message names what is missing."""


class Environment:
    """The variables of the containers of one pod. `late` holds status fields that are not in the stored pod yet."""

    def __init__(self, store: Store, pod: Obj, late: Mapping[str, str]) -> None:
        self._store = store
        self._pod = pod
        self._late = late

    def of(self, container: Obj, image: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
        """The image's variables, then the cluster's `given`, then the container's own. Raises ConfigError."""
        variables = {**image, **given}
        for entry in container.get("env") or []:
            variables[entry["name"]] = self._value(entry, variables)
        return variables

    def _value(self, entry: Obj, variables: Mapping[str, str]) -> str:
        source = entry.get("valueFrom")
        if not source:
            return expand(entry.get("value") or "", variables)
        if reference := source.get("configMapKeyRef"):
            return self._key(CONFIGMAPS, reference)
        if reference := source.get("secretKeyRef"):
            return self._key(SECRETS, reference)
        if reference := source.get("fieldRef"):
            return self._field(reference["fieldPath"])
        raise ConfigError(f"the source of variable {entry['name']} is not supported")

    def _field(self, path: str) -> str:
        value = self._late.get(path) or dig(self._pod, path)
        if not isinstance(value, str):
            raise ConfigError(f"fieldPath {path!r} is not supported")
        return value

    def _key(self, resource: Resource, reference: Obj) -> str:
        try:
            source = self._store.get(resource, namespace_of(self._pod), reference["name"])
        except ApiError as error:
            raise ConfigError(error.message) from error
        value = (source.get("data") or {}).get(reference["key"])
        if value is None:
            name = f"{namespace_of(self._pod)}/{reference['name']}"
            raise ConfigError(f"couldn't find key {reference['key']} in {resource.kind} {name}")
        return base64.b64decode(value).decode() if resource == SECRETS else str(value)


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by its value where there is one; `$$` stands for `$`."""

    def replaced(match: re.Match[str]) -> str:
        return "$" if match[1] == "$" else variables.get(match[2], match[0])

    return _REFERENCE.sub(replaced, text)
